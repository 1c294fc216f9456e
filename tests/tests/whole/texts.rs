//! What `{:?}` shows of values that hide what they are made of: what one looks for when a test fails.

use rem::cloudevents::{Encoder, Import};
use rem::prelude::*;
use rem::testing::Recorder;

use crate::events::Tick;

#[test]
fn debug_texts_show_what_one_looks_for() {
    let bus = Bus::new();
    let recorder = Recorder::new(&bus);
    bus.event(Tick(7)).source("/desk").metadata("tenant", "acme").publish().unwrap();
    let event = recorder.events().remove(0);
    assert_eq!(format!("{:?}", event.metadata()), r#"{"tenant": String("acme")}"#);

    let message = format!("{:?}", Encoder::new().binary(&*event).unwrap());
    assert!(message.starts_with("Message {") && message.contains(r#"body: "7""#), "{message}");

    let import = format!("{:?}", Import::new(&b""[..]));
    assert!(import.starts_with("Import {") && import.contains("skips: None"), "{import}");

    let expectation = format!("{:?}", recorder.expect().topic("tick.tick").pattern("order.*"));
    assert!(expectation.contains("tick.tick") && expectation.contains("order.*"), "{expectation}");
}
