//! What is told to `tracing`, read by a subscriber of its own.

use std::fmt::Write;

use rem::middleware::{Log, filter};
use rem::prelude::*;
use rem::testing::TestBus;
use tracing::field::{Field, Visit};
use tracing::{Event as Told, Level, Metadata, Subscriber, span};

use crate::support::{Notes, Tick};

/// Notes what is at least as grave as a level, a line each.
struct Reader(Notes, Level);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }
}

impl Subscriber for Reader {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "rem" && *metadata.level() <= self.1
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &Told<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.0.add(line.0);
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

#[derive(EventType, Debug)]
#[event(name = "login", local)]
struct Login {
    name: &'static str,
    #[event(redact)]
    password: &'static str,
}

/// What is told while `run` has a bus with that log.
fn told(log: Log, level: Level, run: impl FnOnce(&Bus)) -> Vec<String> {
    let (test, notes) = (TestBus::new(), Notes::default());
    test.bus.middleware("**", log).unwrap();
    test.bus.middleware("no", filter("gate", |_: &Draft| false)).unwrap();
    test.bus.middleware("bad", filter("broken", |_: &Draft| panic!("of its own"))).unwrap();
    test.bus.on(|_: &Event<Tick>| ()).detach();
    tracing::subscriber::with_default(Reader(notes.clone(), level), || run(&test.bus));
    notes.take()
}

#[test]
fn what_became_of_each_event() {
    let lines = told(Log::new(), Level::TRACE, |bus| {
        bus.event(Tick(7)).source("desk").publish().unwrap();
        bus.publish_to("no", Tick(8)).unwrap();
        bus.publish_to("bad", Tick(9)).unwrap_err();
        bus.publish(Login { name: "Ada", password: "hunter2" }).unwrap();
    });
    assert_eq!(lines.len(), 4, "{lines:#?}");
    assert_eq!(
        lines[0],
        "DEBUG message=published topic=\"tick\" id=00000000-0000-7000-8000-000000000001 sequence=1 source=\"desk\" \
         data=Tick(7) receipt=matched 1, delivered 1"
    );
    assert!(lines[1].starts_with("DEBUG message=stopped topic=\"no\""), "{}", lines[1]);
    assert!(lines[1].ends_with("data=Tick(8) by=\"gate\""), "{}", lines[1]);
    assert!(lines[2].starts_with("WARN message=refused topic=\"bad\""), "{}", lines[2]);
    assert!(lines[2].contains("error=`bad` was not published") && lines[2].ends_with("of its own"));
    assert!(
        lines[3].contains(r#"data=Login { name: "Ada", password: [redacted] }"#),
        "{}",
        lines[3]
    );
    assert!(!lines[3].contains("sequence"), "nobody has it: {}", lines[3]);
}

#[test]
fn every_level_may_be_told_at_and_data_left_out() {
    for level in [Level::ERROR, Level::WARN, Level::INFO, Level::DEBUG, Level::TRACE] {
        let publish = |bus: &Bus| drop(bus.publish(Tick(7)).unwrap());
        let lines = told(Log::new().level(level).without_data(), level, publish);
        assert_eq!(lines.len(), 1);
        assert!(lines[0].starts_with(&format!("{level} message=published")), "{}", lines[0]);
        assert!(!lines[0].contains("data"), "{}", lines[0]);
    }
}

#[test]
fn what_nobody_wants_is_not_told() {
    let lines = told(Log::new(), Level::INFO, |bus| {
        bus.publish(Tick(7)).unwrap();
        bus.publish_to("bad", Tick(9)).unwrap_err();
    });
    assert_eq!(lines, [""; 0]);
}
