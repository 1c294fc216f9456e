//! The lock's file: when it is written, that it says the same every time, and what is told of one that is none.

use std::fs;
use std::process::Command;

use rem::prelude::*;
use rem::schema::{JsonSchema, Lock, LockErrorKind, LockMode, Locked, SchemaErrorKind};
use serde::{Deserialize, Serialize};

use crate::lock::{first, narrower, path, renamed_and_wider};

#[test]
fn the_file_is_written_when_it_may_be_and_says_the_same_every_time() {
    let path = path("modes");
    let first = || Lock::at(&path).event_type::<first::Order>();
    let wider = || Lock::at(&path).event_type::<renamed_and_wider::Order>();
    let narrower = || Lock::at(&path).event_type::<narrower::Order>();

    for mode in [LockMode::Check, LockMode::Locked] {
        let error = first().mode(mode).check().unwrap_err();
        assert_eq!(error.kind(), LockErrorKind::Missing);
        assert!(error.to_string().contains("`REM_LOCK=write cargo test`"), "{error}");
        assert!(!path.exists());
    }
    assert_eq!(first().mode(LockMode::Update).check().unwrap(), Locked::Written);
    let text = fs::read_to_string(&path).unwrap();
    assert!(
        text.starts_with(
            "{\n  \"rem_lock\": 1,\n  \"events\": {\n    \"order.closed\": {\n      \"v1\": {"
        ),
        "{text}"
    );
    assert!(text.ends_with("}\n") && !text.contains("It was placed"), "{text}");
    assert_eq!(first().mode(LockMode::Update).check().unwrap(), Locked::Same);

    // Where nothing may be written, what breaks nothing is no error, unless nothing may differ.
    assert_eq!(wider().mode(LockMode::Check).check().unwrap(), Locked::Compatible);
    assert_eq!(wider().mode(LockMode::Locked).check().unwrap_err().kind(), LockErrorKind::Stale);
    assert_eq!(fs::read_to_string(&path).unwrap(), text);

    // Where it may, it is added: from then on it is held.
    assert_eq!(wider().mode(LockMode::Update).check().unwrap(), Locked::Written);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("order.opened"), "{text}");
    // What does not bind is not in it: so that a change of words changes no file.
    for word in ["What is bought", "An article", "It was there before", "default"] {
        assert!(!text.contains(word), "{word} in {text}");
    }
    let error = first().mode(LockMode::Update).check().unwrap_err();
    assert!(error.topics().contains(&"order.opened"), "{error}");

    let kept = fs::read_to_string(&path).unwrap();
    assert_eq!(
        narrower().mode(LockMode::Update).check().unwrap_err().kind(),
        LockErrorKind::Breaks
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), kept, "what breaks is not written");
    assert_eq!(narrower().mode(LockMode::Write).check().unwrap(), Locked::Written);
    assert_eq!(narrower().mode(LockMode::Locked).check().unwrap(), Locked::Same);
}

#[test]
fn the_order_of_types_makes_no_difference() {
    #[derive(EventType, Debug, Serialize, Deserialize, JsonSchema)]
    #[event(topic = "other.thing")]
    struct Other {
        state: other::State,
    }
    mod other {
        use super::*;
        /// Of the same name as another.
        #[derive(Debug, Serialize, Deserialize, JsonSchema)]
        pub(super) enum State {
            On,
            Off,
        }
    }
    let (one, two) = (path("one order"), path("another"));
    Lock::at(&one)
        .event_type::<first::Order>()
        .event_type::<Other>()
        .mode(LockMode::Write)
        .check()
        .unwrap();
    Lock::at(&two)
        .event_type::<Other>()
        .event_type::<first::Order>()
        .mode(LockMode::Write)
        .check()
        .unwrap();
    assert_eq!(fs::read_to_string(one).unwrap(), fs::read_to_string(two).unwrap());
}

