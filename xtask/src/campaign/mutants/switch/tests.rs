//! Texts with switches, as they come out.

use super::*;
use crate::campaign::mutants::list::tests::listed;

/// What becomes of a text when these are put behind switches: rows of place, genre and replacement.
fn switch(text: &str, rows: &[(usize, usize, &str, &str)]) -> Switched {
    let names: Vec<_> = (0..rows.len()).map(|at| format!("mutant {at}")).collect();
    let rows: Vec<_> = rows
        .iter()
        .zip(&names)
        .map(|((line, column, genre, replacement), name)| {
            ("a.rs", [*line, *column, *line, *column + 1], name.as_str(), *replacement, *genre)
        })
        .collect();
    let mutants = listed(&rows);
    switched(text, &mutants.iter().enumerate().collect::<Vec<_>>()).unwrap()
}

fn on(number: usize) -> String {
    format!("crate::rem_mutants::on({number})")
}

#[test]
fn a_body_an_operator_a_guard_and_an_arm_stand_beside_what_they_change() {
    let (zero, not) = (on(0), format!("!{}", on(0)));
    for (text, row, wanted) in [
        (
            "fn f() -> u8 { 1 }",
            (1, 16, "FnValue", "0"),
            format!("fn f() -> u8 {{ if {zero} {{ return 0; }} 1 }}"),
        ),
        (
            "fn f() { a += b; }",
            (1, 12, "BinaryOperator", "-="),
            format!("fn f() {{ (if {zero} {{ a -= b }} else {{ a += b }}); }}"),
        ),
        (
            "fn f() { g(!h); }",
            (1, 12, "UnaryOperator", ""),
            format!("fn f() {{ g((if {zero} {{ h }} else {{ !h }})); }}"),
        ),
        (
            "fn f() { match x { 1 => 2, _ => 3 } }",
            (1, 20, "MatchArm", ""),
            format!("fn f() {{ match x {{ 1 if {not} => 2, _ => 3 }} }}"),
        ),
        (
            "fn f() { match x { n if n > 1 => 2, _ => 3 } }",
            (1, 25, "MatchArmGuard", "true"),
            format!(
                "fn f() {{ match x {{ n if (if {zero} {{ true }} else {{ n > 1 }}) => 2, _ => 3 }} }}"
            ),
        ),
    ] {
        let found = switch(text, &[row]);
        assert_eq!(found.text, wanted);
        assert!(found.left.is_empty(), "{found:?}");
    }
}

#[test]
fn switches_stand_in_one_another_and_two_at_one_place() {
    let text = "fn f() -> bool { a == b && c }";
    let found = switch(
        text,
        &[
            (1, 20, "BinaryOperator", "!="),
            (1, 25, "BinaryOperator", "||"),
            (1, 18, "FnValue", "true"),
            (1, 18, "FnValue", "false"),
        ],
    );
    let [equal, and, one, other] = [0, 1, 2, 3].map(on);
    assert_eq!(
        found.text,
        format!(
            "fn f() -> bool {{ if {one} {{ return true; }} if {other} {{ return false; }} \
             (if {and} {{ a == b || c }} else {{ (if {equal} {{ a != b }} else {{ a == b }}) && c }}) }}"
        )
    );
    syn::parse_file(&found.text).unwrap();
    let place = |number| found.places.iter().find(|(found, _)| *found == number).unwrap().1.clone();
    let outer = place(1);
    let inner = place(0);
    assert!(outer.start < inner.start && inner.end < outer.end, "{:?}", found.places);
    assert!(found.text[inner].starts_with("(if") && found.text[place(2)].ends_with("} "));
}

/// What the compiler runs, conditions that bind names, and what has no form of its own.
#[test]
fn what_cannot_stand_behind_a_switch_is_left() {
    for (text, row) in [
        ("const fn f() -> u8 { 1 }", (1, 22, "FnValue", "0")),
        ("fn f() -> impl Copy { 1 }", (1, 23, "FnValue", "0")),
        ("const A: u8 = 1 + 2;", (1, 17, "BinaryOperator", "-")),
        ("fn f() { let a = [0; 1 + 2]; static B: u8 = 1 + 2; }", (1, 47, "BinaryOperator", "-")),
        ("fn f() { if let Some(a) = b && c {} }", (1, 29, "BinaryOperator", "||")),
        ("fn f() { A { b: 1, ..c } }", (1, 14, "StructField", "")),
        ("fn f() { 1 }", (7, 7, "FnValue", "0")),
    ] {
        let found = switch(text, &[row]);
        assert_eq!((found.text.as_str(), found.left), (text, vec![0]));
    }
}

/// The module is Rust, names what this file does, and has room for a sample.
#[test]
fn the_module_that_asks_is_rust() {
    syn::parse_file(MODULE).unwrap();
    for name in [ON, REACHED] {
        assert!(MODULE.contains(&format!("\"{name}\"")));
    }
    const { assert!(crate::campaign::mutants::DRAWN < 4_096) };
}
