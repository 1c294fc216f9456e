//! `topic!` and `pattern!`: what they make, and what the typed form takes.

use rem::{EventType, Pattern, Topic, TypedPattern, pattern, topic};
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "system.provider")]
enum ProviderEvent {
    Connected,
    #[event(topic = "by_name.{name}.rate_limited")]
    RateLimited {
        name: String,
    },
    #[event(nested)]
    Cache(CacheEvent),
    #[event(skip)]
    Internal,
}

mod cache {
    use super::{Deserialize, EventType, Serialize};

    #[derive(EventType, Debug, Clone, Serialize, Deserialize)]
    pub(crate) enum CacheEvent {
        Hit,
        Miss(String),
    }

    /// Named by its path alone.
    #[derive(EventType, Debug, Clone, Serialize, Deserialize)]
    pub(crate) struct Cleared;
}
use cache::CacheEvent;

#[test]
fn a_topic_is_a_constant() {
    const PAID: Topic = topic!("order.paid");
    static LOST: Topic = topic!("order.lost",);
    assert_eq!(PAID, Topic::parse("order.paid").unwrap());
    assert_eq!(LOST, "order.lost");
    assert_eq!(topic!(r"$rem.handler.failed").segments().next(), Some("$rem"));
    assert_eq!(topic!("日本.é"), "日本.é");
}

#[test]
fn a_pattern_is_what_it_says() {
    let found: Pattern = pattern!("order.*.{created,paid},!order.7");
    assert_eq!(found, Pattern::parse("order.*.{created,paid},!order.7").unwrap());
    assert!(found.matches("order.8.paid") && !found.matches("order.7.paid"));
    assert_eq!(pattern!(r"=order.paid",).literal(), Some(topic!("order.paid")));
}

#[test]
fn a_literal_may_come_from_a_macro() {
    macro_rules! from_literal {
        ($text:literal) => {
            (topic!($text), pattern!($text), pattern!(ProviderEvent, $text))
        };
    }
    let (topic, pattern, typed) = from_literal!("connected");
    assert_eq!(topic, "connected");
    assert_eq!(pattern.as_str(), typed.pattern().as_str());
}

/// That these compile is the point: each can select a topic of the type.
#[test]
fn a_typed_pattern_is_relative_to_the_namespace() {
    let accepted = [
        pattern!(ProviderEvent, "connected"),
        pattern!(ProviderEvent, "**"),
        pattern!(ProviderEvent, ">"),
        pattern!(ProviderEvent, "*"),
        pattern!(ProviderEvent, "conn*"),
        pattern!(ProviderEvent, "=connected"),
        pattern!(ProviderEvent, "by_name"),
        pattern!(ProviderEvent, "by_name.openai.rate_limited"),
        pattern!(ProviderEvent, "by_name.{name}.rate_limited"),
        pattern!(ProviderEvent, "by_name.{*rest}"),
        pattern!(ProviderEvent, "*.open[a-i]*.{rate_limited,lost}"),
        pattern!(ProviderEvent, "**.rate_limited"),
        pattern!(ProviderEvent, "cache.hit"),
        pattern!(ProviderEvent, "cache.>"),
        pattern!(ProviderEvent, "cache.{hit,miss},!cache.hit"),
        pattern!(ProviderEvent, "lost,connected"),
        pattern!(ProviderEvent, "**,!connected"),
    ];
    for pattern in accepted {
        assert_eq!(pattern.to_string(), pattern.pattern().as_str());
        assert_eq!(
            format!("{pattern:?}"),
            format!("TypedPattern({:?})", pattern.pattern().as_str())
        );
        assert_eq!(pattern.clone().pattern(), pattern.pattern());
    }
}

#[test]
fn the_type_may_be_a_path_or_an_alias() {
    type Alias = ProviderEvent;
    let cleared: TypedPattern<_> = pattern!(cache::Cleared, "cleared");
    assert!(cleared.pattern().matches("cleared"));
    let _: TypedPattern<ProviderEvent> = pattern!(Alias, "connected");
}

#[test]
fn a_typed_pattern_selects_as_it_says() {
    let bus = rem::Bus::new();
    let (send, receive) = std::sync::mpsc::channel();
    let _limited = bus.on_pattern(
        pattern!(ProviderEvent, "by_name.*.rate_limited"),
        move |event: &rem::Event<ProviderEvent>| send.send(event.topic().to_string()),
    );
    bus.publish(ProviderEvent::Connected).unwrap();
    bus.publish(ProviderEvent::RateLimited { name: "a".to_owned() }).unwrap();
    bus.publish(ProviderEvent::Cache(CacheEvent::Miss(String::new()))).unwrap();
    let child = bus.child("eu-west").unwrap();
    child.publish(ProviderEvent::RateLimited { name: "b".to_owned() }).unwrap();
    child.publish(ProviderEvent::Cache(CacheEvent::Hit)).unwrap();
    bus.publish(ProviderEvent::Internal).unwrap_err();
    let topics: Vec<String> = receive.try_iter().collect();
    let expected = [
        "system.provider.by_name.a.rate_limited",
        "eu-west.system.provider.by_name.b.rate_limited",
    ];
    assert_eq!(topics, expected);
}

/// A type of two hundred topics and a pattern for the last: far inside what the compiler allows a constant.
#[test]
fn a_large_type_is_no_burden() {
    macro_rules! large {
        ($($a:ident)*; $all:tt) => { large!(@ $($a $all)*); };
        (@ $($a:ident [$($b:ident)*])*) => {
            $(
                #[derive(EventType, Debug, Clone, Serialize, Deserialize)]
                enum $a { $($b,)* LastOfThisOne, #[event(topic = "with.{value}.in_it")] With { value: u8 } }
            )*
            #[derive(EventType, Debug, Clone, Serialize, Deserialize)]
            enum Large { $(#[event(nested)] $a($a),)* }
        };
    }
    large!(A B C D E F G H I J K L M N O P Q R S T;
        [Connected Disconnected Reconnecting RateLimited Overloaded Recovered TimedOut Cancelled]);
    assert_eq!(Large::SCHEMA.len(), 200);
    let last = pattern!(Large, "t.with.*.in_it");
    assert!(last.pattern().matches("t.with.5.in_it"));
    let value = Large::T(T::With { value: 5 });
    assert_eq!(EventType::leaf(&value), 199);
    let every: Vec<Large> = vec![
        A::Connected.into(),
        B::Disconnected.into(),
        C::Reconnecting.into(),
        D::RateLimited.into(),
        E::Overloaded.into(),
        F::Recovered.into(),
        G::TimedOut.into(),
        H::Cancelled.into(),
        I::LastOfThisOne.into(),
    ];
    assert_eq!(
        every.iter().map(EventType::leaf).collect::<Vec<_>>(),
        [0, 11, 22, 33, 44, 55, 66, 77, 88]
    );
}
