//! What is not for every eye is blanked.

use std::sync::Arc;

use rem::middleware::{Redact, filter};
use rem::prelude::*;
use rem::testing::Recorder;
use serde::{Deserialize, Serialize};

use crate::support::Tick;

#[derive(EventType, Debug, Clone, Serialize, Deserialize, PartialEq)]
#[event(namespace = "account")]
enum Account {
    Opened {
        #[event(key)]
        id: u32,
        #[event(redact)]
        password: String,
        #[event(redact)]
        hint: Option<String>,
    },
    Moved(#[event(redact)] Vec<u8>, u8, #[event(redact)] Box<str>),
    #[event(topic = "card.{number}.used")]
    Used {
        #[event(redact)]
        number: u64,
    },
    #[event(nested)]
    Login(Login),
    Closed,
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize, PartialEq)]
#[event(name = "login")]
struct Login {
    name: String,
    #[event(redact)]
    token: Token,
}

#[derive(Debug, Default, Clone, Serialize, Deserialize, PartialEq)]
struct Token(u64);

/// A secret that has no value without one.
#[derive(Debug, Clone, PartialEq)]
struct Key(u8);

#[derive(EventType, Debug, Clone, PartialEq)]
#[event(namespace = "door", local)]
enum Door<T> {
    Opened(#[event(redact)] Key),
    Shut(#[event(redact)] T),
    Seen(T),
}

fn redacted(data: Account) -> Arc<Event<Account>> {
    let bus = Bus::new();
    let recorder = Recorder::of(&bus, "**").unwrap();
    bus.middleware("**", Redact::new()).unwrap();
    bus.publish(data).unwrap();
    recorder.take().remove(0)
}

#[test]
fn marked_fields_are_blanked_and_others_are_not() {
    let password = || "hunter2".to_owned();
    for (data, blanked) in [
        (
            Account::Opened { id: 7, password: password(), hint: Some(password()) },
            Account::Opened { id: 7, password: "[redacted]".to_owned(), hint: None },
        ),
        (
            Account::Moved(vec![1], 2, "there".into()),
            Account::Moved(vec![], 2, "[redacted]".into()),
        ),
        (
            Account::Login(Login { name: "Ada".to_owned(), token: Token(7) }),
            Account::Login(Login { name: "Ada".to_owned(), token: Token(0) }),
        ),
        (Account::Closed, Account::Closed),
    ] {
        assert_eq!(redacted(data).data, blanked);
    }
}

#[test]
fn a_topic_made_of_a_marked_field_does_not_tell_it() {
    let event = redacted(Account::Used { number: 4_111 });
    assert_eq!(&**event.topic(), "account.card.0.used");
    // One that was given by name is what its publisher wants it to be.
    let bus = Bus::new();
    let recorder = Recorder::new(&bus);
    bus.middleware("**", Redact::new()).unwrap();
    bus.publish_to("card", Account::Used { number: 4_111 }).unwrap();
    recorder.assert_topics(&["card"]);
}

#[test]
fn who_sees_a_part_sees_no_more_of_it() {
    let bus = Bus::new();
    let recorder = Recorder::<Login>::of(&bus, "**").unwrap();
    // A look at it before, as another type, is not what is seen after.
    bus.middleware("**", filter("looks", |draft: &Draft| format!("{draft:?}").len() > 1)).unwrap();
    bus.middleware("**", Redact::new()).unwrap();
    let login = Login { name: "Ada".to_owned(), token: Token(7) };
    bus.publish(Account::Login(login)).unwrap();
    assert_eq!(recorder.events()[0].data.token.0, 0);
}

#[test]
fn what_cannot_be_blanked_is_refused_and_says_which() {
    let bus = Bus::builder().history(Ring::events(10)).build();
    bus.middleware("**", Redact::new()).unwrap();
    let error = bus.publish(Door::<u8>::Opened(Key(7))).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("field `0` of `Door`") && text.contains("implement it"), "{text}");
    assert!(bus.query("**").unwrap().events().is_empty());
    // Of a parameter nothing is known: neither is that it has a `Default`.
    assert!(bus.publish(Door::Shut(7_u8)).is_err());
    assert_eq!(bus.publish(Door::Seen(7_u8)).unwrap().sequence(), Some(1));
}

#[test]
fn metadata_is_blanked_by_name_and_fields_may_be_left() {
    let bus = Bus::new();
    let recorder = Recorder::of(&bus, "**").unwrap();
    let all = Redact::new().metadata("token").metadata("cookie");
    bus.middleware("**", all.leaving_fields()).unwrap();
    let used = || Account::Used { number: 4_111 };
    let nested = serde_json::json!({ "of": ["a", "b"] });
    let event = bus.event(used()).metadata("token", nested).metadata("tenant", "acme");
    event.publish().unwrap();
    bus.publish(used()).unwrap();
    let events: Vec<Arc<Event<Account>>> = recorder.take();
    let metadata = events[0].metadata();
    assert_eq!(metadata.get("token").unwrap(), "[redacted]");
    assert_eq!(metadata.get("tenant").unwrap(), "acme");
    assert!(metadata.get("cookie").is_none() && events[1].metadata().is_empty());
    assert_eq!(events[0].data, used());
}

#[test]
fn types_that_mark_nothing_pass_as_they_are() {
    let bus = Bus::new();
    let recorder = Recorder::of(&bus, "**").unwrap();
    bus.middleware("**", Redact::new().metadata("token")).unwrap();
    bus.publish(Tick(7)).unwrap();
    let events: Vec<Arc<Event<Tick>>> = recorder.take();
    assert_eq!(events[0].data, Tick(7));
}

#[test]
fn a_recorded_draft_is_not_blanked_any_more() {
    struct Late;
    impl rem::Middleware for Late {
        fn handle(&self, draft: &mut Draft, next: rem::Next<'_>) -> Result<Receipt, Stop> {
            let receipt = next.run(draft)?;
            draft.redact()?;
            Ok(receipt)
        }
    }
    let bus = Bus::new();
    bus.middleware("**", Late).unwrap();
    let recorder = Recorder::of(&bus, "**").unwrap();
    bus.publish(Account::Used { number: 4_111 }).unwrap();
    let events: Vec<Arc<Event<Account>>> = recorder.take();
    assert_eq!(events[0].data, Account::Used { number: 4_111 });
    assert_eq!(bus.stats().middleware.failed, 1);
}
