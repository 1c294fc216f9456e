//! Fields that are marked: the key of an event, and what is not for every eye.

use std::time::Duration;

use rem::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, Serialize, Deserialize, PartialEq)]
#[event(namespace = "account")]
enum Account {
    Opened {
        #[event(key)]
        id: u32,
        name: String,
        #[event(redact)]
        password: String,
    },
    Closed(#[event(key)] u32),
    Moved(#[event(redact)] String, u8),
    #[event(nested = "card")]
    Card(Card),
    #[event(nested)]
    Note(Note),
    Audited,
    #[event(skip)]
    Never {
        #[event(redact)]
        secret: u8,
    },
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize, PartialEq)]
#[event(namespace = "card")]
enum Card {
    Used {
        #[event(key, redact)]
        number: u64,
    },
}

/// Nothing of it is hidden, and it has its own way to be shown.
#[derive(EventType, Clone, Serialize, Deserialize, PartialEq)]
#[event(name = "note")]
struct Note(String);

impl std::fmt::Debug for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "«{}»", self.0)
    }
}

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(topic = "login.{type}")]
struct Login {
    #[event(key)]
    r#type: String,
    #[event(redact)]
    token: Vec<u8>,
}

/// A part within a part.
#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "shop")]
enum Shop {
    #[event(nested)]
    Account(Account),
}

fn all() -> [(Account, Option<&'static str>, &'static str); 6] {
    let (name, password) = ("Ada".to_owned(), "hunter2".to_owned());
    [
        (
            Account::Opened { id: 7, name, password },
            Some("7"),
            r#"Opened { id: 7, name: "Ada", password: [redacted] }"#,
        ),
        (Account::Closed(8), Some("8"), "Closed(8)"),
        (Account::Moved("Elsewhere 1".to_owned(), 3), None, "Moved([redacted], 3)"),
        (
            Account::Card(Card::Used { number: 4_111 }),
            Some("4111"),
            "Card(Used { number: [redacted] })",
        ),
        (Account::Note(Note("hm".to_owned())), None, "Note(«hm»)"),
        (Account::Audited, None, "Audited"),
    ]
}

#[test]
fn events_know_their_key_and_show_no_secret() {
    let bus = Bus::builder().history(Ring::events(10)).build();
    for (data, key, shown) in all() {
        bus.publish(data.clone()).unwrap();
        let typed = bus.query("**").unwrap().last(1).of::<Account>().remove(0);
        let erased: std::sync::Arc<Event> = bus.query("**").unwrap().last(1).events().remove(0);
        assert_eq!((typed.key().as_deref(), erased.key().as_deref()), (key, key));
        for text in [format!("{typed}"), format!("{erased}")] {
            assert!(text.ends_with(&format!(": {shown}")), "{text}");
        }
        for text in [format!("{typed:?}"), format!("{erased:?}")] {
            assert!(text.contains(&format!("data: {shown}")), "{text}");
        }
        assert!(format!("{typed:#?}").contains("data: "));
        assert_eq!(typed.data, data);
    }
}

#[test]
fn a_receipt_and_a_draft_show_no_secret() {
    let bus = Bus::new();
    let hides = |draft: &Draft| !format!("{draft:?}").contains("hunter2");
    bus.middleware("**", rem::middleware::filter("hides", hides)).unwrap();
    let _sub = bus
        .subscription("account.opened")
        .inline_received(|received: Received<Account>| {
            let text = format!("{received} {received:?}");
            if text.contains("hunter2") { Err(text) } else { Ok(()) }
        })
        .unwrap();
    let receipt = bus.publish(all()[0].0.clone()).unwrap();
    assert_eq!((receipt.delivered(), receipt.failed()), (1, 0));
    let builder = bus.event(all()[0].0.clone());
    assert!(format!("{builder:?}").contains("password: [redacted]"), "{builder:?}");
    let shop = Shop::Account(all()[0].0.clone());
    let part = EventType::part(&shop);
    assert!(format!("{part:?}").contains("password: [redacted]"), "{part:?}");
    // An error holds the data, which is its publisher's, and shows none of it.
    bus.close(Duration::ZERO);
    assert!(!format!("{:?}", bus.publish(all()[0].0.clone()).unwrap_err()).contains("hunter2"));
}

#[test]
fn what_is_hidden_leaves_the_process_all_the_same() {
    let login = Login { r#type: "sms".to_owned(), token: vec![1, 2] };
    let bytes = EventType::encode(&login, rem::wire::Codec::Json).unwrap();
    assert_eq!(bytes, br#"{"type":"sms","token":[1,2]}"#);
    assert_eq!(EventType::key(&login).as_deref(), Some("sms"));
}

#[test]
fn the_schema_tells_the_marks() {
    let marks = |fields: &[rem::FieldSchema]| -> Vec<(&str, bool, bool)> {
        fields.iter().map(|field| (field.name, field.key, field.redacted)).collect()
    };
    let opened = Account::SCHEMA.events[0];
    assert_eq!(
        marks(opened.fields),
        [("id", true, false), ("name", false, false), ("password", false, true)]
    );
    assert_eq!(marks(Card::SCHEMA.events[0].fields), [("number", true, true)]);
    assert_eq!(
        marks(Login::SCHEMA.events[0].fields),
        [("type", true, false), ("token", false, true)]
    );
}
