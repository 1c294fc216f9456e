//! From the name of a variant to its topic: `rename_all`, `name`, `namespace`.

use rem::testing::{Recorder, TestBus};
use rem::{EventType, Topic};
use serde::{Deserialize, Serialize};

/// The topic under which a value is published.
fn topic_of<E: EventType>(event: E) -> String {
    let test = TestBus::new();
    let recorder = Recorder::new(&test.bus);
    test.bus.publish(event).expect("the event has a topic");
    recorder.topics().concat()
}

fn topics_of<E: EventType>() -> Vec<String> {
    E::SCHEMA.leaves().into_iter().map(|leaf| leaf.topic).collect()
}

/// One enum a case, all with the same variants.
macro_rules! cases {
    ($($name:ident $case:literal: $plain:literal, $two:literal, $acronym:literal, $digit:literal;)*) => {
        $(
            #[derive(EventType, Debug, Clone, Serialize, Deserialize)]
            #[event(rename_all = $case)]
            enum $name {
                Lost,
                RateLimited,
                HTTPServer,
                V2Ready,
            }
        )*

        #[test]
        fn every_case_of_rename_all() {
            $(
                let expected = [$plain, $two, $acronym, $digit];
                assert_eq!(topics_of::<$name>(), expected, $case);
                let events = [$name::Lost, $name::RateLimited, $name::HTTPServer, $name::V2Ready];
                assert_eq!(events.map(topic_of), expected, $case);
            )*
        }
    };
}

cases! {
    Lower "lowercase": "lost", "ratelimited", "httpserver", "v2ready";
    Upper "UPPERCASE": "LOST", "RATELIMITED", "HTTPSERVER", "V2READY";
    Pascal "PascalCase": "Lost", "RateLimited", "HTTPServer", "V2Ready";
    Camel "camelCase": "lost", "rateLimited", "httpServer", "v2Ready";
    Snake "snake_case": "lost", "rate_limited", "http_server", "v2_ready";
    ScreamingSnake "SCREAMING_SNAKE_CASE": "LOST", "RATE_LIMITED", "HTTP_SERVER", "V2_READY";
    Kebab "kebab-case": "lost", "rate-limited", "http-server", "v2-ready";
    ScreamingKebab "SCREAMING-KEBAB-CASE": "LOST", "RATE-LIMITED", "HTTP-SERVER", "V2-READY";
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
enum Plain {
    RateLimited,
}

#[test]
fn snake_case_is_what_is_not_said() {
    assert_eq!(topic_of(Plain::RateLimited), "rate_limited");
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "system.provider", rename_all = "kebab-case")]
enum ProviderEvent {
    RateLimited,
    /// A name is taken as it is.
    #[event(name = "Wieder_da")]
    Back,
    #[event(name = "überlastet")]
    Overloaded,
    #[event(name = "$5")]
    Paid,
    r#Match,
}

#[test]
fn a_name_is_taken_as_it_is_below_the_namespace() {
    assert_eq!(topic_of(ProviderEvent::RateLimited), "system.provider.rate-limited");
    assert_eq!(topic_of(ProviderEvent::Back), "system.provider.Wieder_da");
    assert_eq!(topic_of(ProviderEvent::Overloaded), "system.provider.überlastet");
    assert_eq!(topic_of(ProviderEvent::Paid), "system.provider.$5");
    assert_eq!(topic_of(ProviderEvent::r#Match), "system.provider.match");
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "order")]
struct OrderPlaced {
    id: u64,
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(rename_all = "SCREAMING-KEBAB-CASE")]
struct OrderLost;

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(name = "found")]
struct OrderFound(u64);

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "order", topic = "by_id.{0}.sent")]
struct OrderSent(u64);

#[test]
fn a_struct_is_one_event() {
    assert_eq!(topic_of(OrderPlaced { id: 1 }), "order.order_placed");
    assert_eq!(topic_of(OrderLost), "ORDER-LOST");
    assert_eq!(topic_of(OrderFound(1)), "found");
    assert_eq!(topic_of(OrderSent(7)), "order.by_id.7.sent");
    assert_eq!(topics_of::<OrderSent>(), ["order.by_id.{0}.sent"]);
}

#[test]
fn every_fixed_topic_is_a_topic() {
    fn check<E: EventType>() {
        for leaf in E::SCHEMA.leaves().into_iter().filter(|leaf| !leaf.is_template()) {
            assert!(Topic::parse(&leaf.topic).is_ok(), "{leaf}");
        }
    }
    check::<Lower>();
    check::<Upper>();
    check::<Pascal>();
    check::<Camel>();
    check::<Snake>();
    check::<ScreamingSnake>();
    check::<Kebab>();
    check::<ScreamingKebab>();
    check::<ProviderEvent>();
    check::<OrderPlaced>();
}
