//! Rules on the seams of the core: where it reads the time, and where it gets locks and atomics.

use crate::tidy::Finding;
use crate::tidy::tokens::{Token, find, without_tests};
use crate::tidy::tree::{SourceFile, Tree};

const CORE: &str = "rem-core/src/";
const CLOCK: &str = "rem-core/src/clock.rs";
const SYNC: &str = "rem-core/src/sync.rs";

/// What reads the wall clock without asking the bus for its own.
const NOW: &[&str] = &["SystemTime : : now", "Uuid : : now_v7"];

/// What threads share, and loom and shuttle must see. `Arc` and the once-cells are not among it: loom's do not
/// unsize, and a cell written once has no order to get wrong.
const SHARED: &[&str] = &["Mutex", "RwLock", "Condvar", "Barrier", "atomic", "mpsc"];

/// What reads the time that limits are kept by, which under shuttle is not the system's.
const LIMIT: &str = "Instant : : now";

/// What lends a local to a thread while user code runs, and so other threads, of which shuttle's are all one of the system's.
const LENT: &str = "scoped_tls";

/// Files with a lock or an atomic that loom and shuttle need not see, each with the reason.
const OWN: &[(&str, &str)] = &[
    ("rem-core/src/clock.rs", "the clock of a test, on which no protocol of the bus hangs"),
    ("rem-core/src/event/head.rs", "a number written before the event is shared"),
    (
        "rem-core/src/event/id.rs",
        "the counter of fixed ids: it hands out numbers and orders nothing",
    ),
    (
        "rem-core/src/loom.rs",
        "what came of interleavings, kept from one to the next, which loom must not see",
    ),
    ("rem-core/src/route/tally.rs", "counts, on which no protocol of the bus hangs"),
    ("rem-core/src/event/view.rs", "a cell of one event, which no protocol of the bus reads"),
    (
        "rem-core/src/testing/interleave/free.rs",
        "what the threads of a test tell to the one that runs it, where no scheduler is",
    ),
    (
        "rem-core/src/testing/interleave/sync.rs",
        "what users' tests lock: there the standard library's, here shuttle's",
    ),
];

/// The wall clock is read in `clock.rs`, and below it, alone, so that a test can turn it by hand.
pub(crate) fn clock(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, tokens) in core(tree, CLOCK) {
        for at in NOW.iter().flat_map(|now| find(&tokens, now)) {
            let text = "reads the wall clock past the bus's own; ask `Clock::now`";
            findings.push(Finding::new(&file.path, tokens[at].line, text));
        }
    }
    findings
}

/// Locks, atomics and the time of limits come from `sync.rs`, which gives those of loom under `cfg(rem_loom)`, and of shuttle
/// under `cfg(rem_shuttle)`.
pub(crate) fn sync(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, tokens) in core(tree, SYNC) {
        let found: Vec<_> = hidden(&tokens).collect();
        if !OWN.iter().any(|(path, _)| *path == file.path) {
            findings.extend(found.iter().map(|token| {
                let text = "of std is hidden from loom and shuttle; take it from crate::sync";
                Finding::new(&file.path, token.line, format!("`{}` {text}", token.text))
            }));
        } else if found.is_empty() {
            let text =
                "listed in xtask/src/tidy/seams.rs for what it has not; take it off the list";
            findings.push(Finding::new(&file.path, 0, text));
        }
        for at in find(&tokens, LIMIT) {
            let text = "is not shuttle's time, by which a limit comes; ask `crate::sync::now`";
            let text = format!("`Instant::now` {text}");
            findings.push(Finding::new(&file.path, tokens[at].line, text));
        }
        for at in find(&tokens, LENT) {
            let text = "`scoped_tls` is one for all of shuttle's threads; take it from crate::sync";
            findings.push(Finding::new(&file.path, tokens[at].line, text));
        }
    }
    findings
}

/// What is taken from the standard library that loom and shuttle would have to see.
fn hidden(tokens: &[Token]) -> impl Iterator<Item = &Token> {
    let paths = find(tokens, "std : : sync");
    paths.filter_map(|at| path_below(&tokens[at + 4..]).find(|token| is_shared(token)))
}

/// The code of the core but for tests and for the file that is the seam, with what stands below it.
fn core<'a>(tree: &'a Tree, seam: &'a str) -> impl Iterator<Item = (&'a SourceFile, Vec<Token>)> {
    let below = seam.trim_end_matches(".rs").to_owned() + "/";
    let is_seam = move |path: &str| path == seam || path.starts_with(&below);
    let files = tree
        .rust()
        .filter(move |file| file.path.starts_with(CORE) && !is_seam(&file.path) && !file.is_test());
    files.map(|file| (file, without_tests(file.tokens().unwrap_or_default())))
}

/// The rest of a path or of a tree of imports.
fn path_below(tokens: &[Token]) -> impl Iterator<Item = &Token> {
    let in_path = |token: &&Token| {
        let word = token.text.starts_with(|c: char| c.is_alphabetic() || c == '_');
        word || matches!(token.text.as_str(), ":" | "{" | "}" | "," | "*")
    };
    tokens.iter().take_while(in_path)
}

fn is_shared(token: &Token) -> bool {
    SHARED.contains(&token.text.as_str())
}
