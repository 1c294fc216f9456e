//! The program `16_analysis`: its tables, and the file that it leaves.

use std::fs;
use std::process::Command;

use crate::said;

#[test]
fn it_says_what_the_flights_add_up_to_and_leaves_a_file() {
    let folder = env!("CARGO_TARGET_TMPDIR");
    let mut command = Command::new(env!("CARGO_BIN_EXE_16_analysis"));
    let out = said(command.env("TMPDIR", folder).env("TMP", folder));
    let (tables, path) = out.split_once("as a file of Parquet: ").unwrap();
    assert_eq!(tables, include_str!("analysis.txt"), "{out}");
    let file = fs::read(path.trim()).unwrap();
    fs::remove_file(path.trim()).unwrap();
    assert_eq!((&file[..4], &file[file.len() - 4..]), (&b"PAR1"[..], &b"PAR1"[..]));
}
