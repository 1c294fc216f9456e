//! The lock: what breaks who reads events of before is told, with the place and how to mend it; what does not is not.

use std::fs;
use std::path::{Path, PathBuf};

use rem::prelude::*;
use rem::schema::{JsonSchema, Lock, LockError, LockErrorKind, LockMode, Locked};
use rem::wire::{Body, Codec};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::fields;

/// A file of a test's own, not there yet.
pub(crate) fn path(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.lock.json"));
    let _ = fs::remove_file(&path);
    path
}

/// What a change from one type to another comes to.
fn change<Old, New>(name: &str) -> Result<Locked, LockError>
where
    Old: EventType + JsonSchema + DeserializeOwned,
    New: EventType + JsonSchema + DeserializeOwned,
{
    let path = path(name);
    let written = Lock::at(&path).event_type::<Old>().mode(LockMode::Write).check().unwrap();
    assert_eq!(written, Locked::Written);
    assert_eq!(
        Lock::at(&path).event_type::<Old>().mode(LockMode::Locked).check().unwrap(),
        Locked::Same,
        "a type is what it was"
    );
    Lock::at(&path).event_type::<New>().mode(LockMode::Check).check()
}

/// Types of events, each in a module, so that all of one test may have one name.
macro_rules! types {
    ($($(#[$attribute:meta])* $module:ident { $($body:tt)* })*) => {
        $(pub(crate) mod $module {
            use super::*;

            #[derive(EventType, Debug, Serialize, Deserialize, JsonSchema)]
            #[event(namespace = "order")]
            $(#[$attribute])*
            pub(crate) enum Order {
                $($body)*
            }
        })*
    };
}

/// Three types deep.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Line<T> {
    item: Item<T>,
    count: Option<u16>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Item<T> {
    price: Price<T>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Price<T> {
    amount: T,
}

/// The same under other names, with docs, and with a field that may be missing.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Row<T> {
    /// What is bought.
    item: Article<T>,
    count: Option<u16>,
    #[serde(default)]
    gift: bool,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "An article")]
pub(crate) struct Article<T> {
    price: Price<T>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) enum State {
    New,
    Old { days: u32 },
    Lost,
}

/// In another order, with one more, and with one that has docs.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) enum Stage {
    Lost,
    /// It was there before.
    Old {
        days: u64,
    },
    New,
    Found(String),
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) enum Fewer {
    New,
    Old { days: u32 },
}

types! {
    first {
        /// It was placed.
        Placed { id: u64, lines: Vec<Line<u32>>, state: State },
        #[event(topic = "{id}.paid", alias = "{id}.payed")]
        Paid { id: u64, #[serde(default)] note: Option<String> },
        Closed(u16),
        Ping,
    }
    renamed_and_wider {
        /// Said in other words.
        #[serde(rename = "elsewhere")]
        Placed { id: u64, lines: Vec<Row<i64>>, state: Stage, #[serde(default)] note: String, more: Option<Box<Row<u8>>> },
        /// A new one, before an old one.
        Opened { id: u64 },
        #[event(topic = "{id}.paid", alias = "{id}.payed", alias = "{id}.settled")]
        Paid { id: u64, #[serde(default)] note: Option<String> },
        Closed(u32),
        Ping,
    }
    under_another_name {
        Placed { id: u64, lines: Vec<Line<u32>>, state: State },
        #[event(topic = "{id}.paid", alias = "{id}.payed")]
        Paid { id: u64, #[serde(default)] note: Option<String> },
        #[event(alias = "closed")]
        Done(u16),
        Ping,
    }
    narrower {
        Placed { id: u32, lines: Vec<Line<String>>, state: Fewer, shop: String },
        #[event(topic = "{id}.paid")]
        Paid { id: u64, note: String },
        Shut(u16),
        Ping { at: u64 },
    }
    other_template {
        Placed { id: u64, lines: Vec<Line<u32>>, state: State },
        #[event(topic = "{number}.paid", alias = "{number}.payed")]
        Paid { number: u64, #[serde(default)] note: Option<String> },
        Closed(u16),
        Ping,
    }
}

#[test]
fn what_breaks_nothing_is_not_told() {
    let wider = change::<first::Order, renamed_and_wider::Order>("wider").unwrap();
    assert_eq!(wider, Locked::Compatible);
    let renamed = change::<first::Order, under_another_name::Order>("under another name").unwrap();
    assert_eq!(renamed, Locked::Compatible);
}

#[test]
fn what_breaks_is_told_with_its_place_and_how_to_mend_it() {
    let error = change::<first::Order, narrower::Order>("narrower").unwrap_err();
    assert_eq!(error.kind(), LockErrorKind::Breaks);
    assert_eq!(error.topics(), ["order.closed", "order.ping", "order.placed", "order.{id}.paid"]);
    let said = error.to_string();
    for expected in [
        "4 events are not read as before, by ",
        "order.placed (Order::Placed, version 1)\n",
        "    $.shop: a new field that must be there, and data of before does not have it\n",
        "    $.id: it was an integer (uint64), and is an integer (uint32): fewer values\n",
        "    $.lines[*].item.price.amount: it was an integer (uint32), and is a string\n",
        "    $.state: `Lost` was a value, and is none any more\n",
        "or write `#[event(version = 2, upcast = …)]`",
        "    $.note: it must be there now, and data of before may not have it\n",
        "    mend: give the field a `#[serde(default)]`, or make it an `Option`; or ",
        "order.closed (Order::Closed, version 1)\n    the topic is gone",
        "if `Order::Shut` took its place, write `#[event(alias = \"closed\")]` above it\n",
        "order.ping (Order::Ping, version 1)\n    $: it was anything, and is an object\n",
        "    it is not read under `order.{id}.payed` any more\n",
        "`REM_LOCK=write cargo test`",
    ] {
        assert!(said.contains(expected), "{expected:?} in\n{said}");
    }

    let said = change::<first::Order, other_template::Order>("template").unwrap_err().to_string();
    assert!(said.contains("the topic's template is `order.{number}.paid` now"), "{said}");
    assert!(!said.contains("order.placed"), "what is as it was is not told:\n{said}");
}

/// One change at a time, as the docs promise; and the promise is true: what is told to break is not read, and what is not
/// told is.
#[test]
fn the_table_of_the_docs_holds() {
    macro_rules! rows {
        ($($old:ident => $new:ident: $breaks:expr;)*) => {
            [$((
                concat!(stringify!($old), "_", stringify!($new)),
                change::<fields::$old::Is, fields::$new::Is>(concat!(stringify!($old), "_", stringify!($new))),
                reads::<fields::$new::Is>(fields::$old::DATA),
                reads::<fields::$old::Is>(fields::$old::DATA),
                $breaks,
            )),*]
        };
    }
    let table: [(_, _, _, _, Option<&str>); _] = rows! {
        none => defaulted: None;
        none => optional: None;
        none => required: Some("$.a: a new field that must be there");
        required => none: None;
        denying => none: None;
        required => denying: Some("$.a: unknown fields are denied");
        required => optional: None;
        required => defaulted: None;
        required => signed: None;
        required => wide: None;
        required => any: None;
        required => text: Some("$.a: it was an integer (uint32), and is a string");
        signed => required: Some("$.a: it was an integer (int64), and is an integer (uint32): fewer values");
        defaulted => required: Some("$.a: it must be there now");
        optional => defaulted: Some("$.a: it was null, and is an integer (uint32)");
        wide => required: Some("$.a: it was a number (double), and is an integer (uint32)");
        list => required: Some("$.a: it was an array of integer (uint32), and is an integer (uint32)");
        any => text: Some("$.a: it was anything, and is a string");
        letter => text: None;
        text => letter: Some("$.a: `maxLength` was not limited, and is 1");
        map => wide_map: None;
        wide_map => map: Some("$.a.*: it was an integer (int64), and is an integer (uint32)");
        keyed => map: None;
        map => keyed: Some("$.a.*: unknown fields are denied");
        tuple => longer: Some("$.a: `minItems` was 2, and is 3");
        longer => tuple: Some("$.a: `maxItems` was 3, and is 2");
        fewer => more: None;
        more => fewer: Some("$.a: `C` was a value, and is none any more");
        fixed => text: None;
        text => fixed: Some("$.a: it was a string, and is `A` or `B`");
    };
    for (row, result, is_read, was_read, breaks) in table {
        assert!(was_read, "{row}: the data is that of the old type");
        match (result, breaks) {
            (Ok(_), None) => assert!(is_read, "{row}: not told, and not read"),
            (Err(error), Some(expected)) => {
                assert!(error.to_string().contains(expected), "{row}: {error}");
                assert!(!is_read, "{row}: told, and all of it is read");
            }
            (result, breaks) => panic!("{row}: {result:?}, expected {breaks:?}"),
        }
    }
}

/// Whether all of the data is read.
fn reads<E: EventType>(data: &[&str]) -> bool {
    data.iter().all(|data| E::decode("row.is", &Body::new(Codec::Json, data.as_bytes())).is_ok())
}

mod versions {
    use super::*;

    #[derive(EventType, Debug, Serialize, Deserialize, JsonSchema)]
    #[event(topic = "order.paid")]
    pub(super) struct PaidV1 {
        euros: u32,
    }

    #[derive(EventType, Debug, Serialize, Deserialize, JsonSchema)]
    #[event(topic = "order.paid", version = 2, upcast = in_cents)]
    pub(super) struct PaidV2 {
        cents: String,
    }

    fn in_cents(PaidV1 { euros }: PaidV1) -> PaidV2 {
        PaidV2 { cents: format!("{euros}00") }
    }

    /// The shape of before, changed after the fact.
    pub(super) mod changed {
        use super::*;

        #[derive(EventType, Debug, Serialize, Deserialize, JsonSchema)]
        #[event(topic = "order.paid")]
        pub(crate) struct PaidV1 {
            euro: u32,
        }
    }
}

#[test]
fn a_version_makes_any_change_of_the_data_legal_and_only_rises() {
    use versions::{PaidV1, PaidV2, changed};
    assert_eq!(change::<PaidV1, PaidV2>("raised").unwrap(), Locked::Compatible);
    let error = change::<PaidV2, PaidV1>("lowered").unwrap_err();
    assert!(error.to_string().contains("the version is 1 now, lower than it was"), "{error}");
    assert!(
        error.to_string().contains("write `version = 3` with an `upcast` from version 2"),
        "{error}"
    );

    // A shape that an `upcast` still reads is held to what it was, if it is given.
    let path = path("old shapes");
    let both = Lock::at(&path).event_type::<PaidV2>().event_type::<PaidV1>();
    assert_eq!(both.clone().mode(LockMode::Update).check().unwrap(), Locked::Written);
    assert_eq!(both.mode(LockMode::Locked).check().unwrap(), Locked::Same);
    let changed = Lock::at(&path).event_type::<PaidV2>().event_type::<changed::PaidV1>();
    let error = changed.mode(LockMode::Check).check().unwrap_err();
    assert!(
        error.to_string().contains("order.paid (PaidV1, version 1)\n    $.euro: a new field"),
        "{error}"
    );
}
