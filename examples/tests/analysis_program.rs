//! The program `16_analysis` as its user meets it: its tables, and the file that it leaves.

use std::fs;
use std::process::Command;

#[test]
fn it_says_what_the_flights_add_up_to_and_leaves_a_file() {
    let folder = env!("CARGO_TARGET_TMPDIR");
    let mut command = Command::new(env!("CARGO_BIN_EXE_16_analysis"));
    let output = command.env("TMPDIR", folder).env("TMP", folder).output().unwrap();
    let (out, err) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{out}{err}");
    let (tables, path) = out.split_once("as a file of Parquet: ").unwrap();
    assert_eq!(tables, include_str!("analysis_program.txt"), "{out}");
    let file = fs::read(path.trim()).unwrap();
    fs::remove_file(path.trim()).unwrap();
    assert_eq!((&file[..4], &file[file.len() - 4..]), (&b"PAR1"[..], &b"PAR1"[..]));
}
