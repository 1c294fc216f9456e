//! Groups: some of a type's events by a name.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rem::prelude::*;

mod inner {
    use rem::EventType;

    #[derive(EventType, Debug, Clone)]
    #[event(namespace = "provider", local)]
    #[event(
        group(Connections = "{connected,lost}", limits = "by_name.*.limited"),
        group(All = "**")
    )]
    pub(crate) enum Provider {
        Connected,
        Lost,
        #[event(topic = "by_name.{name}.limited")]
        Limited {
            name: &'static str,
        },
    }
}

use inner::Provider;

#[test]
fn a_group_is_subscribed_to_by_its_name() {
    let bus = Bus::new();
    let counts: [Arc<AtomicUsize>; 3] = Default::default();
    let count = |at: usize| {
        let count = Arc::clone(&counts[at]);
        move |_: &Event<Provider>| {
            count.fetch_add(1, Ordering::Relaxed);
        }
    };
    let _subs = [
        bus.on_pattern(Provider::connections(), count(0)),
        bus.on_pattern(Provider::limits(), count(1)),
        bus.on_pattern(Provider::all(), count(2)),
    ];
    for event in [Provider::Connected, Provider::Limited { name: "a" }, Provider::Lost] {
        bus.publish(event).unwrap();
    }
    assert_eq!(counts.map(|count| count.load(Ordering::Relaxed)), [2, 1, 3]);
    assert_eq!(Provider::connections().to_string(), "{connected,lost}");
}
