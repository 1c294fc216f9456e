//! Effects on a bus, through the facade: what is published, the receipts, and errors that reach who handles events.

use std::sync::Arc;
use std::time::Duration;

use rem::effects::testing::{expect, perform_sequence, simulate};
use rem::effects::{
    Dispatcher, Effect, EffectError, EffectErrorKind, Intent, PublishEvent, parallel, publish,
};
use rem::prelude::*;
use rem::testing::TestBus;
use rem::{DeadLetter, Overflow, Payload, PublishError, PublishErrorKind, Retry};

#[derive(EventType, Debug, Clone, PartialEq)]
#[event(namespace = "order", local)]
enum Order {
    Placed(u32),
    Paid(u32),
}

#[derive(EventType, Debug, Clone, PartialEq)]
#[event(namespace = "ship", local)]
struct Sent(u32);

#[derive(Debug)]
struct Silent;

impl Intent for Silent {
    type Output = ();
}

fn block_on<T: Send + 'static>(
    effect: &Effect<T>,
    dispatcher: &Dispatcher,
) -> Result<T, EffectError> {
    smol::block_on(effect.perform(dispatcher))
}

#[test]
fn events_of_any_type_are_published_and_their_receipts_are_the_results() {
    let bus = Bus::builder().history(Ring::events(100)).build();
    let dispatcher = Dispatcher::publishing(&bus);
    let effect = publish(Order::Placed(1))
        .and_then(|placed| publish(Sent(1)).map(move |sent| (placed.sequence(), sent.sequence())));
    assert_eq!(effect.perform_blocking(&dispatcher).unwrap(), (Some(1), Some(2)));
    assert_eq!(block_on(&effect, &dispatcher).unwrap(), (Some(3), Some(4)));
    let topics: Vec<_> = bus
        .query("**")
        .unwrap()
        .iter::<dyn Payload>()
        .map(|event| event.topic().to_owned())
        .collect();
    assert_eq!(topics, ["order.placed", "ship.sent", "order.placed", "ship.sent"]);
}

#[test]
fn the_error_of_a_publish_is_given_with_the_event_in_it() {
    let bus = Bus::new();
    bus.close(Duration::ZERO);
    for came in [
        publish(Order::Paid(7)).perform_blocking(&Dispatcher::publishing(&bus)),
        block_on(&publish(Order::Paid(7)), &Dispatcher::publishing(&bus)),
    ] {
        let error = came.unwrap_err();
        assert_eq!(error.kind(), EffectErrorKind::Failed);
        assert!(error.intent().unwrap().ends_with("PublishEvent"), "{error}");
        let refused = error.downcast_ref::<PublishError<Order>>().unwrap();
        assert!(matches!(refused.kind(), PublishErrorKind::Closed), "{refused}");
        assert_eq!(*refused.data(), Order::Paid(7));
    }
}

#[test]
fn in_async_code_it_waits_for_room_beside_others() {
    let bus = Bus::new();
    let full = Overflow::Block(Duration::from_secs(60));
    let mut stream = bus.subscription("order").queue(1, full).stream::<Order>().unwrap();
    let all = parallel((0..20).map(|number| publish(Order::Placed(number))));
    let reader = std::thread::spawn(move || stream.iter().take(20).count());
    let receipts = block_on(&all, &Dispatcher::publishing(&bus)).unwrap();
    assert!(receipts.iter().all(|receipt| receipt.delivered() == 1));
    assert_eq!(reader.join().unwrap(), 20);
}

#[test]
fn a_time_limit_is_by_the_clock_of_the_bus() {
    let test = TestBus::new();
    let dispatcher = Dispatcher::publishing(&test.bus).performer_async(|_: Arc<Silent>| async {
        let (_keeps_it_open, never) = smol::channel::bounded::<()>(1);
        never.recv().await
    });
    // Less than what the dispatcher gives a performer, 60 seconds, which is by the same clock.
    let effect = Effect::of(Silent).timeout(Duration::from_secs(30));
    let performing = std::thread::spawn(move || effect.perform_blocking(&dispatcher));
    assert!(test.clock.wait_for_timers(2, Duration::from_secs(60)));
    test.clock.advance(Duration::from_secs(30));
    let error = performing.join().unwrap().unwrap_err();
    assert_eq!(error.kind(), EffectErrorKind::TimedOut, "{error}");
    assert!(error.intent().unwrap().ends_with("Silent"), "{error}");
}

#[test]
fn an_error_that_nobody_takes_ends_in_a_dead_letter() {
    let bus = Bus::builder().history(Ring::events(100)).build();
    let dispatcher = Dispatcher::publishing(&bus);
    let letters = bus.subscription("dead").wait::<DeadLetter>().unwrap();
    let _task = bus
        .subscription("order.placed")
        .retry(Retry::times(1).backoff(Duration::ZERO, 1.0, Duration::ZERO))
        .dead_letter("dead")
        .task(move |_: Received<Order>| Effect::of(Silent).perform(&dispatcher))
        .unwrap();
    bus.publish(Order::Placed(3)).unwrap();
    let letter = letters.within(Duration::from_secs(60)).unwrap();
    let said = format!("{:?}", letter.data);
    assert!(said.contains("no performer for"), "{said}");
}

#[test]
fn a_program_that_reacts_to_events_is_tested_with_no_bus() {
    fn react(order: &Order) -> Effect<()> {
        match order {
            Order::Paid(number) => publish(Sent(*number)).map(|_| ()),
            Order::Placed(_) => Effect::value(()),
        }
    }
    let steps = [expect(PublishEvent::new(Sent(4))).gives(Receipt::default())];
    perform_sequence(steps, &react(&Order::Paid(4))).unwrap();
    let steps = [expect(PublishEvent::new(Order::Paid(4))).gives(Receipt::default())];
    let unmet = perform_sequence(steps, &react(&Order::Paid(4))).unwrap_err().to_string();
    assert!(unmet.contains("expected  PublishEvent(Paid(4))"), "{unmet}");
    assert!(unmet.contains("came      PublishEvent(Sent(4))"), "{unmet}");

    let orders = (0..100).map(|n| if n % 3 == 0 { Order::Paid(n) } else { Order::Placed(n) });
    let recorded = simulate(orders, |order| react(&order), &Dispatcher::new());
    let sent: Vec<_> = recorded.events::<Sent>().map(|sent| sent.0).collect();
    assert_eq!(sent, (0..100).step_by(3).collect::<Vec<_>>());
    assert_eq!(recorded.events::<Order>().count(), 0);
    assert!(recorded.results().iter().all(Result::is_ok));

    // With a bus of the test's own the same run publishes.
    let bus = Bus::builder().history(Ring::events(10)).build();
    let published =
        simulate([Order::Paid(1)], |order| react(&order), &Dispatcher::publishing(&bus));
    assert_eq!(published.events::<Sent>().count(), 1);
    assert_eq!(bus.query("ship.sent").unwrap().count(), 1);
}
