//! What fuzzing found, replayed.

#[path = "../../../fuzz/checks/wire.rs"]
mod wire;

use std::path::Path;

#[test]
fn what_fuzzing_found_stays_mended() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/regressions/wire_decode");
    let mut inputs = 0;
    for file in std::fs::read_dir(&folder).unwrap() {
        let path = file.unwrap().path();
        let data = std::fs::read(&path).unwrap();
        let read = std::panic::catch_unwind(|| wire::wire_decode(&data));
        let read = read.unwrap_or_else(|_| panic!("{} fails again", path.display()));
        assert!(read, "{} is not read any more, and so shows nothing", path.display());
        inputs += 1;
    }
    assert!(inputs > 0, "wire_decode has no regressions");
}
