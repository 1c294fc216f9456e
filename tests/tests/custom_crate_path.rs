//! REM under another name: `crate = path` in the derive and in the macros.

/// What a crate that re-exports REM looks like to its users.
mod framework {
    pub(crate) mod inner {
        pub(crate) use rem as bus;
    }
}

/// Takes the name that the macros would use if they were not told otherwise.
mod without_rem {
    /// Not REM.
    mod rem {}

    use crate::framework::inner::bus::{self, EventType, Pattern, Topic, TypedPattern};
    use serde::{Deserialize, Serialize};

    #[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[event(crate = bus, namespace = "cache")]
    pub(crate) enum CacheEvent {
        Hit,
    }

    #[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[event(crate = crate::framework::inner::bus)]
    pub(crate) enum ProviderEvent {
        Connected,
        #[event(nested)]
        Cache(CacheEvent),
        #[event(topic = "by_name.{name}.lost")]
        Lost {
            name: String,
        },
    }

    #[derive(Default)]
    pub(crate) struct Counts(pub(crate) std::sync::atomic::AtomicU32);

    #[bus::handlers(crate = crate::framework::inner::bus)]
    impl Counts {
        #[on("connected", priority = 1)]
        fn connected(&self, _event: &bus::Event<ProviderEvent>, _topic: &Topic) {
            self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    }

    #[bus::on("cache.hit", crate = bus)]
    pub(crate) fn hit(_event: bus::Received<ProviderEvent>) {}

    pub(crate) fn topic() -> Topic {
        bus::topic!(crate = bus, "order.paid")
    }

    pub(crate) fn pattern() -> Pattern {
        bus::pattern!(crate = crate::framework::inner::bus, "order.*")
    }

    pub(crate) fn typed_pattern() -> TypedPattern<ProviderEvent> {
        bus::pattern!(crate = bus, ProviderEvent, "cache.>")
    }
}

/// A type whose path begins with `crate` is not taken for the key.
mod elsewhere {
    pub(crate) fn typed_pattern() -> rem::TypedPattern<crate::without_rem::CacheEvent> {
        rem::pattern!(crate::without_rem::CacheEvent, "hit")
    }
}

use rem::EventType;
use without_rem::{CacheEvent, ProviderEvent};

#[test]
fn all_of_it_works_by_another_path() {
    assert_eq!(without_rem::topic(), "order.paid");
    assert!(without_rem::pattern().matches("order.paid"));
    assert!(without_rem::typed_pattern().pattern().matches("cache.hit"));
    assert!(elsewhere::typed_pattern().pattern().matches("hit"));
    assert_eq!(ProviderEvent::SCHEMA.len(), 3);
    let bus = rem::Bus::new();
    let recorder = rem::testing::Recorder::new(&bus);
    let counts = std::sync::Arc::new(without_rem::Counts::default());
    let _counts = bus.register(std::sync::Arc::clone(&counts)).unwrap();
    let hits = bus.register_fn::<without_rem::hit>().unwrap();
    bus.publish(ProviderEvent::Lost { name: "a".to_owned() }).unwrap();
    bus.publish(ProviderEvent::from(CacheEvent::Hit)).unwrap();
    bus.publish(ProviderEvent::Connected).unwrap();
    recorder.assert_topics(&["by_name.a.lost", "cache.hit", "connected"]);
    assert_eq!(counts.0.load(std::sync::atomic::Ordering::Relaxed), 1);
    assert!(hits.is_active());
}
