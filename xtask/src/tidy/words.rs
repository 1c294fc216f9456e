//! The rule on words: the project speaks of itself, to people who know nothing of how it was made.

use crate::tidy::Finding;
use crate::tidy::tree::Tree;

/// What does not belong in a public repository, in lower case, and why.
const REFUSED: &[(&str, &str)] = &[
    ("todo:", "work not done belongs in the tracker"),
    ("fixme", "work not done belongs in the tracker"),
    ("xxx", "work not done belongs in the tracker"),
    ("hack:", "say what the code does and why it must"),
    ("/home/", "a path on one machine"),
    ("/root/", "a path on one machine"),
    ("/work/", "a path on one machine"),
    ("/users/", "a path on one machine"),
    ("shared/", "a path on one machine"),
    ("ai-generated", "who wrote it matters to nobody who reads it"),
    ("language model", "who wrote it matters to nobody who reads it"),
    ("ai assistant", "who wrote it matters to nobody who reads it"),
    ("as requested", "nobody who reads it knows the request"),
    ("as discussed", "nobody who reads it knows the discussion"),
    ("this session", "nobody who reads it was there"),
    ("the brief", "nobody who reads it knows it"),
    ("registry.internal", "a host that the public cannot reach"),
    ("artifactory", "a host that the public cannot reach"),
];

/// Here the words stand as examples of what is refused.
const EXEMPT: &[&str] = &["xtask/src/tidy/words.rs", "xtask/src/tidy/tests.rs"];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files().iter().filter(|file| !EXEMPT.contains(&file.path.as_str())) {
        for (number, line) in file.lines() {
            let lower = line.to_lowercase();
            for (word, reason) in REFUSED.iter().filter(|(word, _)| has_word(&lower, word)) {
                let text = format!("`{word}`: {reason}; say it without");
                findings.push(Finding::new(&file.path, number, text));
            }
            if cites_by_number(&lower) {
                let text = "a number in a tracker; give the fact, or the whole address";
                findings.push(Finding::new(&file.path, number, text));
            }
        }
    }
    findings
}

/// Whether the word stands there and is not the end of a longer one.
fn has_word(line: &str, word: &str) -> bool {
    let letter = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !(word.starts_with(letter) && before.is_some_and(letter))
    })
}

/// `issue 12`, `issue #12`, `pr #12`: means nothing outside the tracker that numbers them.
fn cites_by_number(line: &str) -> bool {
    ["issue ", "issues ", "pr ", "pull request "].iter().any(|word| {
        line.match_indices(word).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            let after = line[at + word.len()..].trim_start_matches('#');
            !before.is_some_and(char::is_alphanumeric)
                && after.starts_with(|c: char| c.is_ascii_digit())
        })
    })
}
