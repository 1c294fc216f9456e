//! Subscriptions that end by themselves: after so many calls, by a token, with the owner of their handler.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread;

use rem::prelude::*;
use rem::{Token, TryRecvError};

use crate::{Job, LONG, added};

/// Counts its calls.
fn counter() -> (Arc<AtomicU64>, impl Fn(&Event<Job>) + Send + Sync + 'static) {
    let count = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&count);
    let count_up = move |_: &Event<Job>| {
        counted.fetch_add(1, Ordering::Relaxed);
    };
    (count, count_up)
}

fn subscriptions(bus: &Bus) -> usize {
    let text = format!("{bus:?}");
    let (_, rest) = text.split_once("subscriptions: ").unwrap();
    rest.split(',').next().unwrap().parse().unwrap()
}

#[test]
fn a_handler_is_called_so_often_and_is_gone() {
    for calls in [0, 1, 3] {
        let bus = Bus::new();
        let (count, handle) = counter();
        let sub = bus.subscription("job").take(calls).inline(handle).unwrap();
        assert_eq!(sub.is_active(), calls > 0);
        let matched: usize = (0..5).map(|number| added(&bus, number).matched()).sum();
        assert_eq!((count.load(Ordering::Relaxed), matched as u64), (calls, calls));
        assert!(!sub.is_active());
        assert_eq!(subscriptions(&bus), 0);
        drop(sub);
        assert_eq!(Arc::strong_count(&count), 1);
    }
    let bus = Bus::new();
    let (count, handle) = counter();
    bus.subscription("job").take(3).once().inline(handle).unwrap().detach();
    (0..5).for_each(|number| drop(added(&bus, number)));
    assert_eq!(count.load(Ordering::Relaxed), 1, "the smaller counts");
    assert_eq!(Arc::strong_count(&count), 1, "detached, it is gone with its last call");
}

/// What a filter refuses, and what is of another type, is no call; one that fails or panics is.
#[test]
fn calls_are_counted_and_nothing_else() {
    #[derive(EventType, Debug)]
    #[event(namespace = "job", local)]
    struct Other;

    let bus = Bus::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&seen);
    let even = |event: &Event| {
        event
            .downcast_ref::<Job>()
            .is_none_or(|event| matches!(event.data, Job::Added(n) if n % 2 == 0))
    };
    let sub = bus.subscription("job").filter(even).take(3).inline(move |event: &Event<Job>| {
        let Job::Added(number) = event.data else { return Ok(()) };
        keep.lock().unwrap().push(number);
        match number {
            2 => Err("two"),
            4 => panic!("four"),
            _ => Ok(()),
        }
    });
    for number in 1..=10 {
        bus.publish_to("job.added", Other).unwrap();
        added(&bus, number);
    }
    assert_eq!(*seen.lock().unwrap(), [2, 4, 6]);
    let sub = sub.unwrap();
    assert_eq!((sub.failures(), sub.mismatches()), (2, 6));
}

#[test]
fn what_the_last_call_publishes_does_not_come_back() {
    let bus = Bus::new();
    let again = bus.clone();
    let (count, handle) = counter();
    bus.subscription("job")
        .once()
        .inline(move |event: &Event<Job>| {
            handle(event);
            assert_eq!(added(&again, 2).matched(), 0);
        })
        .unwrap()
        .detach();
    assert_eq!(added(&bus, 1).delivered(), 1);
    assert_eq!(count.load(Ordering::Relaxed), 1);
}

#[test]
fn events_that_wait_for_their_turn_do_not_exceed_it() {
    let bus = Bus::new();
    let (count, handle) = counter();
    bus.subscription("job.of.a").take(2).inline(handle).unwrap().detach();
    let again = bus.clone();
    let _first = bus.subscribe("job.added", move |_: &Event<Job>| {
        for value in 0..5 {
            again.publish(Job::Of { name: "a", value }).unwrap();
        }
    });
    added(&bus, 1);
    assert_eq!(count.load(Ordering::Relaxed), 2);
}

#[test]
fn the_past_counts() {
    for (calls, expected) in [(2, vec![1, 2]), (4, vec![1, 2, 3, 4])] {
        let bus = Bus::builder().history(Ring::events(16)).build();
        (1..=3).for_each(|number| drop(added(&bus, number)));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&seen);
        let take = || bus.subscription("job").from(Start::Earliest).take(calls);
        let keep = move |event: &Event<Job>| keep.lock().unwrap().push(event.sequence().unwrap());
        let sub = take().inline(keep).unwrap();
        assert_eq!(sub.is_active(), calls > 3);
        let mut stream = take().queue(1, Overflow::DropNewest).stream::<Job>().unwrap();
        (4..=5).for_each(|number| drop(added(&bus, number)));
        assert_eq!(*seen.lock().unwrap(), expected);
        let read: Vec<_> = stream.iter().map(|event| event.unwrap().sequence().unwrap()).collect();
        assert_eq!(read, expected);
        assert_eq!(subscriptions(&bus), 0);
    }
}

