//! Effects tested by a script: what is met, and what is said when something is not.

use std::time::Duration;

use rem_core::Retry;
use rem_effects::testing::{Expected, UnmetKind, expect, expect_where, perform_sequence, simulate};
use rem_effects::{Dispatcher, Effect, EffectErrorKind, Intent, parallel};

#[derive(Debug, PartialEq)]
struct Read(&'static str);

impl Intent for Read {
    type Output = String;
}

#[derive(Debug, PartialEq)]
struct Write(&'static str, String);

impl Intent for Write {
    type Output = ();
}

fn copy(from: &'static str, to: &'static str) -> Effect<usize> {
    Effect::of(Read(from)).and_then(move |text| {
        let length = text.len();
        Effect::of(Write(to, text)).map(move |()| length)
    })
}

#[test]
fn an_effect_that_goes_by_the_script_gives_its_result() {
    let script = || {
        [
            expect(Read("a")).gives("text".to_owned()),
            expect_where("a write to b", |write: &Write| write.0 == "b").gives(()),
        ]
    };
    let effect = copy("a", "b");
    assert_eq!(perform_sequence(script(), &effect).unwrap(), 4);
    assert_eq!(perform_sequence(script(), &effect).unwrap(), 4, "once more");
    let reads = parallel([Effect::of(Read("x")), Effect::of(Read("y"))]);
    let read = perform_sequence([(Read("x"), "1".to_owned()), (Read("y"), "2".to_owned())], &reads);
    assert_eq!(read.unwrap(), ["1", "2"]);
}

#[test]
fn another_intent_is_shown_beside_the_one_expected_next() {
    let script = [
        expect(Read("a")).gives("text".to_owned()),
        expect(Write("c", "text".to_owned())).gives(()),
        expect(Read("z")).gives(String::new()),
    ];
    // What the effect does with errors does not hide it.
    let effect = copy("a", "b").or_else(|_| copy("z", "y")).or_else(|_| Effect::value(0));
    let unmet = perform_sequence(script, &effect).unwrap_err();
    assert_eq!(unmet.kind(), UnmetKind::Other);
    let shown = unmet.to_string();
    let lines: Vec<_> = shown.lines().map(|line| line.split(", at ").next().unwrap()).collect();
    assert_eq!(
        lines,
        [
            "another intent came than was expected:",
            r#"    1  came      Read("a")"#,
            r#">   2  expected  Write("c", "text")"#,
            r#"       came      Write("b", "text")"#,
            r#"    3  and then  Read("z")"#,
            r#"    4  expected  Read("z")"#,
        ]
    );
    let places = shown.lines().skip(1).filter(|line| line.contains("tests/scripts.rs:")).count();
    assert_eq!(places, 5, "each with its line: {shown}");
    assert_eq!(shown, format!("{unmet:?}"));
}

#[test]
fn too_many_and_too_few_are_told() {
    let unmet = perform_sequence([(Read("a"), String::new())], &copy("a", "b")).unwrap_err();
    assert_eq!(unmet.kind(), UnmetKind::TooMany);
    assert!(unmet.to_string().contains("expected  nothing more"), "{unmet}");

    let script = [expect(Read("a")).gives(String::new()), expect(Read("b")).gives(String::new())];
    let unmet = perform_sequence(script, &Effect::of(Read("a"))).unwrap_err();
    assert_eq!(unmet.kind(), UnmetKind::Left);
    assert!(unmet.to_string().contains(r#"expected  Read("b")"#), "{unmet}");

    let none = perform_sequence(Vec::<Expected>::new(), &Effect::value(3));
    assert_eq!(none.unwrap(), 3);
}

#[test]
fn an_error_that_nobody_handles_is_given() {
    let unmet = perform_sequence([expect(Read("a")).fails("gone")], &copy("a", "b")).unwrap_err();
    assert_eq!(unmet.kind(), UnmetKind::Failed);
    let error = unmet.error().unwrap();
    assert_eq!(error.kind(), EffectErrorKind::Failed);
    assert!(unmet.to_string().contains("it ended in an error: the performer of"), "{unmet}");
    assert!(unmet.to_string().contains("failed: gone"), "{unmet}");
}

#[test]
fn no_time_passes_in_a_script() {
    let hour = Duration::from_secs(3_600);
    let patient = copy("a", "b")
        .timeout(Duration::from_secs(30))
        .retry(Retry::times(2).backoff(hour, 1.0, hour))
        .or_else(|error| {
            assert_eq!((error.attempts(), error.kind()), (3, EffectErrorKind::TimedOut));
            Effect::value(0)
        });
    let silent = || expect(Read("a")).never_answers();
    assert_eq!(perform_sequence([silent(), silent(), silent()], &patient).unwrap(), 0);

    let script = [
        silent(),
        expect(Read("a")).gives("text".to_owned()),
        expect(Write("b", "text".to_owned())).gives(()),
    ];
    assert_eq!(perform_sequence(script, &patient).unwrap(), 4);

    let unmet = perform_sequence([silent()], &copy("a", "b")).unwrap_err();
    assert_eq!(unmet.error().unwrap().kind(), EffectErrorKind::NeverAnswers);
}

#[test]
fn comparing_and_showing_that_panic_are_told() {
    struct Odd;
    impl Intent for Odd {
        type Output = ();
    }
    impl std::fmt::Debug for Odd {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            panic!("no picture")
        }
    }
    impl PartialEq for Odd {
        fn eq(&self, _: &Self) -> bool {
            panic!("no scales")
        }
    }
    let unmet = perform_sequence([(Odd, ())], &Effect::of(Odd)).unwrap_err();
    assert_eq!(unmet.kind(), UnmetKind::Other);
    assert!(unmet.to_string().contains("(showing it panicked: no picture)"), "{unmet}");
    assert!(unmet.to_string().contains("(comparing panicked: no scales)"), "{unmet}");
}

#[test]
fn a_simulated_run_records_what_was_asked_and_every_error() {
    let disk = Dispatcher::new().performer(|read: &Read| match read.0 {
        "bad" => Err("unreadable"),
        name => Ok(name.to_owned()),
    });
    let recorded = simulate(["a", "bad", "c"], |name| Effect::of(Read(name)), &disk);
    let read: Vec<_> = recorded.intents::<Read>().map(|read| read.0).collect();
    assert_eq!(read, ["a", "bad", "c"]);
    assert_eq!(recorded.to_string().lines().count(), 3);
    assert!(recorded.to_string().starts_with(r#"Read("a"), at "#), "{recorded}");
    let results = recorded.into_results();
    assert_eq!(results[0].as_ref().unwrap(), "a");
    assert!(results[1].as_ref().unwrap_err().to_string().contains("unreadable"));
    assert_eq!(results[2].as_ref().unwrap(), "c");
}
