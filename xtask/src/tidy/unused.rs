//! The rule on dependencies that nothing uses: each is built by everybody who builds the package.

use toml_edit::{DocumentMut, Item, TableLike};

use crate::tidy::Finding;
use crate::tidy::manifests::dependencies;
use crate::tidy::tree::{SourceFile, Tree};

/// Packages whose library has another name.
const LIBRARIES: &[(&str, &str)] = &[("rem-bus", "rem"), ("quill-pubsub", "quill")];

/// What code uses that is no Rust file of the package: manifest, dependency and where.
const ELSEWHERE: &[(&str, &str, &str)] =
    &[("tests/Cargo.toml", "redb", "rem-journal/tests/store/disk.rs")];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let directory = |path: &str| path.rsplit_once('/').map_or("", |(above, _)| above).to_owned();
    let roots: Vec<_> = tree.manifests().map(|manifest| directory(&manifest.path)).collect();
    let mut findings = Vec::new();
    for manifest in tree.manifests() {
        let Ok(parsed) = manifest.text.parse::<DocumentMut>() else { continue };
        let own = directory(&manifest.path);
        // A file is of the nearest manifest above it.
        let is_own = |path: &str| {
            let above = roots.iter().filter(|root| lies_below(path, root));
            above.max_by_key(|root| root.len()).is_some_and(|root| *root == own)
        };
        // The guides are in the facade's docs, and their code is tested with it.
        let is_code = |file: &SourceFile| {
            file.has_extension("rs") || own.is_empty() && file.has_extension("md")
        };
        let files = tree.files().iter().filter(|file| is_code(file) && is_own(&file.path));
        let files: Vec<_> = files.collect();
        for (name, _) in dependencies(&parsed) {
            let elsewhere = ELSEWHERE
                .iter()
                .find(|(of, dependency, _)| *of == manifest.path && *dependency == name);
            let used = match elsewhere {
                Some((.., path)) => tree.file(path).is_some_and(|file| names(&file.text, &name)),
                None => files.iter().any(|file| names(&file.text, &name)),
            };
            if !used && !has_feature_of(&parsed, &name) {
                let text = format!("`{name}` is used by no file of the package; take it out");
                findings.push(Finding::new(&manifest.path, 0, text));
            }
        }
    }
    findings
}

fn lies_below(path: &str, directory: &str) -> bool {
    directory.is_empty() || path.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether a text has a path into a crate, or brings it into scope. In a comment it may have either, for examples stand there.
fn names(text: &str, package: &str) -> bool {
    let other = LIBRARIES.iter().find(|(name, _)| *name == package);
    let name =
        other.map_or_else(|| package.replace('-', "_"), |(_, library)| (*library).to_owned());
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(&name).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + name.len()..]);
        let brings = before.ends_with("use ") || before.ends_with("extern crate ");
        let whole = !before.ends_with(is_word) && !after.starts_with(is_word);
        whole && (after.starts_with("::") || brings)
    })
}

/// Whether a feature asks for one of it: then it is there for that.
fn has_feature_of(manifest: &DocumentMut, name: &str) -> bool {
    let features = manifest.get("features").and_then(Item::as_table_like);
    let features = features.into_iter().flat_map(TableLike::iter);
    let mut asked = features.filter_map(|(_, asked)| asked.as_array()).flatten();
    asked.any(|asked| asked.as_str().is_some_and(|asked| asked.starts_with(&format!("{name}/"))))
}
