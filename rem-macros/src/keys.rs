//! The keys of `#[event(…)]`, and which of them a mistyped one was meant to be.

pub(crate) const ALIAS: &str = "alias";
pub(crate) const CRATE: &str = "crate";
pub(crate) const GROUP: &str = "group";
pub(crate) const KEY: &str = "key";
pub(crate) const LOCAL: &str = "local";
pub(crate) const NAME: &str = "name";
pub(crate) const NAMESPACE: &str = "namespace";
pub(crate) const NESTED: &str = "nested";
pub(crate) const OTHER: &str = "other";
pub(crate) const REDACT: &str = "redact";
pub(crate) const RENAME_ALL: &str = "rename_all";
pub(crate) const SKIP: &str = "skip";
pub(crate) const TOPIC: &str = "topic";
pub(crate) const UPCAST: &str = "upcast";
pub(crate) const VERSION: &str = "version";

/// What may stand above an enum.
pub(crate) const ON_ENUM: &[&str] = &[NAMESPACE, RENAME_ALL, GROUP, LOCAL, CRATE];
/// What may stand above a struct, which is type and event at once.
pub(crate) const ON_STRUCT: &[&str] =
    &[NAMESPACE, NAME, TOPIC, ALIAS, VERSION, UPCAST, RENAME_ALL, LOCAL, CRATE];
/// What may stand above a variant.
pub(crate) const ON_VARIANT: &[&str] = &[NAME, TOPIC, ALIAS, VERSION, UPCAST, NESTED, OTHER, SKIP];
/// What may stand above a field.
pub(crate) const ON_FIELD: &[&str] = &[KEY, REDACT];

/// The candidate that `word` was most likely meant to be, if one is near enough to be offered.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|&(distance, candidate)| distance <= candidate.chars().count().max(3) / 3)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// "`a`, `b` and `c`", to name what would be right.
pub(crate) fn list<'a, W: IntoIterator<Item = &'a str>>(words: W) -> String {
    let mut quoted: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match quoted.pop() {
        Some(last) if quoted.is_empty() => last,
        Some(last) => format!("{} and {last}", quoted.join(", ")),
        None => "nothing".to_owned(),
    }
}

/// The fewest letters to insert, delete, replace or swap with their neighbour to turn one word into the other.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    // Three rows of the usual table: the one before the last is for swaps.
    let mut older: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (row, &a) in from.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, &b) in to.iter().enumerate() {
            let replaced = last[column] + usize::from(a != b);
            let mut best = replaced.min(last[column + 1] + 1).min(current[column] + 1);
            if row > 0 && column > 0 && a == to[column - 1] && from[row - 1] == b {
                best = best.min(older[column - 1] + 1);
            }
            current.push(best);
        }
        older = std::mem::replace(&mut last, current);
    }
    last[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_key() {
        for (typed, meant) in [
            ("namspace", Some(NAMESPACE)),
            ("name_space", Some(NAMESPACE)),
            ("renameall", Some(RENAME_ALL)),
            ("rename-all", Some(RENAME_ALL)),
            ("loacl", Some(LOCAL)),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, ON_ENUM.iter().copied()), meant, "{typed}");
        }
    }

    #[test]
    fn distances_are_those_of_damerau() {
        for (from, to, expected) in
            [("", "", 0), ("a", "", 1), ("ab", "ba", 1), ("kitten", "sitting", 3), ("ca", "abc", 3)]
        {
            assert_eq!(distance(from, to), expected, "{from} → {to}");
            assert_eq!(distance(to, from), expected, "{to} → {from}");
        }
    }

    #[test]
    fn lists_read_as_english() {
        assert_eq!(list([]), "nothing");
        assert_eq!(list(["a"]), "`a`");
        assert_eq!(list(["a", "b", "c"]), "`a`, `b` and `c`");
    }
}
