//! Async receivers: under two runtimes, and without one.

use std::future::{self, Future, pending};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};

use rem::Signal;
use rem::signal::{SendAsync, SendErrorKind};

use crate::{Log, sent};

fn is_send<W: Future + Send + 'static>(work: W) -> W {
    work
}

/// Gives the turn away once.
async fn pause() {
    let mut is_first = true;
    future::poll_fn(move |cx| {
        if std::mem::take(&mut is_first) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(())
    })
    .await;
}

fn mixed(log: &Log<&'static str>) -> (Signal<u32, u32>, Vec<rem::signal::Connection>) {
    let signal: Signal<u32, u32> = Signal::new();
    let (slow, quick, last) = (log.clone(), log.clone(), log.clone());
    let kept = vec![
        signal.connect_async(move |value: Arc<u32>| {
            let slow = slow.clone();
            async move {
                slow.push("slow begins");
                pause().await;
                slow.push("slow ends");
                *value + 1
            }
        }),
        signal.connect_async(async |_| panic!("at once")),
        signal.connect(move |value| {
            quick.push("quick");
            value + 2
        }),
        signal.connect_async(async |_| {
            pause().await;
            panic!("later")
        }),
        signal.connect_async(move |value: Arc<u32>| {
            let last = last.clone();
            async move {
                last.push("last");
                *value + 3
            }
        }),
    ];
    (signal, kept)
}

async fn all(sending: SendAsync<'static, u32, u32, ()>) -> Vec<Result<u32, String>> {
    let results = is_send(sending).await.unwrap();
    let text = |panic: rem::signal::Panicked| panic.message().to_owned();
    results.into_iter().map(|(_, result)| result.map_err(text)).collect()
}

fn expected() -> Vec<Result<u32, String>> {
    vec![Ok(11), Err("at once".into()), Ok(12), Err("later".into()), Ok(13)]
}

const ONE_BY_ONE: [&str; 4] = ["slow begins", "slow ends", "quick", "last"];
const AT_ONCE: [&str; 4] = ["slow begins", "quick", "last", "slow ends"];

#[test]
fn under_tokio() {
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    runtime.block_on(async {
        let log = Log::new();
        let (signal, _kept) = mixed(&log);
        let results = tokio::spawn(all(signal.send_async(10))).await.unwrap();
        assert_eq!((results, log.take()), (expected(), ONE_BY_ONE.to_vec()));
        let results = tokio::spawn(all(signal.send_async(10).at_once())).await.unwrap();
        assert_eq!((results, log.take()), (expected(), AT_ONCE.to_vec()));
        // A receiver may use the runtime's own, here a task of it.
        let spawns: Signal<u32, bool> = Signal::new();
        let _kept = spawns.connect_async(async |_| tokio::spawn(pause()).await.is_ok());
        assert!(spawns.send_async(1).await.unwrap().into_values().eq([true]));
    });
}

#[test]
fn under_smol() {
    let log = Log::new();
    let (signal, _kept) = mixed(&log);
    let results = smol::block_on(smol::spawn(all(signal.send_async(10))));
    assert_eq!((results, log.take()), (expected(), ONE_BY_ONE.to_vec()));
    let results = smol::block_on(all(signal.send_async(10).at_once()));
    assert_eq!((results, log.take()), (expected(), AT_ONCE.to_vec()));
}

