//! Event types with parameters: of types, of constants, with bounds, nested in one another.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

use std::fmt::{Debug, Display};
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use rem::prelude::*;
use rem::testing::Recorder;
use rem::wire::{Body, Codec};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// One event, of any type and of as many values as there may be.
#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "settings", topic = "{key}.changed")]
struct Changed<T, const N: usize = 1> {
    #[event(key)]
    key: String,
    value: T,
    /// Any number of them.
    others: Others<N>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
struct Others<const N: usize>(Vec<u8>);

/// As it was written first.
#[derive(EventType, Debug, Serialize, Deserialize)]
#[event(name = "moved")]
struct MovedV1<T> {
    from: T,
}

/// Parameters wherever the derive looks at a field, and bounds on the type itself.
#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "stock", rename_all = "kebab-case", group(Labels = "{labelled,moved}.**"))]
enum Stock<Id: Display, P>
where
    P: PartialEq,
{
    #[event(topic = "labelled.{id}", alias = "named.{id}")]
    Labelled {
        id: Id,
        label: String,
    },
    #[event(version = 2, upcast = Self::from_one)]
    Moved {
        from: P,
        to: Option<P>,
    },
    Checked {
        #[event(key)]
        id: Id,
        at: Vec<P>,
        #[event(redact)]
        by: P,
    },
    Empty,
}

impl<Id: Display, P: PartialEq> Stock<Id, P> {
    fn from_one(MovedV1 { from }: MovedV1<P>) -> Self {
        Self::Moved { from, to: None }
    }
}

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Cache {
    Hit,
    Miss,
}

/// Nests what depends on its parameter and what does not.
#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "shop", group(Stocks = "stock.**"))]
enum Shop<P: PartialEq> {
    Opened,
    #[event(nested)]
    Stock(Stock<u32, P>),
    #[event(nested)]
    Cache(Cache),
}

/// Nests whatever event type it is given.
#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "site")]
enum Site<E> {
    #[event(nested = "inner")]
    Inner(E),
    Closed,
}

/// Nests nothing that depends on its parameter.
#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "cached")]
enum Cached<T> {
    #[event(nested = "")]
    Cache(Cache),
    Stored(T),
}

/// Names its parameter within parentheses alone.
#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Pairs<T> {
    #[event(nested = "of")]
    Of(Changed<(T, u8)>),
}

fn both_codecs<E: EventType + PartialEq>(topic: &str, value: &E) {
    for codec in Codec::ALL.iter().copied() {
        let bytes = value.encode(codec).unwrap();
        assert_eq!(E::decode(topic, &Body::new(codec, &bytes)).as_ref(), Ok(value), "{codec}");
    }
}

fn topics_of<E: EventType>() -> Vec<String> {
    E::SCHEMA.leaves().into_iter().map(|leaf| leaf.topic).collect()
}

#[test]
fn topics_are_those_of_a_type_without_parameters() {
    assert_eq!(topics_of::<Changed<u8, 2>>(), ["settings.{key}.changed"]);
    let stock = ["labelled.{id}", "moved", "checked", "empty"];
    assert_eq!(topics_of::<Stock<u8, f32>>(), stock.map(|topic| format!("stock.{topic}")));
    let mut shop = vec!["shop.opened".to_owned()];
    shop.extend(stock.map(|topic| format!("shop.stock.{topic}")));
    shop.extend(["shop.cache.hit".to_owned(), "shop.cache.miss".to_owned()]);
    assert_eq!(topics_of::<Shop<f32>>(), shop);
    let mut site: Vec<_> = shop.iter().map(|topic| topic.replace("shop.", "site.inner.")).collect();
    site.push("site.closed".to_owned());
    assert_eq!(topics_of::<Site<Shop<f32>>>(), site);
    assert_eq!(topics_of::<Site<Cache>>(), ["site.inner.hit", "site.inner.miss", "site.closed"]);
    assert_eq!(topics_of::<Cached<u8>>(), ["cached.hit", "cached.miss", "cached.stored"]);
    assert_eq!(topics_of::<Pairs<f32>>(), ["of.{key}.changed"]);

    assert_eq!(Site::Inner(Shop::Stock(Stock::<u32, u8>::Empty)).leaf(), 4);
    assert_eq!(Site::<Shop<u8>>::Closed.leaf(), 7);
    assert_eq!(Cached::Stored(0_u8).leaf(), 2);
    let schema = Changed::<u8>::SCHEMA;
    assert_eq!((schema.name, schema.events[0].fields[1].ty), ("Changed", "T"));
    assert_eq!(schema.events[0].fields[2].doc, "Any number of them.");
}

