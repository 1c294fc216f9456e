//! Mistakes on the command line: with their code, and how to mend them.

use super::{folder, orders, rem, text};

#[test]
fn each_mistake_has_its_code_and_says_how_to_mend_it() {
    let (folder, path) = folder();
    orders(&path);
    let path = text(&path);
    let none = folder.path().join("none.rem");
    for (arguments, code, says) in [
        (&["query", path, "a..b"][..], 2, "at byte 2"),
        (&["query", path, "!a"], 2, "write first what they are taken from"),
        (&["query", path, "--since", "yesterday"], 2, "10m for ten minutes ago"),
        (&["query", path, "--story", "7"], 2, "UUID"),
        (&["query", path, "--first", "1", "--last", "1"], 2, "cannot be used with"),
        (&["query", path, "--csv"], 2, "--group-by"),
        (&["query", path, "--group-by", "size"], 2, "segment:1"),
        (&["query", path, "--group-by", "segment:x"], 2, "counted from 0"),
        (&["query", path, "--every", "soon"], 2, "5m"),
        (&["query", text(&none)], 3, "none.rem"),
        (&["verify", text(&none)], 3, "none.rem"),
        (&["watch", path], 2, "rem query"),
        (&["watch", "http://127.0.0.1:1"], 3, "is the program running"),
        (&["replay", path, "--speed", "0"], 2, "above 0"),
        (&["publish", "order.*", "{}", "--into", path], 2, "belong to patterns"),
        (&["publish", "order.paid", "{order}", "--into", path], 2, "no JSON"),
        (&["publish", "order.paid", "{}"], 2, "--into"),
        (&["import", text(&none), "--into", path], 3, "cannot be read"),
        (&["match", "a..b", "a"], 2, "at byte 2"),
        (&["mtch", "a", "a"], 2, "match"),
        (&[], 2, "Usage"),
    ] {
        let said = rem(arguments);
        assert_eq!(said.code, code, "{arguments:?}: {said:?}");
        assert!(said.err.contains(says), "{arguments:?}: {said:?}");
        assert_eq!(said.out, "", "what is wrong is no answer");
    }
    assert!(!none.exists(), "nothing was made for a mistake");
}

#[test]
fn a_pattern_that_is_none_is_drawn() {
    let said = rem(&["match", "order.>.paid", "order.paid"]);
    assert!(said.err.ends_with("  | order.>.paid\n  |       ^\n"), "{said:?}");
}
