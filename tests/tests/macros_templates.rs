//! `topic = "…{field}…"`: values in topics, hostile ones too.

use std::fmt;

use rem::testing::{Recorder, TestBus};
use rem::{EventType, PublishErrorKind, Topic};
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "system.provider")]
enum ProviderEvent {
    #[event(topic = "by_name.{name}.rate_limited")]
    RateLimited { name: String, retry_after_ms: u64 },
    #[event(topic = "{0}.{2}")]
    Moved(u8, String, char),
    #[event(topic = "{kind}.by.{r}.{type}")]
    Raw { r#type: bool, r: i64, kind: Kind },
}

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(topic = "{first}.second")]
struct First {
    first: String,
}

/// A type of the user's, which says in its `Display` what stands in the topic.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
enum Kind {
    Hot,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // In pieces, as `Display` may be called.
        f.write_str("$")?;
        f.write_str("")?;
        f.write_str("ho.t")
    }
}

fn topic_of<E: EventType>(event: E) -> Result<String, PublishErrorKind> {
    let test = TestBus::new();
    let recorder = Recorder::new(&test.bus);
    match test.bus.publish(event) {
        Ok(_) => Ok(recorder.topics().concat()),
        Err(error) => {
            assert!(recorder.topics().is_empty());
            Err(match error.kind() {
                PublishErrorKind::NoTopic => PublishErrorKind::NoTopic,
                other => panic!("{other:?}"),
            })
        }
    }
}

fn limited(name: &str) -> ProviderEvent {
    ProviderEvent::RateLimited { name: name.to_owned(), retry_after_ms: 1 }
}

#[test]
fn values_stand_where_their_fields_do() {
    assert_eq!(topic_of(limited("openai")).unwrap(), "system.provider.by_name.openai.rate_limited");
    let moved = ProviderEvent::Moved(3, "left out".to_owned(), 'x');
    assert_eq!(topic_of(moved).unwrap(), "system.provider.3.x");
    let raw = ProviderEvent::Raw { r#type: true, r: -4, kind: Kind::Hot };
    assert_eq!(topic_of(raw).unwrap(), "system.provider.%24ho%2Et.by.-4.true");
}

/// Whatever a value holds, it stays one segment: no level, no wildcard, no system topic, and it comes back as it was.
#[test]
fn a_value_is_one_segment_and_can_be_read_back() {
    let hostile = [
        "",
        "%",
        "%2E",
        ".",
        "..",
        "a.b",
        "*",
        "**",
        ">",
        "?",
        "[a]",
        "{name}",
        "{}",
        ",",
        "!",
        "=",
        "a,!b",
        "$",
        "$rem",
        "$$",
        "a$",
        " ",
        "\t",
        "\n",
        "\0",
        "\u{7f}",
        "\u{a0}",
        "\u{2028}",
        "\u{3000}",
        "é",
        "日本",
        "🦀",
        "e\u{301}",
        "\u{202e}x",
        "%zz",
        "a%",
        "no change",
    ];
    for value in hostile {
        let topic = topic_of(limited(value)).unwrap();
        let topic = Topic::parse(topic).unwrap();
        let segments: Vec<&str> = topic.segments().collect();
        let ["system", "provider", "by_name", segment, "rate_limited"] = segments[..] else {
            panic!("{value:?} gives {topic}");
        };
        assert_eq!(Topic::unescape(segment), value, "{topic}");

        let topic = topic_of(First { first: value.to_owned() }).unwrap();
        let topic = Topic::parse(topic).unwrap();
        assert!(!topic.is_system(), "{value:?} gives {topic}");
        assert_eq!(Topic::unescape(topic.segments().next().unwrap()), value, "{topic}");
    }
}

#[test]
fn different_values_have_different_topics() {
    let values = ["", "%", "%25", ".", "%2E", "%2e", "a.b", "a%2Eb", "$a", "%24a", "a"];
    let topics: std::collections::HashSet<String> =
        values.iter().map(|value| topic_of(limited(value)).unwrap()).collect();
    assert_eq!(topics.len(), values.len());
}

#[test]
fn a_value_that_makes_the_topic_too_long_is_an_error_that_gives_it_back() {
    let around = "system.provider.by_name..rate_limited".len();
    let fits = limited(&"x".repeat(255 - around));
    assert_eq!(topic_of(fits).unwrap().len(), 255);
    for value in ["x".repeat(256 - around), "x".repeat(10_000), ".".repeat(80)] {
        assert!(matches!(topic_of(limited(&value)), Err(PublishErrorKind::NoTopic)));
        let event = limited(&value);
        let error = TestBus::new().bus.publish(event.clone()).unwrap_err();
        assert_eq!(error.into_data(), event);
    }
}

/// Its `Display` fails.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Mute;

impl fmt::Display for Mute {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Err(fmt::Error)
    }
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(topic = "by.{0}")]
struct ByMute(Mute);

#[test]
fn a_field_that_cannot_be_displayed_is_an_error() {
    assert!(matches!(topic_of(ByMute(Mute)), Err(PublishErrorKind::NoTopic)));
}