#[test]
fn values_travel_and_come_back() {
    let bus = Bus::new();
    let recorder = Recorder::new(&bus);
    let changed =
        Changed { key: "a.b".to_owned(), value: vec![1.5, 2.0], others: Others::<3>(vec![7]) };
    let label = || "for sale".to_owned();
    let stock = [
        Stock::Labelled { id: 'x', label: label() },
        Stock::Moved { from: 1_u64, to: Some(2) },
        Stock::Checked { id: 'y', at: vec![3], by: 4 },
        Stock::Empty,
    ];
    bus.publish(changed.clone()).unwrap();
    for event in &stock {
        bus.publish(event.clone()).unwrap();
    }
    let inner = Shop::from(Stock::<u32, u8>::Labelled { id: 5, label: label() });
    bus.publish(Site::from(inner.clone())).unwrap();
    bus.publish(Site::<Shop<u8>>::Closed).unwrap();
    bus.publish(Cached::<u8>::from(Cache::Hit)).unwrap();
    recorder.assert_topics(&[
        "settings.a%2Eb.changed",
        "stock.labelled.x",
        "stock.moved",
        "stock.checked",
        "stock.empty",
        "site.inner.stock.labelled.5",
        "site.closed",
        "cached.hit",
    ]);

    both_codecs("a%2Eb.changed", &changed);
    for (topic, event) in ["labelled.x", "moved", "checked", "empty"].iter().zip(&stock) {
        both_codecs(topic, event);
    }
    both_codecs("inner.stock.labelled.5", &Site::from(inner));
    both_codecs("hit", &Cached::<u8>::from(Cache::Hit));

    let named = Body::new(Codec::Json, br#"{"id":"x","label":"for sale"}"#);
    assert_eq!(Stock::decode("named.x", &named).as_ref(), Ok(&stock[0]));
    let old = Body::new(Codec::Json, br#"{"from":1}"#).version(1);
    let moved = Shop::<u64>::decode("stock.moved", &old).unwrap();
    assert_eq!(moved, Shop::from(Stock::Moved { from: 1, to: None }));
}

#[test]
fn marks_are_those_of_each_field() {
    let checked = Stock::Checked { id: 9, at: vec![1], by: 2 };
    assert_eq!(checked.key().as_deref(), Some("9"));
    let bus = Bus::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&seen);
    let _sub = bus.subscribe("**", move |event: &Event| {
        notes.lock().unwrap().push(format!("{event:?}"));
    });
    let at = vec!["here".to_owned()];
    bus.publish(Shop::from(Stock::Checked { id: 9, at, by: "me".to_owned() })).unwrap();
    let seen = seen.lock().unwrap();
    let shown = r#"Stock(Checked { id: 9, at: ["here"], by: [redacted] })"#;
    assert!(seen[0].contains(shown), "{}", seen[0]);
}

/// Two types made of one have the same topics and are different types.
#[test]
fn each_set_of_parameters_is_a_type_of_its_own() {
    fn changed<T>(value: T) -> Changed<T> {
        Changed { key: "k".to_owned(), value, others: Others::default() }
    }
    let bus = Bus::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (bytes, words) = (Arc::clone(&seen), Arc::clone(&seen));
    let of_bytes = bus.on(move |event: &Event<Changed<u8>>| {
        bytes.lock().unwrap().push(format!("{:?}", event.data.value));
    });
    let of_words = bus.on(move |event: &Event<Changed<u16>>| {
        words.lock().unwrap().push(format!("{:?}", event.data.value));
    });
    let told: Recorder = Recorder::of(&bus, "$rem.event.mismatched").unwrap();
    for _ in 0..2 {
        assert_eq!(bus.publish(changed(1_u8)).unwrap().delivered(), 1);
        assert_eq!(bus.publish(changed(2_u16)).unwrap().delivered(), 1);
    }
    assert_eq!(*seen.lock().unwrap(), ["1", "2", "1", "2"]);
    assert_eq!((of_bytes.mismatches(), of_words.mismatches()), (2, 2));
    assert!(!told.topics().is_empty(), "what is of another type is told");
    // Another number is another type as well.
    let wide = Changed { key: "k".to_owned(), value: 3_u8, others: Others::<2>::default() };
    assert_eq!(bus.publish(wide).unwrap().delivered(), 0);
    assert_eq!((of_bytes.mismatches(), of_words.mismatches()), (3, 3));
}

#[test]
fn a_publisher_is_of_its_own_type() {
    let bus = Bus::new();
    let recorder = Recorder::new(&bus);
    let (small, large) = (bus.publisher::<Stock<u8, u8>>(), bus.publisher::<Stock<u8, u64>>());
    small.publish(Stock::Empty).unwrap();
    large.publish(Stock::Moved { from: 1, to: None }).unwrap();
    small.publish(Stock::Labelled { id: 1, label: String::new() }).unwrap();
    recorder.assert_topics(&["stock.empty", "stock.moved", "stock.labelled.1"]);
}

#[test]
fn nested_types_convert_and_are_seen() {
    let stock = Stock::<u32, u8>::Empty;
    let shop = Shop::from(stock.clone());
    assert_eq!(Stock::try_from(shop), Ok(stock.clone()));
    assert_eq!(Cache::try_from(Shop::<u8>::Opened), Err(Shop::Opened));
    assert_eq!(Cache::try_from(Shop::<u8>::from(Cache::Miss)), Ok(Cache::Miss));
    assert_eq!(Cache::try_from(Cached::Stored(1)), Err(Cached::Stored(1)));
    assert_eq!(Site::from(Cache::Hit), Site::Inner(Cache::Hit));

    let bus = Bus::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (parts, wholes) = (Arc::clone(&seen), Arc::clone(&seen));
    let _of_part = bus.on(move |event: &Event<Stock<u32, u8>>| {
        parts.lock().unwrap().push(format!("part {:?}", event.data));
    });
    let _of_whole = bus.on(move |event: &Event<Site<Shop<u8>>>| {
        wholes.lock().unwrap().push(format!("whole {:?}", event.data));
    });
    bus.publish(Site::Inner(Shop::from(stock.clone()))).unwrap();
    bus.publish_to("site.inner.stock.empty", stock).unwrap();
    let seen = seen.lock().unwrap();
    let whole = "whole Inner(Stock(Empty))";
    assert_eq!(*seen, ["part Empty", whole, whole]);
}

#[test]
fn patterns_and_groups_are_checked_against_them() {
    let typed = pattern!(Stock<u8, u8>, "labelled.*");
    assert!(typed.pattern().matches("labelled.1"));
    assert!(
        pattern!(Site<Shop<u8>>, "inner.stock.{moved,empty}")
            .pattern()
            .matches("inner.stock.moved")
    );
    assert_eq!(Stock::<u8, u8>::labels().pattern().as_str(), "{labelled,moved}.**");
    assert_eq!(Shop::<u8>::stocks().pattern().as_str(), "stock.**");

    let bus = Bus::new();
    let _sub = bus.on_pattern(Stock::<u8, u8>::labels(), |_: &Event<Stock<u8, u8>>| {});
    let labelled = Stock::<u8, u8>::Labelled { id: 1, label: String::new() };
    assert_eq!(bus.publish(labelled).unwrap().delivered(), 1);
    assert_eq!(bus.publish(Stock::<u8, u8>::Empty).unwrap().delivered(), 0);
}

/// Whoever is generic over it asks for what serde and `Debug` ask for, and for nothing of ours.
#[test]
fn it_is_an_event_type_wherever_it_can_be() {
    fn announce<T>(bus: &Bus, value: T) -> usize
    where
        T: Debug + Send + Sync + Serialize + DeserializeOwned + 'static,
    {
        let key = "any".to_owned();
        bus.publish(Changed { key, value, others: Others::<1>::default() }).unwrap().delivered()
    }
    let bus = Bus::new();
    let _sub = bus.subscribe("settings.any", |_: &Event| {});
    assert_eq!(announce(&bus, Some(1)) + announce(&bus, "text".to_owned()), 2);
}

trait Unit {
    type Amount: Display;
}

#[derive(Debug)]
struct Gram;

impl Unit for Gram {
    type Amount = f64;
}

/// What is associated with a parameter stands in a topic; and no serde.
#[derive(EventType, Debug)]
#[event(topic = "measured.{amount}", local)]
struct Measured<U: Unit> {
    amount: U::Amount,
    #[event(redact)]
    of: Option<U>,
}

/// serde asks nothing of what it skips, and so does the derive.
#[derive(EventType, Debug, Serialize, Deserialize, PartialEq)]
#[serde(bound = "")]
struct Tagged<T> {
    number: u8,
    #[serde(skip)]
    tag: PhantomData<fn() -> T>,
}

/// Neither `Send` nor serde's, which is nobody's business.
#[derive(Debug, PartialEq)]
struct NoData(PhantomData<Rc<u8>>);

#[test]
fn bounds_are_no_stricter_than_the_types_own() {
    let bus = Bus::new();
    let recorder = Recorder::new(&bus);
    bus.publish(Measured::<Gram> { amount: 0.5, of: None }).unwrap();
    let tagged = Tagged::<NoData> { number: 1, tag: PhantomData };
    both_codecs("tagged", &tagged);
    bus.publish(tagged).unwrap();
    recorder.assert_topics(&["measured.0%2E5", "tagged"]);
}

/// More topics than most types have, of which the compiler learns when the parameter is known.
mod large {
    macro_rules! large {
        ($name:ident: $($variant:ident)*) => {
            #[derive(rem::EventType, Debug, Clone, Copy)]
            #[event(local)]
            #[expect(dead_code, reason = "it is there for its topics")]
            pub(crate) enum $name { $($variant,)* }
        };
    }
    large!(Large:
        A00 A01 A02 A03 A04 A05 A06 A07 A08 A09 A10 A11 A12 A13 A14 A15 A16 A17 A18 A19 A20 A21 A22 A23
        A24 A25 A26 A27 A28 A29 A30 A31 A32 A33 A34 A35 A36 A37 A38 A39 A40 A41 A42 A43 A44 A45 A46 A47);

    #[derive(rem::EventType, Debug, Clone, Copy)]
    #[event(local)]
    pub(crate) enum Twice<A, B> {
        #[event(nested)]
        First(A),
        #[event(nested)]
        Second(B),
    }
}

#[test]
fn many_topics_are_checked_too() {
    use large::{Large, Twice};

    type Eight = Twice<Twice<Large, Large>, Twice<Large, Large>>;
    type All = Twice<Twice<Eight, Eight>, Twice<Eight, Eight>>;
    const { assert!(All::SCHEMA.len() == 16 * 48) };
    let last: All = Twice::Second(Twice::Second(Twice::Second(Twice::Second(Large::A47))));
    assert_eq!(last.leaf(), 16 * 48 - 1);
    let pattern = pattern!(Twice<Twice<Large, Large>, Large>, "first.second.a4[5-7]");
    assert!(pattern.pattern().matches("first.second.a47"));
}

/// Conversions stand where the language lets them: none of two that could be the same.
#[test]
fn conversions_that_could_meet_are_left_out() {
    #[derive(EventType, Debug, Clone)]
    #[event(local)]
    enum One<T> {
        Of(T),
    }
    #[derive(EventType, Debug, Clone)]
    #[event(local)]
    enum Two<T, E> {
        #[event(nested)]
        First(One<T>),
        #[event(nested)]
        Second(One<u8>),
        #[event(nested)]
        Any(E),
    }
    #[derive(EventType, Debug, Clone, PartialEq)]
    #[event(local)]
    struct Tick;
    #[derive(EventType, Debug, Clone, PartialEq)]
    #[event(local)]
    enum Beside<E> {
        #[event(nested)]
        Tick(Tick),
        #[event(nested)]
        Any(E),
    }
    let two: Two<u8, One<u16>> = Two::Second(One::Of(1));
    assert!(matches!(two, Two::Second(_)));
    assert_eq!(topics_of::<Two<u8, One<u16>>>(), ["first.of", "second.of", "any.of"]);
    // What is no parameter keeps its own.
    assert_eq!(Beside::<Tick>::from(Tick), Beside::Tick(Tick));
    assert_eq!(Tick::try_from(Beside::Any(Tick)), Err(Beside::Any(Tick)));
}

/// What is associated with a parameter may be nested too.
#[test]
fn a_type_that_a_parameter_names_is_nested() {
    trait Store {
        type Event: EventType + Clone;
    }
    #[derive(Debug, Clone, PartialEq)]
    struct Disk;
    impl Store for Disk {
        type Event = Cache;
    }
    #[derive(EventType, Debug, Clone, PartialEq)]
    #[event(local)]
    enum Stored<S: Store> {
        Opened(S),
        #[event(nested)]
        Event(S::Event),
        #[event(nested)]
        Own(<S as Store>::Event),
    }
    assert_eq!(topics_of::<Stored<Disk>>()[3..], ["own.hit", "own.miss"]);
    let all = [Stored::Opened(Disk), Stored::Event(Cache::Hit), Stored::Own(Cache::Miss)];
    assert_eq!(all.map(|event| event.leaf()), [0, 1, 4]);
}