#[test]
fn what_is_no_lock_says_so() {
    let path = path("bad");
    let check =
        || Lock::at(&path).event_type::<first::Order>().mode(LockMode::Check).check().unwrap_err();
    let table = [
        ("", "is no lock: EOF while parsing a value at line 1 column 0"),
        (
            "<<<<<<< ours\n",
            "is no lock: expected value at line 1 column 1; after a merge with conflicts take one side",
        ),
        ("{\"rem_lock\": 7}", "has form 7, and this is a REM that reads form 1"),
        (
            "{\"rem_lock\": 1, \"events\": {\"a\": {\"1\": {}}}, \"$defs\": {}}",
            "`1` is no version: write it as `v1`",
        ),
        ("[]", "is no lock: invalid length 0"),
    ];
    for (text, expected) in table {
        fs::write(&path, text).unwrap();
        let error = check();
        assert_eq!(error.kind(), LockErrorKind::Parse, "{text}");
        assert!(error.to_string().contains(expected), "{text}: {error}");
    }
    let _ = fs::remove_file(&path);
    fs::create_dir_all(&path).unwrap();
    assert_eq!(check().kind(), LockErrorKind::Io);
    fs::remove_dir(&path).unwrap();
}

#[test]
fn two_types_of_one_topic_must_agree() {
    let path = path("twice");
    let twice = Lock::at(&path).event_type::<first::Order>().event_type::<first::Order>();
    assert_eq!(twice.mode(LockMode::Write).check().unwrap(), Locked::Written);
    let differ = Lock::at(&path).event_type::<first::Order>().event_type::<narrower::Order>();
    let error = differ.mode(LockMode::Write).check().unwrap_err();
    assert_eq!(error.kind(), LockErrorKind::Schema);
    assert!(error.to_string().contains("both have the topic `order."), "{error}");
    let source = std::error::Error::source(&error).unwrap();
    let source = source.downcast_ref::<rem::schema::SchemaError>().unwrap();
    assert_eq!(source.kind(), SchemaErrorKind::TopicTwice);
}

/// As a user writes it: the file lies beside the manifest of this package and is under version control.
#[test]
fn the_macro_holds_the_types_of_the_examples() {
    rem::schema::assert_compatible!(rem_examples::github::GithubEvent; "tests/schema/github.lock.json");
}

#[test]
fn a_test_fails_with_what_is_wrong() {
    let path = path("assert");
    Lock::at(&path).event_type::<first::Order>().mode(LockMode::Write).check().unwrap();
    let narrower = Lock::at(&path).event_type::<narrower::Order>().mode(LockMode::Check);
    let failed = std::panic::catch_unwind(|| narrower.assert()).unwrap_err();
    let said = failed.downcast_ref::<String>().unwrap();
    assert!(said.contains("4 events are not read as before"), "{said}");
}

#[test]
fn the_environment_says_what_may_be_written() {
    let table = [
        ("", "", "Ok(Update)"),
        ("", "true", "Ok(Check)"),
        ("", "false", "Ok(Update)"),
        ("write", "true", "Ok(Write)"),
        ("locked", "", "Ok(Locked)"),
    ];
    for (lock, ci, expected) in table {
        assert_eq!(mode(lock, ci), expected, "REM_LOCK={lock} CI={ci}");
    }
    let refused = mode("overwrite", "");
    assert!(refused.contains("`REM_LOCK` is `overwrite`: write `write` or `locked`"), "{refused}");
}

/// What a program says whose environment is this: the test below, in a process of its own.
fn mode(lock: &str, ci: &str) -> String {
    let mut program = Command::new(std::env::current_exe().unwrap());
    program.args(["--exact", "lock_file::says_the_mode", "--nocapture"]);
    let output = program.env("REM_LOCK", lock).env("CI", ci).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let (_, mode) = said.split_once("the mode is ").unwrap_or_else(|| panic!("{said}"));
    mode.lines().next().unwrap().to_owned()
}

/// Whatever the environment is, it has a mode or is told what is wrong with it.
#[test]
fn says_the_mode() {
    let mode = LockMode::from_env();
    match &mode {
        Ok(mode) => println!("the mode is Ok({mode:?})"),
        Err(error) => println!("the mode is {error}"),
    }
    assert!(mode.map_or_else(|error| error.to_string().contains("REM_LOCK"), |_| true));
}
