//! Views: an enum within an enum, published whole or in part.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rem::prelude::*;
use serde::{Deserialize, Serialize};

use crate::events::Notes;

static CLONES: AtomicUsize = AtomicUsize::new(0);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Counted(u32);

impl Clone for Counted {
    fn clone(&self) -> Self {
        CLONES.fetch_add(1, Ordering::Relaxed);
        Self(self.0)
    }
}

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "deep")]
pub(crate) enum Deep {
    Hit { value: Counted },
    Miss,
}

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "cache")]
pub(crate) enum Cache {
    #[event(nested = "deep")]
    Deep(Deep),
    Cleared,
}

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "system.provider")]
pub(crate) enum Provider {
    #[event(nested)]
    Cache(Cache),
    #[event(nested = "second")]
    Second(Cache),
    Ready,
}

fn noting<E: EventType>(bus: &Bus, notes: &Notes, name: &'static str) -> Subscription {
    let notes = notes.clone();
    bus.on(move |event: &Event<E>| notes.add(format!("{name} {} {:?}", event.topic(), event.data)))
}

#[test]
fn published_whole_and_seen_by_every_part() {
    let bus = Bus::new();
    let notes = Notes::default();
    let _subs = [
        noting::<Provider>(&bus, &notes, "provider"),
        noting::<Cache>(&bus, &notes, "cache"),
        noting::<Deep>(&bus, &notes, "deep"),
    ];
    bus.publish(Provider::Second(Cache::Deep(Deep::Miss))).unwrap();
    bus.publish(Provider::Ready).unwrap();
    assert_eq!(
        notes.take(),
        [
            "provider system.provider.second.deep.miss Second(Deep(Miss))",
            "cache system.provider.second.deep.miss Deep(Miss)",
            "deep system.provider.second.deep.miss Miss",
            "provider system.provider.ready Ready",
        ]
    );
    // Alone under its own topic the part is seen by those that ask for it, and is none of the whole's.
    assert_eq!(bus.publish(Cache::Cleared).unwrap().delivered(), 1);
    assert_eq!(notes.take(), ["cache cache.cleared Cleared"]);
}

#[test]
fn parts_are_seen_from_above_a_child_by_pattern_and_after_a_change() {
    let bus = Bus::new();
    let (eu, us) = (bus.child("eu").unwrap(), bus.child("us").unwrap());
    let notes = Notes::default();
    let _subs = [
        noting::<Deep>(&bus, &notes, "root"),
        noting::<Deep>(&eu, &notes, "eu"),
        noting::<Deep>(&us, &notes, "us"),
    ];
    let _pattern = bus.on_pattern(pattern!(Cache, "cleared"), {
        let notes = notes.clone();
        move |event: &Event<Cache>| notes.add(format!("cleared {}", event.topic()))
    });
    // The same topic by name, first: it is not one of the part's, and says nothing of what the data holds.
    let named = bus.publish_to("eu.system.provider.cache.deep.miss", Provider::Ready).unwrap();
    assert_eq!(named.matched(), 0);
    for _ in 0..2 {
        eu.publish(Provider::Cache(Cache::Deep(Deep::Miss))).unwrap();
        assert_eq!(
            notes.take(),
            [
                "root eu.system.provider.cache.deep.miss Miss",
                "eu eu.system.provider.cache.deep.miss Miss"
            ]
        );
    }
    eu.publish(Provider::Cache(Cache::Cleared)).unwrap();
    assert_eq!(notes.take(), ["cleared eu.system.provider.cache.cleared"]);
    // Middleware that changes the data changes what it holds.
    us.middleware(
        "**",
        rem::middleware::transform("swap", |draft: &mut Draft| {
            draft
                .data_mut()
                .map(|data: &mut Provider| *data = Provider::Cache(Cache::Deep(Deep::Miss)))
        }),
    )
    .unwrap();
    us.publish(Provider::Ready).unwrap();
    assert_eq!(
        notes.take(),
        [
            "root us.system.provider.cache.deep.miss Miss",
            "us us.system.provider.cache.deep.miss Miss"
        ]
    );
}

#[test]
fn a_view_by_pattern_is_made_once_and_shared() {
    let bus = Bus::builder().history(Ring::events(10)).build();
    let notes = Notes::default();
    let subscribe = || {
        let notes = notes.clone();
        bus.subscribe("system.provider.cache", move |event: &Event<Deep>| {
            notes.add(format!("{:?} {:?}", event.sequence(), event.data));
        })
        .unwrap()
    };
    let _subs = [subscribe(), subscribe(), subscribe()];
    let before = CLONES.load(Ordering::Relaxed);
    let event = Provider::Cache(Cache::Deep(Deep::Hit { value: Counted(7) }));
    assert_eq!(bus.publish(event).unwrap().delivered(), 3);
    assert_eq!(notes.take(), ["Some(1) Hit { value: Counted(7) }"; 3]);
    assert_eq!(CLONES.load(Ordering::Relaxed) - before, 1, "one clone for one view");
    let seen: Vec<Arc<Event<Deep>>> = bus.query("**").unwrap().of();
    let whole = &bus.query("**").unwrap().of::<Provider>()[0];
    assert_eq!(
        (seen[0].id(), seen[0].topic(), seen[0].timestamp()),
        (whole.id(), whole.topic(), whole.timestamp())
    );
    assert_eq!(CLONES.load(Ordering::Relaxed) - before, 1, "the history shares it");
}

#[test]
fn a_part_under_a_topic_of_the_whole_is_seen_as_the_whole() {
    let bus = Bus::new();
    let notes = Notes::default();
    let _sub = noting::<Provider>(&bus, &notes, "provider");
    let part = Cache::Deep(Deep::Miss);
    bus.publish_to("system.provider.second.deep.miss", part.clone()).unwrap();
    bus.publish_to("system.provider.cache.deep.miss", Deep::Miss).unwrap();
    // A topic that does not say what the data is: not the whole's event.
    assert_eq!(bus.publish_to("system.provider.cache.cleared", part).unwrap().matched(), 0);
    assert_eq!(
        notes.take(),
        [
            "provider system.provider.second.deep.miss Second(Deep(Miss))",
            "provider system.provider.cache.deep.miss Cache(Deep(Miss))",
        ]
    );
}
