//! Event types within event types: topics, conversions, and being seen as one another.

use rem::testing::{Recorder, TestBus};
use rem::{EventType, PublishErrorKind};
use serde::{Deserialize, Serialize};

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "cache")]
enum CacheEvent {
    Hit,
    #[event(topic = "{key}.missed")]
    Miss {
        key: String,
    },
    #[event(skip)]
    Internal,
}

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "disk")]
struct DiskFull(u64);

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "system.provider")]
enum ProviderEvent {
    Connected,
    /// The variant's own name before the topics.
    #[event(nested)]
    HotCache(CacheEvent),
    /// Another prefix.
    #[event(nested = "by.disk")]
    Disk(DiskFull),
}

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "app")]
enum AppEvent {
    /// No prefix at all.
    #[event(nested = "")]
    Provider(ProviderEvent),
    #[event(nested = "first")]
    First(DiskFull),
    #[event(nested = "second")]
    Second(DiskFull),
}

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
enum OnlyOne {
    #[event(nested = "")]
    App(AppEvent),
}

fn topic_of<E: EventType>(event: E) -> String {
    let test = TestBus::new();
    let recorder = Recorder::new(&test.bus);
    test.bus.publish(event).expect("the event has a topic");
    recorder.topics().concat()
}

fn miss() -> CacheEvent {
    CacheEvent::Miss { key: "a.b".to_owned() }
}

#[test]
fn a_nested_types_namespace_is_replaced_by_its_parents_path() {
    assert_eq!(topic_of(CacheEvent::Hit), "cache.hit");
    assert_eq!(topic_of(ProviderEvent::HotCache(CacheEvent::Hit)), "system.provider.hot_cache.hit");
    assert_eq!(topic_of(ProviderEvent::HotCache(miss())), "system.provider.hot_cache.a%2Eb.missed");
    assert_eq!(topic_of(ProviderEvent::Disk(DiskFull(1))), "system.provider.by.disk.disk_full");
    let deep = AppEvent::Provider(ProviderEvent::HotCache(CacheEvent::Hit));
    assert_eq!(topic_of(deep.clone()), "app.hot_cache.hit");
    assert_eq!(topic_of(OnlyOne::App(deep)), "hot_cache.hit");
    assert_eq!(topic_of(AppEvent::First(DiskFull(1))), "app.first.disk_full");
    assert_eq!(topic_of(AppEvent::Second(DiskFull(1))), "app.second.disk_full");
}

#[test]
fn what_is_skipped_within_is_not_published() {
    let error =
        TestBus::new().bus.publish(ProviderEvent::HotCache(CacheEvent::Internal)).unwrap_err();
    assert!(matches!(error.kind(), PublishErrorKind::NoTopic), "{error}");
    assert_eq!(error.into_data(), ProviderEvent::HotCache(CacheEvent::Internal));
}

#[test]
fn a_nested_type_converts_to_its_parent_and_back() {
    assert_eq!(ProviderEvent::from(CacheEvent::Hit), ProviderEvent::HotCache(CacheEvent::Hit));
    assert_eq!(CacheEvent::try_from(ProviderEvent::HotCache(miss())), Ok(miss()));
    assert_eq!(CacheEvent::try_from(ProviderEvent::Connected), Err(ProviderEvent::Connected));
    let disk: ProviderEvent = DiskFull(3).into();
    assert_eq!(CacheEvent::try_from(disk.clone()), Err(disk.clone()));
    assert_eq!(DiskFull::try_from(disk), Ok(DiskFull(3)));
    // The only variant: there is nothing else that it could be.
    let app = AppEvent::from(ProviderEvent::Connected);
    assert_eq!(AppEvent::try_from(OnlyOne::from(app.clone())), Ok(app));
}

/// `DiskFull` is nested twice in `AppEvent`: neither conversion would know which is meant.
#[test]
fn a_type_nested_twice_has_no_conversion() {
    trait Otherwise {
        const CONVERTS: bool = false;
    }
    impl<T> Otherwise for T {}
    struct Converts<A, B>(std::marker::PhantomData<(A, B)>);
    impl<A, B: From<A>> Converts<A, B> {
        const CONVERTS: bool = true;
    }
    const { assert!(Converts::<CacheEvent, ProviderEvent>::CONVERTS) };
    const { assert!(!<Converts<DiskFull, AppEvent>>::CONVERTS) };
}

#[test]
fn a_parent_is_seen_as_its_part() {
    let test = TestBus::new();
    let caches: Recorder<CacheEvent> = Recorder::of(&test.bus, "**").unwrap();
    let disks: Recorder<DiskFull> = Recorder::of(&test.bus, "**").unwrap();
    test.bus.publish(AppEvent::Provider(ProviderEvent::HotCache(miss()))).unwrap();
    test.bus.publish(AppEvent::Second(DiskFull(2))).unwrap();
    test.bus.publish(ProviderEvent::Connected).unwrap();
    let [seen] = &caches.events()[..] else { panic!("{caches:?}") };
    assert_eq!(seen.data, miss());
    assert_eq!(*seen.topic(), "app.hot_cache.a%2Eb.missed");
    let [seen] = &disks.events()[..] else { panic!("{disks:?}") };
    assert_eq!(seen.data, DiskFull(2));
}

#[test]
fn a_part_under_a_topic_of_its_parent_is_seen_as_the_parent() {
    let test = TestBus::new();
    let apps: Recorder<AppEvent> = Recorder::of(&test.bus, "app").unwrap();
    let seen_as = |topic: &str, seen: Option<AppEvent>| {
        let events = apps.take();
        let data: Vec<_> = events.iter().map(|event| event.data.clone()).collect();
        assert_eq!(data, Vec::from_iter(seen), "{topic}");
    };
    for (topic, seen) in [
        ("app.first.disk_full", Some(AppEvent::First(DiskFull(1)))),
        ("app.second.disk_full", Some(AppEvent::Second(DiskFull(1)))),
        ("app.by.disk.disk_full", Some(AppEvent::Provider(ProviderEvent::Disk(DiskFull(1))))),
        ("app.third.disk_full", None),
        ("app.first.disk_full.more", None),
        ("app.first", None),
    ] {
        test.bus.publish_to(topic, DiskFull(1)).unwrap();
        seen_as(topic, seen);
    }
    let within = |cache| Some(AppEvent::Provider(ProviderEvent::HotCache(cache)));
    for (topic, cache, fits) in [
        ("app.hot_cache.hit", CacheEvent::Hit, true),
        ("app.hot_cache.a%2Eb.missed", miss(), true),
        // A topic that disagrees with the data is not one that the parent has.
        ("app.hot_cache.other.missed", miss(), false),
        ("app.hot_cache.hit", miss(), false),
        ("app.hot_cachehit", CacheEvent::Hit, false),
    ] {
        test.bus.publish_to(topic, cache.clone()).unwrap();
        seen_as(topic, within(cache).filter(|_| fits));
    }
}