#[test]
fn a_stream_gives_so_many_and_ends() {
    let bus = Bus::new();
    let stream = |count| {
        let queue = bus.subscription("job").take(count).queue(2, Overflow::DropOldest);
        queue.stream::<Job>().unwrap()
    };
    assert_eq!(stream(0).try_recv().unwrap_err(), TryRecvError::Ended);
    let mut three = stream(3);
    (1..=4).for_each(|number| drop(added(&bus, number)));
    let read = |stream: &mut EventStream<Job>| match stream.try_recv() {
        Ok(event) => Ok(event.sequence().unwrap()),
        Err(error) => Err(error),
    };
    assert!(matches!(read(&mut three), Err(TryRecvError::Lagged(_))), "a loss is no event");
    assert_eq!([read(&mut three), read(&mut three)], [Ok(3), Ok(4)]);
    assert_eq!(read(&mut three), Err(TryRecvError::Empty));
    (5..=6).for_each(|number| assert_eq!(added(&bus, number).matched(), 1));
    assert_eq!(read(&mut three), Ok(5));
    assert_eq!(read(&mut three), Err(TryRecvError::Ended));
    assert_eq!(added(&bus, 7).matched(), 0);
}

#[test]
fn a_token_ends_what_hangs_on_it() {
    let bus = Bus::builder().history(Ring::events(16)).build();
    let token = Token::new();
    let (count, handle) = counter();
    let sub = bus.subscription("job").until(&token).inline(handle).unwrap();
    let queue = || bus.subscription("job").until(&token).queue(4, Overflow::DropOldest);
    let mut stream = queue().stream::<Job>().unwrap();
    let mut past = bus.subscription("job").from(Start::Earliest).until(&token);
    past = past.until(|| false);
    let mut past = past.queue(4, Overflow::DropOldest).stream::<Job>().unwrap();
    added(&bus, 1);
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let read = stream.iter().count();
            (read, stream.try_recv().unwrap_err())
        });
        token.clone().end();
        // What was queued is read, and whoever waits is woken.
        assert_eq!(reader.join().unwrap(), (1, TryRecvError::Ended));
    });
    assert!(token.is_ended() && !sub.is_active());
    assert_eq!(past.try_recv().unwrap_err(), TryRecvError::Ended);
    assert_eq!(added(&bus, 2).matched(), 0);
    assert_eq!((count.load(Ordering::Relaxed), subscriptions(&bus)), (1, 0));
    let late = queue().stream::<Job>().unwrap().try_recv().unwrap_err();
    assert_eq!(late, TryRecvError::Ended, "it is over from the start");
    token.end();
}

/// As with a token of another library: it is asked.
#[test]
fn a_closure_says_when_it_is_over() {
    let bus = Bus::new();
    let cancelled = Arc::new(AtomicBool::new(false));
    let until = || {
        let asked = Arc::clone(&cancelled);
        bus.subscription("job").until(move || asked.load(Ordering::Relaxed))
    };
    let (count, handle) = counter();
    let sub = until().inline(handle).unwrap();
    let mut stream = until().queue(4, Overflow::Reject).stream::<Job>().unwrap();
    assert_eq!(added(&bus, 1).matched(), 2);
    // While an event waits for its turn it is cancelled.
    let (again, cancel) = (bus.clone(), Arc::clone(&cancelled));
    bus.subscription("job.of.a")
        .inline(move |_: &Event<Job>| {
            assert_eq!(added(&again, 2).matched(), 2);
            cancel.store(true, Ordering::Relaxed);
        })
        .unwrap()
        .detach();
    assert_eq!(bus.publish(Job::Of { name: "a", value: 0 }).unwrap().matched(), 3);
    assert_eq!(count.load(Ordering::Relaxed), 2, "it was asked before each call");
    assert!(!sub.is_active());
    assert_eq!(added(&bus, 3).matched(), 0);
    assert_eq!(stream.iter().count(), 3, "what was queued is read");
    let panics = bus.subscription("job").until(|| panic!("asked")).inline(|_: &Event<Job>| ());
    assert_eq!(added(&bus, 4).failed(), 1);
    assert!(panics.unwrap().is_active());
}

