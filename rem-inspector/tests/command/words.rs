//! What needs neither a journal nor a program: patterns, help, completions.

use serde_json::json;

use super::rem;

#[test]
fn a_match_says_why() {
    let said = rem(&["match", "order.{id}.paid", "order.42.paid"]);
    assert_eq!((said.code, said.out.as_str()), (0, "order.42.paid: selected: id = `42`\n"));
    let said = rem(&["match", "order.*.paid", "order.1.paid", "order.1.lost"]);
    assert_eq!(said.code, 1, "one of them is not");
    assert_eq!(
        said.out,
        "order.1.paid: selected\norder.1.lost: not selected: segment 3, `lost`, is not `paid`\n"
    );
    let value = rem(&["match", "order.{id}", "order.7", "--json"]).values().remove(0);
    assert_eq!(
        value,
        json!({
            "pattern": "order.{id}", "topic": "order.7", "selected": true, "why": "selected: id = `7`", "captures": { "id": "7" },
        })
    );
    assert_eq!(rem(&["match", "a", "a..b"]).code, 1);
}

#[test]
fn help_tells_the_codes_and_each_command_what_it_is_for() {
    let help = rem(&["--help"]).good();
    for code in [
        "  0  it is done",
        "  1  the answer is no",
        "  2  the command line",
        "  3  the journal",
        "  4  ",
        "  5  ",
    ] {
        assert!(help.contains(code), "{help}");
    }
    for command in [
        "match",
        "watch",
        "query",
        "stats",
        "replay",
        "export",
        "import",
        "publish",
        "catalogue",
        "verify",
        "completions",
    ] {
        assert!(help.contains(&format!("\n  {command} ")), "{command} in {help}");
        let own = rem(&[command, "--help"]).good();
        assert!(own.contains("Usage: rem"), "{own}");
        if command != "completions" {
            assert!(own.contains("--json"), "{command}: {own}");
        }
    }
}

#[test]
fn completions_are_written_for_each_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let written = rem(&["completions", shell]).good();
        assert!(written.contains("catalogue") && written.contains("group-by"), "{shell}");
    }
}
