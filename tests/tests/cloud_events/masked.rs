//! What is exported has no field in it that is not for every eye, typed or raw, unless it is said otherwise.

use std::sync::Arc;

use rem::cloudevents::{Export, ExportErrorKind, Import};
use rem::prelude::*;
use rem::wire::{Codec, Mask, MaskErrorKind, RawEvent};
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "user")]
enum User {
    Joined {
        #[event(key, redact)]
        #[serde(rename = "e-mail")]
        email: String,
        #[event(redact)]
        age: u8,
        country: String,
    },
    #[event(topic = "{name}.left")]
    Left {
        #[event(redact)]
        name: String,
    },
    #[event(nested = "card")]
    Card(Card),
    Counted {
        users: u64,
    },
    #[event(other)]
    Other(RawEvent),
}

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "card")]
enum Card {
    Added {
        #[event(redact)]
        number: String,
    },
}

/// No `Default`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Secret(u64);

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "vault")]
struct Opened {
    #[event(redact)]
    with: Secret,
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "door")]
struct Rang {
    times: u32,
}

const SECRETS: [&str; 5] = ["ann@example.com", "4242", "ann", "37", "e-mail\":\"ann"];

fn bus() -> Bus {
    Bus::builder().history(Ring::events(100)).build()
}

fn users() -> Vec<User> {
    vec![
        User::Joined { email: "ann@example.com".into(), age: 37, country: "NZ".into() },
        User::Left { name: "ann".into() },
        User::Card(Card::Added { number: "4242".into() }),
        User::Counted { users: 7 },
    ]
}

fn published() -> Vec<Arc<Event>> {
    let bus = bus();
    let child = bus.child("eu").unwrap();
    for user in users() {
        child.publish(user).unwrap();
    }
    bus.query("**").unwrap().events()
}

/// The same as a journal gives them.
fn raw(events: &[Arc<Event>], codec: Codec) -> Vec<Arc<Event>> {
    let to = bus();
    for event in events {
        let mut body = Vec::new();
        event.data.encode_into(codec, &mut body).unwrap();
        let child = to.child("eu").unwrap();
        child.publish_to(event.scoped_topic(), RawEvent::new(codec, body)).unwrap();
    }
    to.query("**").unwrap().events()
}

fn text(mask: Mask, events: Vec<Arc<Event>>) -> String {
    let mut file = Vec::new();
    Export::new().mask(mask).write(events, &mut file).unwrap();
    String::from_utf8(file).unwrap()
}

fn is_masked(text: &str) {
    for (secret, line) in
        SECRETS.iter().flat_map(|secret| text.lines().map(move |line| (secret, line)))
    {
        // Of time and id nothing is looked at.
        let (_, data) = line.split_once(r#""data":"#).unwrap();
        assert!(!data.contains(secret), "{secret}: {line}");
    }
    assert!(!text.contains("eu.user.ann.left") && !text.contains("ann@example"), "{text}");
    assert!(text.contains(r#""subject":"[redacted]""#), "the key follows: {text}");
    assert!(text.contains(r#""country":"NZ""#) && text.contains(r#""users":7"#), "{text}");
    let read: Vec<_> = Import::new(text.as_bytes()).map(|event| event.unwrap()).collect();
    let joined = User::Joined { email: "[redacted]".into(), age: 0, country: "NZ".into() };
    assert_eq!(read[0].decode::<User>().unwrap(), joined);
    assert_eq!(read[1].decode::<User>().unwrap(), User::Left { name: "[redacted]".into() });
}

#[test]
fn typed_events_are_masked_unless_it_is_said_otherwise() {
    let events = published();
    is_masked(&text(Mask::new(), events.clone()));
    let whole = text(Mask::off(), events.clone());
    assert!(whole.contains("ann@example.com") && whole.contains("4242"));
    // What is in the history is as it was.
    assert_eq!(events[0].downcast_ref::<User>().unwrap().data, users()[0]);
}

#[test]
fn raw_events_are_masked_by_the_types_that_are_named() {
    for codec in Codec::ALL {
        let events = raw(&published(), *codec);
        is_masked(&text(Mask::new().of::<Rang>().of::<User>(), events));
    }
}

#[test]
fn raw_events_of_no_type_that_is_named_are_refused() {
    let events = raw(&published(), Codec::Json);
    for mask in [Mask::new(), Mask::new().of::<Rang>()] {
        let error = Export::new().mask(mask).write(events.clone(), Vec::new()).unwrap_err();
        assert_eq!((error.kind(), error.report().events()), (ExportErrorKind::Mask, 0));
        let said = error.to_string();
        assert!(said.contains("`eu.user.joined`") && said.contains("`Mask::of::<E>()`"), "{said}");
    }
    assert!(text(Mask::new().raw_as_it_is(), events).contains("4242"));
    // A variant for what a type does not know does not make it known.
    let bus = bus();
    bus.publish_to("user.renamed", RawEvent::new(Codec::Json, *br#"{"email":"x"}"#)).unwrap();
    let event = bus.query("**").unwrap().events().remove(0);
    let error = Mask::new().of::<User>().event(&event).unwrap_err();
    assert_eq!(
        (error.kind(), error.topic().as_str()),
        (&MaskErrorKind::UnknownType, "user.renamed")
    );
}

#[test]
fn what_marks_nothing_is_the_same_event() {
    let bus = bus();
    bus.publish(Rang { times: 2 }).unwrap();
    bus.publish_to("door.rang", RawEvent::new(Codec::Json, *br#"{ "times": 3 }"#)).unwrap();
    for event in bus.query("**").unwrap().events() {
        let masked = Mask::new().of::<Rang>().event(&event).unwrap();
        assert!(Arc::ptr_eq(&masked, &event), "{event}");
    }
}

#[test]
fn what_cannot_be_masked_does_not_leave() {
    let bus = bus();
    bus.publish(Opened { with: Secret(1) }).unwrap();
    bus.publish_to("user.joined", RawEvent::new(Codec::Json, *b"[]")).unwrap();
    let events = bus.query("**").unwrap().events();
    let error = Mask::new().event(&events[0]).unwrap_err();
    assert!(error.to_string().contains("`with` of `Opened`"), "{error}");
    let error = Mask::new().of::<User>().event(&events[1]).unwrap_err();
    assert!(matches!(error.kind(), MaskErrorKind::Decode(_)), "{error}");
}
