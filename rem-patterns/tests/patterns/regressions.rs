//! What fuzzing found, replayed.

#[path = "../../../fuzz/checks/patterns.rs"]
mod checks;

use std::path::Path;

#[test]
fn what_fuzzing_found_stays_mended() {
    replay("pattern_parse", checks::pattern_parse);
    replay("tree_vs_naive", checks::tree_vs_naive);
    replay("algebra_vs_bruteforce", checks::algebra_vs_bruteforce);
    replay("topic_escape", checks::topic_escape);
}

fn replay(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/regressions").join(target);
    let mut inputs = 0;
    for file in
        std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
    {
        let path = file.expect("a file of the folder").path();
        let data = std::fs::read(&path).expect("a readable file");
        assert!(
            std::panic::catch_unwind(|| check(&data)).is_ok(),
            "{} fails again",
            path.display()
        );
        inputs += 1;
    }
    assert!(inputs > 0, "{target} has no regressions");
}
