//! What fuzzing found, replayed.

#[path = "../../../fuzz/checks/files.rs"]
mod files;
#[path = "../../../fuzz/checks/wire.rs"]
mod wire;

use std::path::Path;

/// The inputs of a target, each of which its check reads and so shows something.
fn replay(target: &str, check: fn(&[u8]) -> bool) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/regressions").join(target);
    let mut inputs = 0;
    for file in std::fs::read_dir(&folder).unwrap() {
        let path = file.unwrap().path();
        let data = std::fs::read(&path).unwrap();
        let read = std::panic::catch_unwind(|| check(&data));
        let read = read.unwrap_or_else(|_| panic!("{} fails again", path.display()));
        assert!(read, "{} is not read any more, and so shows nothing", path.display());
        inputs += 1;
    }
    assert!(inputs > 0, "{target} has no regressions");
}

#[test]
fn what_fuzzing_found_stays_mended() {
    replay("wire_decode", wire::wire_decode);
    replay("import_lines", files::import_lines);
}
