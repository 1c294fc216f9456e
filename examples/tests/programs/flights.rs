//! The program `flights`: what it says, where, and how it ends.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use crate::text;

fn flights(arguments: &[&str], folder: &str) -> (Output, PathBuf) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(folder);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_flights"));
    let output = command.args(arguments).current_dir(&folder).output().unwrap();
    (output, folder)
}

#[test]
fn it_ends_well_and_says_where_the_plot_is() {
    let (output, folder) = flights(&["--limit", "3000"], "well");
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    assert_eq!(err, "", "no progress bar where nobody watches");
    for part in ["United", "6:00 ", "cancellations at EWR", "3,000 rows read", "events a second"] {
        assert!(out.contains(part), "`{part}` is not in: {out}");
    }
    assert!(out.contains("the plot is in target/flights.svg"), "{out}");
    assert!(folder.join("target/flights.svg").exists());
}

#[test]
fn a_damaged_file_ends_it_with_1_and_the_totals() {
    let year = fs::read(rem_examples::flights::YEAR).unwrap();
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("damaged.csv.gz");
    fs::write(&path, &year[..200_000]).unwrap();
    let (output, _) = flights(&[path.to_str().unwrap(), "--svg", "here.svg"], "damaged");
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{out}");
    assert!(out.contains("is damaged behind line"), "{out}");
    assert!(out.contains("0 rejected") && out.contains("United"), "{out}");
    assert!(text(&output.stderr).contains("is damaged behind line"));
}

#[test]
fn wrong_arguments_are_refused_with_what_is_right() {
    let cases = [
        (&["--pace", "0"][..], "--pace"),
        (&["--histry", "9"], "--history"),
        (&["no-such-file.csv"], "no-such-file.csv"),
    ];
    for (arguments, expected) in cases {
        let (output, _) = flights(arguments, "wrong");
        let err = text(&output.stderr);
        assert!(!output.status.success() && err.contains(expected), "{arguments:?}: {err}");
    }
    let (help, _) = flights(&["--help"], "help");
    let help = text(&help.stdout);
    for option in ["FILE", "--svg", "--pace", "--limit", "--history", "target/flights.svg", "20000"]
    {
        assert!(help.contains(option), "`{option}` is not in: {help}");
    }
}