fn poll<W: Future>(work: Pin<&mut W>) -> Poll<W::Output> {
    work.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn without_a_runtime() {
    let log = Log::new();
    let (signal, _kept) = mixed(&log);
    let mut work = pin!(all(signal.send_async(10)));
    assert!(poll(work.as_mut()).is_pending());
    assert_eq!(log.take(), ["slow begins"], "the next is called when this one is done");
    assert!(poll(work.as_mut()).is_pending(), "the one that panics later");
    assert_eq!(poll(work.as_mut()), Poll::Ready(expected()));
    let mut sending = pin!(signal.send_async(1));
    while poll(sending.as_mut()).is_pending() {}
    assert!(matches!(poll(sending), Poll::Ready(Ok(results)) if results.is_empty()), "it is over");
}

#[test]
fn a_send_that_could_not_wait_is_refused_and_calls_nobody() {
    let log = Log::new();
    let (signal, kept) = mixed(&log);
    let error = signal.send(&1).unwrap_err();
    let SendErrorKind::Async { place } = error.kind() else { panic!("{error}") };
    assert!(place.file().ends_with("asynchronous.rs") && error.to_string().contains("send_async"));
    assert_eq!(signal.emit(&1).unwrap_err(), error);
    assert!(signal.send_until(&1, |_, _| std::ops::ControlFlow::Break(())).is_err());
    assert!(log.take().is_empty(), "not half of them");
    drop(kept);
    let _sync = signal.connect(|value| *value);
    assert_eq!(sent(&signal, 1), [1]);
    // Who hears another sender is none of this one's business.
    let shops: Signal<u32, u32, &str> = Signal::new();
    let _kept = shops.receiver().to("shop").connect_async(async |_| 1);
    assert!(shops.send(&1).is_ok() && shops.by(&"stock").send(&1).is_ok());
    assert!(shops.by(&"shop").send(&1).is_err() && shops.by(&"shop").emit(&1).is_err());
    let results = smol::block_on(shops.by(&"shop").send_async(1)).unwrap();
    assert_eq!(results.into_values().collect::<Vec<_>>(), [1]);
}

#[test]
fn nobody_is_called_before_it_is_awaited() {
    let log = Log::new();
    let (signal, kept) = mixed(&log);
    drop(signal.send_async(1));
    assert!(log.take().is_empty());
    let sending = signal.send_async(1);
    drop(kept);
    let say = log.clone();
    let _late = signal.connect(move |value| {
        say.push("late");
        *value
    });
    assert_eq!(smol::block_on(sending).unwrap().len(), 1);
    assert_eq!(log.take(), ["late"], "who is called is settled then");
}

#[test]
fn a_receiver_that_is_disconnected_before_its_turn_is_not_called() {
    for at_once in [false, true] {
        let (signal, log) = (Signal::<u32, u32>::new(), Log::new());
        let first = signal.connect_async(async |_| {
            pause().await;
            1
        });
        let say = log.clone();
        let second = signal.connect(move |_| {
            say.push(());
            2
        });
        let sending = signal.send_async(1);
        let mut sending = pin!(if at_once { sending.at_once() } else { sending });
        assert!(poll(sending.as_mut()).is_pending());
        drop((first, second));
        let Poll::Ready(Ok(results)) = poll(sending) else { panic!("not ready") };
        let values: Vec<_> = results.into_values().collect();
        assert_eq!(values, if at_once { vec![1, 2] } else { vec![1] }, "what is under way goes on");
        assert_eq!(log.take().len(), usize::from(at_once));
    }
}

#[test]
fn a_receiver_that_never_ends_stops_nobody_who_is_called_at_once() {
    let (signal, count) = (Signal::<u32>::new(), Arc::new(AtomicU32::new(0)));
    let held = Arc::new(());
    let (holds, counts) = (Arc::clone(&held), Arc::clone(&count));
    let _never = signal.connect_async(move |_| {
        let held = Arc::clone(&holds);
        async move {
            pending::<()>().await;
            drop(held);
        }
    });
    let _other = signal.connect(move |_| {
        counts.fetch_add(1, Ordering::Relaxed);
    });
    let mut sending = Box::pin(signal.send_async(1).at_once());
    assert!(poll(sending.as_mut()).is_pending());
    assert_eq!((count.load(Ordering::Relaxed), Arc::strong_count(&held)), (1, 3));
    drop(sending);
    assert_eq!(Arc::strong_count(&held), 2, "dropping the send ends it where it stands");
}

#[test]
fn async_sends_in_one_another_are_bounded() {
    let signal: Signal<u32, u32> = Signal::builder().depth(16).build();
    let own = signal.clone();
    let receiver =
        signal.connect_async(move |value: Arc<u32>| -> Pin<Box<dyn Future<Output = u32> + Send>> {
            let own = own.clone();
            Box::pin(async move {
                match own.send_async(*value + 1).await {
                    Ok(results) => results.into_values().sum(),
                    Err(error) => {
                        assert_eq!(error.kind(), &SendErrorKind::TooDeep { limit: 16 });
                        *error.into_value()
                    }
                }
            })
        });
    let deepest: u32 = smol::block_on(signal.send_async(1)).unwrap().into_values().sum();
    assert_eq!(deepest, 17, "the one that was refused has its value back");
    drop(receiver);
}

#[test]
fn muted_and_weak_and_dropped_values() {
    let signal: Signal<u32, u32> = Signal::new();
    let owner = Arc::new(());
    let _weak = signal.connect_weak(&owner, |(), value| *value);
    let _async = signal.connect_async(async |value: Arc<u32>| *value);
    let len = || smol::block_on(signal.send_async(1)).unwrap().len();
    assert_eq!((len(), signal.muted(len)), (2, 0));
    let guard = signal.mute();
    assert_eq!(len(), 0);
    drop(guard);
    drop(owner);
    assert_eq!((len(), signal.receivers().len()), (1, 1));
    let value = Arc::new(7);
    let results = smol::block_on(signal.send_async(Arc::clone(&value))).unwrap();
    assert_eq!((results.into_values().sum::<u32>(), Arc::strong_count(&value)), (7, 1));
}
