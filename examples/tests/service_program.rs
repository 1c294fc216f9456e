//! The program `15_service` as its reader meets it: every line that it says, in every run.

use std::process::Command;

#[test]
fn it_says_the_same_in_every_run() {
    for run in 0..8 {
        let output = Command::new(env!("CARGO_BIN_EXE_15_service")).output().unwrap();
        let (out, err) =
            (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert!(output.status.success(), "run {run}: {out}{err}");
        assert_eq!(out, include_str!("service_program.txt"), "run {run}");
        assert_eq!(err, "", "run {run}");
    }
}
