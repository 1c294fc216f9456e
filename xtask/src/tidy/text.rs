//! Rules on the text of a file: its first line, its length, its white space, its name.

use crate::tidy::Finding;
use crate::tidy::tree::Tree;

/// Lines above which a file is asked to be split, and above which it is refused.
const LONG: usize = 450;
const TOO_LONG: usize = 700;

/// Every Rust file says in its first line what it is for.
pub(crate) fn header(tree: &Tree) -> Vec<Finding> {
    let silent = tree.rust().filter(|file| !file.text.starts_with("//! "));
    let text = "the first line must be `//! ` and a sentence on what the file is for";
    silent.map(|file| Finding::new(&file.path, 1, text)).collect()
}

/// One idea a file: a long one holds two.
pub(crate) fn size(tree: &Tree) -> Vec<Finding> {
    let sized = tree.rust().filter_map(|file| {
        let lines = file.text.lines().count();
        let finding = |limit| {
            let text =
                format!("{lines} lines, more than {limit}: split it where its second idea begins");
            Finding::new(&file.path, 0, text)
        };
        match lines {
            TOO_LONG.. if lines > TOO_LONG => Some(finding(TOO_LONG)),
            LONG.. if lines > LONG => Some(finding(LONG).warning()),
            _ => None,
        }
    });
    sized.collect()
}

/// No tab, no trailing white space, no carriage return, and a line feed at the end.
pub(crate) fn white_space(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files() {
        for (number, line) in file.lines() {
            if line.ends_with(char::is_whitespace) {
                findings.push(Finding::new(
                    &file.path,
                    number,
                    "white space at the end of the line",
                ));
            }
            if line.contains('\t') {
                findings.push(Finding::new(&file.path, number, "a tab; indent with spaces"));
            }
        }
        if !file.text.ends_with('\n') {
            findings.push(Finding::new(&file.path, 0, "no line feed at the end of the file"));
        }
    }
    findings
}

/// `foo.rs` beside `foo/`, so that no two tabs of an editor bear one name.
pub(crate) fn mod_rs(tree: &Tree) -> Vec<Finding> {
    let found = tree.rust().filter_map(|file| Some((file, file.path.strip_suffix("/mod.rs")?)));
    found
        .map(|(file, module)| Finding::new(&file.path, 0, format!("rename it to {module}.rs")))
        .collect()
}
