//! The expansion means what it says wherever it stands: among names that hide the usual ones, in functions, in macros.

use rem::EventType;
use rem::testing::Recorder;

/// A module in which hardly a name means what it usually does.
#[expect(dead_code, reason = "the names are there to be in the way")]
mod hostile {
    mod core {}
    mod std {}
    mod serde {}
    struct Option;
    struct Result;
    struct Some;
    struct None;
    struct Ok;
    struct Err;
    struct String;
    struct Schema;
    struct Topic;
    struct Pattern;
    struct TypedPattern;
    struct TopicWriter;
    struct Payload;
    struct Part;
    trait From {}
    trait TryFrom {}
    trait Display {}
    trait Clone {}
    trait Debug {}
    trait EventType {}
    #[expect(non_camel_case_types, reason = "patterns that bind these names would be taken for it")]
    struct out;
    #[expect(non_upper_case_globals, reason = "and for these")]
    const part: u8 = 0;
    #[expect(non_upper_case_globals, reason = "and for these")]
    const topic: u8 = 0;
    #[expect(non_upper_case_globals, reason = "and for these")]
    const below: u8 = 0;
    #[expect(non_upper_case_globals, reason = "and for these")]
    const value: u8 = 0;
    #[expect(non_upper_case_globals, reason = "and for these")]
    const field_out: u8 = 0;
    #[expect(non_camel_case_types, reason = "they hide primitive types")]
    struct usize;
    #[expect(non_camel_case_types, reason = "they hide primitive types")]
    struct str;

    #[derive(rem::EventType, ::core::fmt::Debug, ::core::clone::Clone)]
    #[event(local)]
    pub(crate) enum Inner {
        /// The fields bear the names that the expansion has for its own.
        #[event(topic = "{out}.{part}.{value}.{field_out}.{topic}")]
        Named { out: u8, part: u8, value: u8, field_out: u8, topic: u8, below: u8 },
        #[event(skip)]
        Internal,
    }

    #[derive(rem::EventType, ::core::fmt::Debug, ::core::clone::Clone)]
    #[event(local)]
    pub(crate) enum Outer {
        #[event(nested)]
        Inner(Inner),
        Plain,
    }

    pub(crate) fn made() -> (rem::Topic, rem::Pattern, rem::TypedPattern<Outer>) {
        (rem::topic!("a.b"), rem::pattern!("a.*"), rem::pattern!(Outer, "inner.**"))
    }
}

#[test]
fn names_that_are_hidden_are_not_needed() {
    let (topic, pattern, typed) = hostile::made();
    assert!(pattern.matches(&topic));
    assert_eq!(typed.pattern().as_str(), "inner.**");
    let bus = rem::Bus::new();
    let recorder = Recorder::new(&bus);
    let named =
        hostile::Inner::Named { out: 1, part: 2, value: 3, field_out: 4, topic: 5, below: 6 };
    bus.publish(hostile::Outer::from(named)).unwrap();
    bus.publish(hostile::Outer::Plain).unwrap();
    bus.publish(hostile::Inner::Internal).unwrap_err();
    recorder.assert_topics(&["inner.1.2.3.4.5", "plain"]);
}

#[test]
fn a_type_may_stand_in_a_function() {
    #[derive(EventType, Debug, Clone)]
    #[event(local)]
    enum Inner {
        Hit,
    }
    #[derive(EventType, Debug, Clone)]
    #[event(local)]
    enum Outer {
        #[event(nested = "")]
        Inner(Inner),
    }
    let pattern = rem::pattern!(Outer, "hit");
    assert!(pattern.pattern().matches("hit"));
    assert_eq!(EventType::leaf(&Outer::from(Inner::Hit)), 0);
}

/// Everything that can come from a macro does.
macro_rules! event_type {
    ($name:ident { $($variant:ident($field:ident: $ty:ty) = $topic:literal,)* } nests $inner:ty) => {
        #[derive(EventType, Debug, Clone)]
        #[event(local)]
        enum $name {
            $(#[event(topic = $topic)] $variant { $field: $ty },)*
            /// What comes from the macro itself.
            #[event(topic = "of_macro.{number}")]
            OfMacro { number: u64 },
            #[event(nested)]
            Inner($inner),
        }
    };
}

event_type! {
    FromMacro {
        Paid(cents: u32) = "paid.{cents}",
        Lost(r#type: char) = "lost.{type}",
    }
    nests hostile::Inner
}

#[test]
fn a_type_may_come_from_a_macro() {
    let bus = rem::Bus::new();
    let recorder = Recorder::new(&bus);
    bus.publish(FromMacro::Paid { cents: 5 }).unwrap();
    bus.publish(FromMacro::Lost { r#type: 'x' }).unwrap();
    bus.publish(FromMacro::OfMacro { number: 7 }).unwrap();
    bus.publish(FromMacro::from(hostile::Inner::Internal)).unwrap_err();
    recorder.assert_topics(&["paid.5", "lost.x", "of_macro.7"]);
}
