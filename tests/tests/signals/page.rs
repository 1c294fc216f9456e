//! The page for those who come from Blinker: each row of its table names a test that is there.

use std::fs;
use std::path::Path;

#[test]
fn each_row_of_the_page_names_a_test() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(here.join("../docs/coming-from-blinker.md")).unwrap();
    let rows: Vec<_> = page.lines().filter(|line| line.starts_with("| ")).skip(2).collect();
    assert!(rows.len() > 30, "{rows:?}");
    for row in rows {
        let last = row.trim_end_matches(" |").rsplit("| ").next().unwrap();
        let named = last.strip_prefix('`').and_then(|test| test.strip_suffix('`'));
        let (file, name) = named.and_then(|test| test.split_once(": ")).expect(row);
        let text = fs::read_to_string(here.join("..").join(file)).expect(row);
        assert!(text.contains(&format!("#[test]\nfn {name}() {{")), "no test `{name}`: {row}");
    }
}