struct View {
    seen: AtomicU64,
    gone: Arc<AtomicU64>,
}

impl View {
    fn new() -> (Arc<Self>, Arc<AtomicU64>) {
        let gone = Arc::new(AtomicU64::new(0));
        (Arc::new(Self { seen: AtomicU64::new(0), gone: Arc::clone(&gone) }), gone)
    }

    fn see(&self, _event: &Event<Job>) {
        self.seen.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for View {
    fn drop(&mut self) {
        self.gone.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_method_is_called_as_long_as_its_owner_is_there() {
    let bus = Bus::new();
    let (view, gone) = View::new();
    let by_topic = bus.subscribe_weak("job", &view, View::see).unwrap();
    let by_type = bus.on_weak(&view, View::see);
    bus.subscription("job").take(1).inline_weak(&view, View::see).unwrap().detach();
    assert_eq!(added(&bus, 1).delivered(), 3);
    assert_eq!(added(&bus, 2).delivered(), 2);
    assert_eq!(view.seen.load(Ordering::Relaxed), 5);
    assert!(by_topic.is_active() && by_type.is_active());
    by_type.detach();
    drop(view);
    assert_eq!(gone.load(Ordering::Relaxed), 1, "nobody keeps it");
    assert!(!by_topic.is_active());
    assert_eq!(added(&bus, 3).matched(), 0);
    assert_eq!(subscriptions(&bus), 0);
    bus.close(LONG);
    let (view, _) = View::new();
    assert!(!bus.on_weak(&view, View::see).is_active());
    assert!(bus.subscribe_weak("job", &view, View::see).is_err());
}

/// A value whose last owner lets it go while its method runs lives until that returns, and is called no more.
#[test]
fn an_owner_may_go_in_the_middle_of_a_delivery() {
    let bus = Bus::new();
    let (view, gone) = View::new();
    let last = Arc::new(Mutex::new(None));
    let weak: Weak<View> = Arc::downgrade(&view);
    let (hold, still) = (Arc::clone(&last), Arc::clone(&gone));
    let lets_go = move |view: &View, event: &Event<Job>| {
        view.see(event);
        drop(hold.lock().unwrap().take());
        assert_eq!(still.load(Ordering::Relaxed), 0, "it is kept while its method runs");
    };
    let first = bus.subscription("job").priority(1).inline_weak(&view, lets_go).unwrap();
    let second = bus.subscribe_weak("job", &view, View::see).unwrap();
    let (count, handle) = counter();
    let _other = bus.on(handle);
    *last.lock().unwrap() = Some(view);
    let receipt = added(&bus, 1);
    assert_eq!((receipt.delivered(), receipt.failed()), (2, 0), "the second finds it gone");
    assert_eq!((gone.load(Ordering::Relaxed), weak.strong_count()), (1, 0));
    assert!(!first.is_active() && !second.is_active());
    assert_eq!(count.load(Ordering::Relaxed), 1, "others are not touched");
    assert_eq!(added(&bus, 2).delivered(), 1);
}

/// The last owner is dropped by the thread that publishes, as part of the call.
#[test]
fn an_owner_that_panics_as_it_goes_is_a_failure_of_its_handler() {
    struct Bomb(Mutex<Option<Arc<Bomb>>>);
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("a bomb");
        }
    }
    let bus = Bus::new();
    let bomb = Arc::new(Bomb(Mutex::new(None)));
    let let_go = |bomb: &Bomb, _: &Event<Job>| drop(bomb.0.lock().unwrap().take());
    let _weak = bus.subscription("job").priority(1).inline_weak(&bomb, let_go).unwrap();
    let (count, handle) = counter();
    let _other = bus.on(handle);
    *bomb.0.lock().unwrap() = Some(Arc::clone(&bomb));
    drop(bomb);
    let receipt = added(&bus, 1);
    assert_eq!((receipt.failed(), receipt.delivered()), (1, 1));
    assert_eq!(count.load(Ordering::Relaxed), 1);
}

/// Of owners that went while no event came nothing stays but as many as are live.
#[test]
fn what_ended_unseen_is_found_by_those_who_come_after() {
    let bus = Bus::new();
    let (stays, _) = View::new();
    let _live: Vec<_> = (0..10).map(|_| bus.subscribe_weak("never", &stays, View::see)).collect();
    for _ in 0..10_000 {
        let (view, _) = View::new();
        bus.subscribe_weak("never", &view, View::see).unwrap().detach();
    }
    assert!((10..100).contains(&subscriptions(&bus)), "{bus:?}");
}
