//! The rule on promises: each that docs/promises.md makes names the tests that hold it, and each of these runs.
//!
//! A promise is an item of a list or a row of a table. It names a test as `file: function` in a code span. The other pages of the guide
//! may name tests too, and need not.

use crate::tidy::Finding;
use crate::tidy::tokens::find;
use crate::tidy::tree::{SourceFile, Test, Tree};

const DOCUMENT: &str = "docs/promises.md";
const FACADE: &str = "src/lib.rs";

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(document) = tree.file(DOCUMENT) else {
        return vec![Finding::new(DOCUMENT, 0, "it is missing: the promises stand there")];
    };
    let mut findings = Vec::new();
    let included = tree.file(FACADE).and_then(SourceFile::tokens).is_some_and(|tokens| {
        find(&tokens, "include_str ! ( \"../docs/promises.md\" )").next().is_some()
    });
    if !included {
        let text =
            "users do not find docs/promises.md: `#[doc = include_str!(…)] pub mod promises {}`";
        findings.push(Finding::new(FACADE, 0, text));
    }
    for (line, promise) in promises(document) {
        if named(&promise).is_empty() {
            let text = "a promise that no test holds; write `file: function` of one behind it";
            findings.push(Finding::new(DOCUMENT, line, text));
        }
    }
    let guide = |file: &&SourceFile| file.path.starts_with("docs/") && file.has_extension("md");
    for page in tree.files().iter().filter(guide) {
        for (line, text) in page.lines() {
            findings.extend(named(text).into_iter().filter_map(|(path, name)| {
                let why = hollow(tree, path, name)?;
                Some(Finding::new(&page.path, line, format!("`{path}: {name}` {why}")))
            }));
        }
    }
    for (line, text) in document.lines() {
        findings.extend(spans(text).filter(|span| is_cut(span)).map(|span| {
            Finding::new(DOCUMENT, line, format!("`{span}` is no test: write `file.rs: function`"))
        }));
    }
    findings
}

/// What is wrong with a test that is named.
fn hollow(tree: &Tree, path: &str, name: &str) -> Option<&'static str> {
    match tree.file(path).map(|file| file.test(name)) {
        None => Some("is in no file of the tree"),
        Some(None) => Some("does not exist as a test there"),
        Some(Some(Test::Ignored)) => Some("is ignored, and so holds nothing"),
        Some(Some(Test::Runs)) => None,
    }
}

/// The items of lists and the rows of tables, each on one line, with that on which it begins.
fn promises(document: &SourceFile) -> Vec<(usize, String)> {
    let mut promises: Vec<(usize, String)> = Vec::new();
    let (mut code, mut within, mut table) = (false, false, false);
    for (number, line) in document.lines() {
        let text = line.trim();
        if text.starts_with("```") {
            code = !code;
        }
        let begins = !code && is_item(text);
        if text.is_empty() || text.starts_with('#') || code {
            (within, table) = (false, false);
        } else if begins {
            (within, table) = (true, false);
            promises.push((number, text.to_owned()));
        } else if text.starts_with('|') {
            // The first row is the head, and the one below it a line.
            let row = table && !text.starts_with("|-") && !text.starts_with("| -");
            (within, table) = (false, true);
            if row {
                promises.push((number, text.to_owned()));
            }
        } else if let (true, Some((_, promise))) = (within, promises.last_mut()) {
            promise.push(' ');
            promise.push_str(text);
        }
    }
    promises
}

fn is_item(text: &str) -> bool {
    let numbered = text.trim_start_matches(|first: char| first.is_ascii_digit());
    let bullet = ["- ", "* ", "+ "].iter().any(|bullet| text.starts_with(bullet));
    bullet || (numbered.len() < text.len() && numbered.starts_with(". "))
}

/// The tests that a text names: files and functions.
fn named(text: &str) -> Vec<(&str, &str)> {
    let tests = spans(text).filter_map(|span| span.split_once(": "));
    tests.filter(|(path, _)| is_path(path)).collect()
}

/// Whether a code span is half a test: a file without its function.
fn is_cut(span: &str) -> bool {
    is_path(span) || span.strip_suffix(':').is_some_and(is_path)
}

fn is_path(text: &str) -> bool {
    text.strip_suffix(".rs").is_some_and(|path| {
        path.contains('/') && !path.contains(|other: char| other.is_whitespace())
    })
}

/// What stands between backticks. A code span of the document does not go over a line's end.
fn spans(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_and_rows_are_promises_and_prose_is_none() {
        let text = "# A\nProse.\n- one\n  goes on\n- two\n\n1. three\n\n| a | b |\n| --- | --- |\n| four | x |\n\n```\n- code\n```\nEnd - of it.\n";
        let document = SourceFile { path: String::new(), text: text.to_owned() };
        let found = promises(&document);
        let lines: Vec<_> = found.iter().map(|(line, text)| (*line, text.as_str())).collect();
        let expected = [(3, "- one goes on"), (5, "- two"), (7, "1. three"), (11, "| four | x |")];
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_page_of_the_guide_names_tests_that_run() {
        let promises = ("docs/promises.md", "# P\n\n- One. `a/b.rs: runs`\n");
        let facade = (
            "src/lib.rs",
            "//! A.\n#[doc = include_str!(\"../docs/promises.md\")]\npub mod promises {}\n",
        );
        let tests = ("a/b.rs", "//! B.\n#[test]\nfn runs() {}\nfn is_none() {}\n");
        let found = |page: &str| {
            let tree = Tree::of(&[promises, facade, tests, ("docs/a.md", page)], Vec::new());
            check(&tree).into_iter().map(|finding| finding.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(found("No test at all, and `a/b.rs` as a file.\n"), [""; 0]);
        assert_eq!(found("**It holds.** `a/b.rs: runs`\n"), [""; 0]);
        let wrong = found("One.\n`a/b.rs: is_none` and `a/c.rs: runs`\n");
        assert_eq!(wrong.len(), 2, "{wrong:?}");
        assert!(wrong[0].contains("docs/a.md:2") && wrong[0].contains("is_none"), "{wrong:?}");
    }

    #[test]
    fn a_test_is_a_file_and_a_function() {
        let text = "Held by `a/b.rs: c`, `d: e` and `f/g.rs: h`; `i`.";
        assert_eq!(named(text), [("a/b.rs", "c"), ("f/g.rs", "h")]);
        assert!(is_cut("a/b.rs") && is_cut("a/b.rs:") && !is_cut("a/b.rs: c") && !is_cut("x"));
    }
}
