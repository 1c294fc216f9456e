//! Rules on manifests: each dependency has its reason, versions and lints are those of the workspace.

use toml_edit::{DocumentMut, Item, Table, TableLike};

use crate::tidy::Finding;
use crate::tidy::tree::{SourceFile, Tree};

/// Every dependency from elsewhere says beside it, or above it, why it is there.
pub(crate) fn reasons(tree: &Tree) -> Vec<Finding> {
    let Some((file, root)) = tree.file("Cargo.toml").and_then(|file| Some((file, parsed(file)?)))
    else {
        return vec![Finding::new("Cargo.toml", 0, "it is missing or malformed")];
    };
    let shared = root.get("workspace").and_then(|workspace| workspace.get("dependencies"));
    let Some(shared) = shared.and_then(Item::as_table) else {
        return vec![Finding::new(&file.path, 0, "it has no [workspace.dependencies]")];
    };
    let ours = |item: &Item| item.as_table_like().is_some_and(|table| table.contains_key("path"));
    let silent = shared.iter().filter(|(name, item)| !ours(item) && !has_reason(shared, name));
    silent
        .map(|(name, _)| {
            let text = format!("`{name}` has no reason: `{name} = …  # what REM does with it`");
            Finding::new(&file.path, line_of(file, name), text)
        })
        .collect()
}

/// A comment behind the value or on the line above; a ruled line is a heading and no reason.
fn has_reason(table: &Table, name: &str) -> bool {
    let suffix = table.get(name).and_then(Item::as_value).and_then(|value| value.decor().suffix());
    let prefix = table.key(name).and_then(|key| key.leaf_decor().prefix());
    let comments = [suffix, prefix].into_iter().flatten().filter_map(|raw| raw.as_str());
    let mut lines = comments.flat_map(str::lines).map(str::trim);
    lines.any(|line| line.starts_with("# ") && !line.starts_with("# --"))
}

/// No member has versions or lints of its own.
pub(crate) fn shared(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.manifests() {
        let Some(manifest) = parsed(file) else {
            findings.push(Finding::new(&file.path, 0, "it is not TOML"));
            continue;
        };
        // A workspace of its own, as the fuzz targets are, cannot take over what this one shares.
        if file.path != "Cargo.toml" && manifest.contains_key("workspace") {
            continue;
        }
        let lints = manifest.get("lints").and_then(|lints| lints.get("workspace"));
        if lints.and_then(Item::as_bool) != Some(true) {
            let text = "the lints of the workspace are off here: `[lints]`, `workspace = true`";
            findings.push(Finding::new(&file.path, 0, text));
        }
        for (name, item) in dependencies(&manifest) {
            let inherits = item.get("workspace").and_then(Item::as_bool) == Some(true);
            if !inherits {
                let text =
                    format!("`{name}` has a version of its own; write `{name}.workspace = true`");
                findings.push(Finding::new(&file.path, line_of(file, &name), text));
            }
        }
    }
    findings
}

/// What a package depends on in any way, on any platform.
pub(super) fn dependencies(manifest: &DocumentMut) -> Vec<(String, Item)> {
    const KINDS: &[&str] = &["dependencies", "dev-dependencies", "build-dependencies"];
    let platforms = manifest.get("target").and_then(Item::as_table_like);
    let platforms = platforms.into_iter().flat_map(TableLike::iter).map(|(_, platform)| platform);
    let tables = std::iter::once(manifest.as_item()).chain(platforms);
    let kinds = tables.flat_map(|table| KINDS.iter().filter_map(|kind| table.get(kind)));
    let entries = kinds.filter_map(Item::as_table_like).flat_map(TableLike::iter);
    entries.map(|(name, item)| (name.to_owned(), item.clone())).collect()
}

fn parsed(file: &SourceFile) -> Option<DocumentMut> {
    file.text.parse().ok()
}

fn line_of(file: &SourceFile, name: &str) -> usize {
    file.lines().find(|(_, line)| line.starts_with(name)).map_or(0, |(number, _)| number)
}
