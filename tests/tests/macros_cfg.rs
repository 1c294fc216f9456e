//! What `cfg` leaves out is not there, what it leaves in is; and names that are keywords are names.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

use rem::prelude::*;
use rem::testing::Recorder;
use rem::wire::{Body, Codec};
use serde::{Deserialize, Serialize};

/// Left out are variants before, between and behind the others, fields, attributes and whole topics.
#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(all(), event(namespace = "left.in"))]
#[cfg_attr(any(), event(namespace = "left.out"))]
enum Order {
    #[cfg(any())]
    LeftOut(NotThere),
    #[event(topic = "{id}.placed")]
    Placed {
        #[cfg(any())]
        id: NotThere,
        #[cfg(not(any()))]
        id: u64,
        #[cfg(any())]
        more: NotThere,
    },
    #[cfg(any())]
    #[event(nested)]
    Nested(NotThere),
    #[cfg(not(any()))]
    #[cfg_attr(all(), event(name = "settled"))]
    Paid(#[cfg(any())] NotThere, u8),
    /// The same topic as one that is not there.
    #[cfg(any())]
    #[event(name = "lost")]
    Vanished,
    Lost,
    #[cfg(any())]
    #[event(name = "lost")]
    Gone,
}

fn round_trip<E: EventType + PartialEq + Clone>(topic: &str, event: &E) {
    let bus = Bus::new();
    let recorder = Recorder::new(&bus);
    bus.publish(event.clone()).unwrap();
    recorder.assert_topics(&[topic]);
    let below = topic.strip_prefix(E::SCHEMA.namespace).unwrap().trim_start_matches('.');
    for codec in Codec::ALL.iter().copied() {
        let bytes = event.encode(codec).unwrap();
        assert_eq!(E::decode(below, &Body::new(codec, &bytes)).as_ref(), Ok(event), "{codec}");
    }
}

#[test]
fn what_is_left_out_is_not_there() {
    let topics: Vec<String> = Order::SCHEMA.leaves().iter().map(ToString::to_string).collect();
    assert_eq!(topics, ["left.in.{id}.placed", "left.in.settled", "left.in.lost"]);
    assert_eq!(Order::SCHEMA.events[0].fields.len(), 1);
    round_trip("left.in.7.placed", &Order::Placed { id: 7 });
    round_trip("left.in.settled", &Order::Paid(3));
    round_trip("left.in.lost", &Order::Lost);
}

/// Of a type, a variant, a field, a parameter, a module, a function, a group.
#[expect(non_camel_case_types, reason = "keywords are lower case")]
mod r#mod {
    #[derive(rem::EventType, Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
    #[event(namespace = "raw", group(Move = "type"))]
    pub(crate) enum r#struct<r#type> {
        r#Type,
        #[event(topic = "{fn}.{match}", alias = "{match}.old.{fn}")]
        r#As {
            r#fn: r#type,
            r#match: String,
        },
        #[event(version = 2, upcast = r#in::<r#type>)]
        r#Where(r#type),
        #[event(nested)]
        r#Loop(r#enum),
    }

    #[derive(rem::EventType, Debug, serde::Serialize, serde::Deserialize)]
    pub(crate) struct r#use<T>(pub(crate) T);

    pub(crate) fn r#in<T>(r#use(old): r#use<T>) -> r#struct<T> {
        r#struct::r#Where(old)
    }

    #[derive(rem::EventType, Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
    #[event(topic = "in.{impl}")]
    pub(crate) struct r#enum {
        #[event(key)]
        pub(crate) r#impl: u8,
        #[event(redact)]
        pub(crate) r#dyn: u8,
    }
}

#[test]
fn names_that_are_keywords_are_names() {
    use r#mod::{r#enum, r#struct};

    let r#as = r#struct::r#As { r#fn: 7_u8, r#match: "a.b".to_owned() };
    round_trip("raw.type", &r#struct::<u8>::r#Type);
    round_trip("raw.7.a%2Eb", &r#as);
    round_trip("raw.where", &r#struct::r#Where(7_u8));
    let nested = r#struct::<u8>::from(r#enum { r#impl: 1, r#dyn: 2 });
    round_trip("raw.loop.in.1", &nested);
    assert_eq!(nested.key().as_deref(), Some("1"));
    assert_eq!(r#enum::try_from(nested).unwrap().r#dyn, 2);
    let json = Body::new(Codec::Json, br#"{"fn":7,"match":"a.b"}"#);
    assert_eq!(r#struct::decode("a%2Eb.old.7", &json).unwrap(), r#as);
    let old = Body::new(Codec::Json, b"9").version(1);
    assert_eq!(r#struct::decode("where", &old).unwrap(), r#struct::r#Where(9_u8));
    assert_eq!(r#struct::<u8>::SCHEMA.name, "struct");
    assert!(r#struct::<u8>::r#move().pattern().matches("type"));
    let bus = Bus::new();
    let recorder = Recorder::new(&bus);
    bus.publish(r#enum { r#impl: 1, r#dyn: 2 }).unwrap();
    let shown = format!("{:?}", recorder.events()[0]);
    assert!(shown.contains("enum { impl: 1, dyn: [redacted] }"), "{shown}");
}
