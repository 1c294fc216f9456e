//! Who publishes, and metadata.

use rem::middleware::Enrich;
use rem::prelude::*;
use rem::testing::Recorder;

use crate::support::Tick;

#[test]
fn it_adds_what_the_publisher_has_not_said() {
    let bus = Bus::new();
    let recorder = Recorder::new(&bus);
    let said = Enrich::new()
        .source("desk")
        .metadata("tenant", "acme")
        .metadata_with("odd", |event: &Event| {
            let tick = event.downcast_ref::<Tick>()?.data.0;
            (tick % 2 == 1).then_some(tick)
        })
        .metadata_with("who", |event: &Event| event.source().map(str::to_owned));
    bus.middleware("**", said).unwrap();
    bus.publish(Tick(1)).unwrap();
    bus.event(Tick(2)).source("api").metadata("tenant", "own").publish().unwrap();
    let told: Vec<_> =
        recorder.events().iter().map(|event| format!("{:?}", event.metadata())).collect();
    assert_eq!(
        told,
        [
            r#"{"odd": Number(1), "tenant": String("acme"), "who": String("desk")}"#,
            r#"{"tenant": String("own"), "who": String("api")}"#
        ]
    );
}

#[test]
fn it_replaces_only_when_told_to_and_only_with_something() {
    let bus = Bus::builder().source("bus").build();
    let recorder = Recorder::new(&bus);
    bus.middleware("a", Enrich::new().source("late")).unwrap();
    bus.middleware("b", Enrich::new().source("late").metadata("n", 2).replacing()).unwrap();
    let nothing = Enrich::new().source_with(|_: &Event| None::<String>);
    bus.middleware("c", nothing.metadata_with("n", |_: &Event| None::<u8>).replacing()).unwrap();
    for topic in ["a", "b", "c"] {
        bus.event(Tick(1)).metadata("n", 1).publish_to(topic).unwrap();
    }
    let told: Vec<_> = recorder
        .events()
        .iter()
        .map(|event| (event.source().map(str::to_owned), event.metadata().get("n").cloned()))
        .collect();
    let told = told.iter().map(|(source, n)| (source.as_deref(), n.as_ref().unwrap().as_u64()));
    let expected = [(Some("bus"), Some(1)), (Some("late"), Some(2)), (Some("bus"), Some(1))];
    assert!(told.eq(expected));
}

#[test]
fn a_function_that_panics_refuses_its_event_alone() {
    let bus = Bus::new();
    let recorder = Recorder::new(&bus);
    let said = Enrich::new().source_with(|event: &Event| {
        let tick = event.downcast_ref::<Tick>()?.data.0;
        assert!(tick > 0, "nobody at zero");
        Some(format!("desk {tick}"))
    });
    bus.middleware("**", said).unwrap();
    let error = bus.publish(Tick(0)).unwrap_err();
    assert!(error.to_string().contains("`Enrich`") && error.to_string().contains("nobody at zero"));
    assert_eq!(error.into_data(), Tick(0));
    bus.publish(Tick(1)).unwrap();
    assert_eq!(recorder.events()[0].source(), Some("desk 1"));
    assert_eq!(recorder.events().len(), 1);
}
