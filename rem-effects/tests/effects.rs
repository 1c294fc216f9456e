//! What effects promise, without a bus: results, errors and where they come from, chains of any length, time.

use std::error::Error;
use std::future::{pending, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rem_core::{ManualClock, Retry, Timestamp};
use rem_effects::{
    Dispatcher, Effect, EffectError, EffectErrorKind, Intent, parallel, parallel_all, sequence,
};

const MS: Duration = Duration::from_millis(1);

#[derive(Debug, PartialEq)]
struct Get(usize);

impl Intent for Get {
    type Output = usize;
}

#[derive(Debug)]
struct Named;

impl Intent for Named {
    type Output = ();

    fn name(&self) -> &'static str {
        "the named one"
    }
}

/// Gives the number back, but fails for those above a thousand.
fn getting() -> Dispatcher {
    Dispatcher::new().performer(|get: &Get| match get.0 {
        number @ 0..=1_000 => Ok(number),
        number => Err(io::Error::other(format!("{number} is too much"))),
    })
}

fn get(number: usize) -> Effect<usize> {
    Effect::of(Get(number))
}

#[test]
fn nothing_happens_until_it_is_performed_and_it_can_be_performed_again() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let dispatcher = Dispatcher::new().performer(move |get: &Get| {
        counted.fetch_add(1, Ordering::Relaxed);
        Ok::<_, EffectError>(get.0)
    });
    let sum = get(1).and_then(|one| get(2).map(move |two| one + two));
    let same = sum.clone();
    assert_eq!(calls.load(Ordering::Relaxed), 0);
    assert_eq!(sum.perform_blocking(&dispatcher).unwrap(), 3);
    assert_eq!(same.perform_blocking(&dispatcher).unwrap(), 3);
    assert_eq!(calls.load(Ordering::Relaxed), 4);
}

#[test]
fn an_error_passes_what_follows_until_somebody_takes_it() {
    let failing = get(1_001).map(|_| panic!("not called")).and_then(|_: usize| get(1));
    let error = failing.perform_blocking(&getting()).unwrap_err();
    assert_eq!(error.kind(), EffectErrorKind::Failed);
    assert_eq!(error.downcast_ref::<io::Error>().unwrap().kind(), io::ErrorKind::Other);
    assert_eq!(error.source().unwrap().to_string(), "1001 is too much");

    let taken = failing.or_else(|error| match error.kind() {
        EffectErrorKind::Failed => Effect::value(7),
        _ => Effect::fail(error),
    });
    assert_eq!(taken.perform_blocking(&getting()).unwrap(), 7);
    let passed_on = taken.perform_blocking(&Dispatcher::new()).unwrap_err();
    assert_eq!(passed_on.kind(), EffectErrorKind::NoPerformer, "it goes on as it was");
}

#[test]
fn errors_say_the_intents_name_and_the_line_that_asks_for_it() {
    let line = line!() + 1;
    let missing = Effect::of(Named);
    let error = missing.perform_blocking(&getting()).unwrap_err();
    assert_eq!(error.kind(), EffectErrorKind::NoPerformer);
    assert_eq!((error.intent(), error.place().line()), (Some("the named one"), line));
    assert!(error.place().file().ends_with("effects.rs"), "{error}");
    let expected = format!("no performer for `the named one`, asked for at {}", error.place());
    assert!(error.to_string().starts_with(&expected), "{error}");

    let panics = Dispatcher::new().performer(|_: &Named| -> Result<(), String> { panic!("oh no") });
    let error = missing.perform_blocking(&panics).unwrap_err();
    assert_eq!(error.kind(), EffectErrorKind::Panicked);
    assert_eq!((error.intent(), error.place().line()), (Some("the named one"), line));
    assert!(error.to_string().ends_with("panicked: oh no"), "{error}");

    let later = Dispatcher::new()
        .performer_async(async |_: Arc<Named>| -> Result<(), String> { panic!("later") });
    let error = missing.perform_blocking(&later).unwrap_err();
    assert_eq!((error.kind(), error.intent()), (EffectErrorKind::Panicked, Some("the named one")));
}

#[test]
fn a_function_of_the_effect_that_panics_is_an_error_with_its_line() {
    let value = || Effect::value(1_u8);
    let line = line!() + 2;
    let all = [
        value().map(|_| -> u8 { panic!("in map") }),
        value().and_then(|_| -> Effect<u8> { panic!("in and_then") }),
        Effect::<u8>::fail("no").or_else(|_| panic!("in or_else")),
    ];
    for (place, effect) in (line..).zip(all) {
        let error = effect.perform_blocking(&Dispatcher::new()).unwrap_err();
        assert_eq!((error.kind(), error.intent()), (EffectErrorKind::Panicked, None));
        assert_eq!(error.place().line(), place, "{error}");
    }
}

#[test]
fn who_can_never_answer_is_told_at_once() {
    let dispatcher = Dispatcher::new()
        .answer_within(Duration::MAX)
        .performer_async(|_: Arc<Named>| pending::<Result<(), String>>());
    let error = Effect::of(Named).perform_blocking(&dispatcher).unwrap_err();
    assert_eq!(error.kind(), EffectErrorKind::NeverAnswers);
    assert_eq!(error.intent(), Some("the named one"));
    assert!(error.to_string().contains("has kept no waker"), "{error}");
}

/// Never answers, and might: it keeps who waits for it.
struct Silent<H> {
    #[expect(dead_code, reason = "dropped with it")]
    held: H,
    waker: Option<Waker>,
}

impl<H: Unpin> Future for Silent<H> {
    type Output = Result<(), String>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

fn silent() -> Dispatcher {
    Dispatcher::new().performer_async(|_: Arc<Named>| Silent { held: (), waker: None })
}

/// The error of an effect that waits for somebody silent, for whom the dispatcher's limit waits too, when its own is over.
fn late(effect: Effect<impl std::fmt::Debug + Send + 'static>) -> EffectError {
    let clock = ManualClock::at(Timestamp::default());
    let dispatcher = silent().clock(&clock);
    let performing = std::thread::spawn(move || effect.perform_blocking(&dispatcher));
    assert!(clock.wait_for_timers(2, Duration::from_secs(60)));
    clock.advance(1_000 * MS);
    performing.join().expect("it panics nowhere").expect_err("nobody answers")
}

#[test]
fn who_does_not_answer_within_the_dispatchers_limit_is_an_error() {
    let dispatcher = silent().answer_within(5 * MS);
    let error = Effect::of(Named).perform_blocking(&dispatcher).unwrap_err();
    assert_eq!(error.kind(), EffectErrorKind::NeverAnswers);
    assert!(error.to_string().contains("`the named one`"), "{error}");
    assert!(error.to_string().contains("within 5ms"), "{error}");
}

#[test]
fn a_time_limit_names_what_was_waited_for_and_both_lines() {
    let waiting = parallel([Effect::value(()), Effect::of(Named)]);
    let limited = waiting.timeout(1_000 * MS);
    let line = line!() - 1;
    let error = late(limited);
    assert_eq!((error.kind(), error.intent()), (EffectErrorKind::TimedOut, Some("the named one")));
    assert_eq!(error.place().line(), line - 1, "of the intent");
    assert!(error.to_string().contains(&format!("effects.rs:{line}:")), "of the limit: {error}");

    let in_time = get(3).timeout(Duration::from_secs(60));
    assert_eq!(in_time.perform_blocking(&getting()).unwrap(), 3);
}

#[test]
fn the_outermost_limit_that_is_over_counts_and_what_follows_it_goes_on() {
    let within = Effect::of(Named).timeout(2 * MS).or_else(|_| Effect::of(Named));
    let error = within.timeout(10 * MS).map(|()| 1).or_else(|error| {
        assert!(error.to_string().contains("longer than 10ms"), "{error}");
        Effect::value(2)
    });
    assert_eq!(error.perform_blocking(&silent()).unwrap(), 2);
}

#[test]
fn a_clock_of_a_test_drives_limits_and_retries() {
    let clock = ManualClock::at(Timestamp::default());
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&tries);
    let dispatcher = Dispatcher::new().clock(&clock).performer(move |_: &Get| {
        match counted.fetch_add(1, Ordering::Relaxed) {
            2 => Ok(9),
            _ => Err("not yet"),
        }
    });
    let policy = Retry::times(5).backoff(60_000 * MS, 2.0, 600_000 * MS).jitter(false);
    let effect = get(1).retry(policy);
    let performing = std::thread::spawn(move || effect.perform_blocking(&dispatcher));
    for minutes in [1, 2] {
        assert!(clock.wait_for_timers(1, Duration::from_secs(60)));
        clock.advance(minutes * 60_000 * MS);
    }
    assert_eq!(performing.join().unwrap().unwrap(), 9);
    assert_eq!(tries.load(Ordering::Relaxed), 3);
}

#[test]
fn the_last_error_of_a_retry_has_the_number_of_attempts() {
    let policy = Retry::times(3).backoff(Duration::ZERO, 1.0, Duration::ZERO).jitter(false);
    let error = get(2_000).retry(policy.clone()).perform_blocking(&getting()).unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (EffectErrorKind::Failed, 4));
    assert!(error.to_string().ends_with("2000 is too much, at the last of 4 attempts"), "{error}");
    let error = Effect::of(Named).retry(policy).perform_blocking(&getting()).unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (EffectErrorKind::NoPerformer, 1));
}

#[test]
fn results_are_in_the_order_of_the_effects() {
    let all = || (0..100).map(get);
    let numbers: Vec<_> = (0..100).collect();
    assert_eq!(sequence(all()).perform_blocking(&getting()).unwrap(), numbers);
    assert_eq!(parallel(all()).perform_blocking(&getting()).unwrap(), numbers);
    assert_eq!(parallel_all(all()).perform_blocking(&getting()).unwrap(), numbers);
    let none = Vec::<Effect<u8>>::new;
    for none in [sequence(none()), parallel(none()), parallel_all(none())] {
        assert!(none.perform_blocking(&getting()).unwrap().is_empty());
    }
}

#[test]
fn parallel_effects_wait_beside_one_another_whoever_answers_first() {
    let (answers, asked) = mpsc::channel::<(usize, mpsc::Sender<()>, Waker)>();
    let dispatcher = Dispatcher::new().performer_async(move |get: Arc<Get>| {
        let answers = answers.clone();
        let (sender, answer) = mpsc::channel();
        let (mut sender, answer) = (Some(sender), Mutex::new(answer));
        poll_fn(move |cx| {
            if let Some(sender) = sender.take() {
                answers.send((get.0, sender, cx.waker().clone())).unwrap();
                return Poll::Pending;
            }
            match answer.lock().unwrap().try_recv() {
                Ok(()) => Poll::Ready(Ok::<_, String>(get.0 * 10)),
                Err(_) => Poll::Pending,
            }
        })
    });
    let performing =
        std::thread::spawn(move || parallel((0..50).map(get)).perform_blocking(&dispatcher));
    // All have been asked before the first is answered; they are answered from the last on.
    let mut waiting: Vec<_> = (0..50).map(|_| asked.recv().unwrap()).collect();
    while let Some((_, sender, waker)) = waiting.pop() {
        sender.send(()).unwrap();
        waker.wake();
    }
    let expected: Vec<_> = (0..50).map(|number| number * 10).collect();
    assert_eq!(performing.join().unwrap().unwrap(), expected);
}

#[test]
fn the_first_that_fails_ends_the_others_and_has_its_index() {
    struct Dropped(Arc<AtomicUsize>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let dropped = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&dropped);
    let dispatcher = getting().performer_async(move |_: Arc<Named>| Silent {
        held: Dropped(Arc::clone(&counted)),
        waker: None,
    });
    let wait = || Effect::of(Named).map(|()| 0);
    let inner = parallel([wait(), get(5), get(4_000)]).map(|all| all[0]);
    let error = parallel([wait(), parallel([wait()]).map(|all| all[0]), inner])
        .perform_blocking(&dispatcher)
        .unwrap_err();
    assert_eq!((error.index(), error.kind()), (Some(2), EffectErrorKind::Failed));
    assert_eq!(error.path().collect::<Vec<_>>(), [2, 2]);
    assert!(error.to_string().starts_with("effect 2.2: "), "{error}");
    assert_eq!(dropped.load(Ordering::Relaxed), 3, "those that waited are over");

    let error = sequence([get(1), get(3_000), get(4_000)]).perform_blocking(&getting());
    assert_eq!(error.unwrap_err().index(), Some(1));
}

#[test]
fn all_errors_come_each_with_its_index() {
    let inner = parallel_all([get(2_000), get(1), get(3_000)]).map(|all| all[0]);
    let error = parallel_all([get(0), inner, get(4_000)]).perform_blocking(&getting()).unwrap_err();
    assert_eq!(error.kind(), EffectErrorKind::Several);
    let found: Vec<_> = error.errors().iter().map(|one| one.path().collect::<Vec<_>>()).collect();
    assert_eq!(found, [vec![1, 0], vec![1, 2], vec![2]]);
    assert!(error.to_string().starts_with("3 effects failed\n  effect 1.0: "), "{error}");
}

#[test]
fn dispatchers_are_composed_and_the_first_has_the_say() {
    let tens = Dispatcher::new().performer(|get: &Get| Ok::<_, String>(get.0 * 10));
    let named = Dispatcher::new().performer(|_: &Named| Ok::<_, String>(()));
    let both = || Effect::of(Named).and_then(|()| get(4));
    assert_eq!(both().perform_blocking(&tens.clone().or(&named).or(&getting())).unwrap(), 40);
    assert_eq!(both().perform_blocking(&getting().or(&named).or(&tens)).unwrap(), 4);
    let error = both().perform_blocking(&tens).unwrap_err();
    assert_eq!(error.kind(), EffectErrorKind::NoPerformer, "composing changes neither");
}

#[test]
fn an_intent_is_performed_by_another_effect() {
    let dispatcher = getting().performer_effect(|_: &Named| sequence([get(1), get(2)]).map(|_| ()));
    Effect::of(Named).perform_blocking(&dispatcher).unwrap();
    let too_much = getting().performer_effect(|_: &Named| get(2_000).map(|_| ()));
    assert!(Effect::of(Named).perform_blocking(&too_much).is_err());
}

#[test]
fn one_that_panics_as_it_is_dropped_harms_nobody() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("as it goes");
        }
    }
    #[derive(Debug)]
    struct Make;
    impl Intent for Make {
        type Output = Bomb;
    }
    let dispatcher = getting().performer_async(|_: Arc<Named>| Silent { held: Bomb, waker: None });
    let effect = Effect::of(Named).timeout(MS).map(|()| 1).or_else(|_| get(6));
    assert_eq!(effect.perform_blocking(&dispatcher).unwrap(), 6);

    // A result that nobody has, for another failed; and what is left of one that is stopped.
    let dispatcher = dispatcher.performer(|_: &Make| Ok::<_, String>(Bomb));
    let lost = parallel([Effect::of(Make), Effect::fail("no")]).map(|_| 1).or_else(|_| get(7));
    assert_eq!(lost.perform_blocking(&dispatcher).unwrap(), 7);
    let waits = Effect::of(Named).and_then(|()| Effect::of(Make));
    let mut stopped = Box::pin(parallel([Effect::of(Make), waits]).perform(&dispatcher));
    let polled = stopped.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_pending());
    drop(stopped);
}

/// In a thread with a small stack, where a recursion of that depth would end the process.
fn on_a_small_stack(test: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(64 * 1024).spawn(test);
    thread.expect("a thread").join().expect("a test that holds");
}

const LINKS: usize = 100_000;

#[test]
fn a_chain_of_any_length_takes_no_stack() {
    on_a_small_stack(|| {
        let mut chain = get(0);
        for link in 0..LINKS {
            chain = match link % 4 {
                0 => chain.map(|number| number + 1),
                1 => chain.and_then(|number| Effect::value(number + 1)),
                2 => chain.or_else(Effect::fail).timeout(Duration::from_secs(60)).map(|n| n + 1),
                _ => sequence([chain]).map(|all| all[0] + 1),
            };
        }
        assert_eq!(chain.perform_blocking(&getting()).unwrap(), LINKS);
        assert_eq!(chain.perform_blocking(&getting()).unwrap(), LINKS);
        assert!(format!("{chain:?}").len() < 200);
    });
}

#[test]
fn a_chain_that_hangs_together_by_the_users_functions_takes_none_either() {
    on_a_small_stack(|| {
        let mut chain = Effect::value(0_usize);
        for _ in 0..LINKS {
            let rest = chain;
            chain = get(1).and_then(move |one| rest.clone().map(move |rest| rest + one));
        }
        assert_eq!(chain.perform_blocking(&getting()).unwrap(), LINKS);
    });
    on_a_small_stack(|| {
        fn count(number: usize) -> Effect<usize> {
            if number == LINKS {
                Effect::value(number)
            } else {
                Effect::value(number + 1).and_then(count)
            }
        }
        assert_eq!(count(0).perform_blocking(&getting()).unwrap(), LINKS);
    });
}

#[test]
fn parallel_effects_within_one_another_take_none_either() {
    on_a_small_stack(|| {
        let nested =
            |last| (0..LINKS).fold(get(last), |inner, _| parallel([inner]).map(|all| all[0] + 1));
        assert_eq!(nested(0).perform_blocking(&getting()).unwrap(), LINKS);
        let error = nested(2_000).perform_blocking(&getting()).unwrap_err();
        assert_eq!(error.path().len(), LINKS);
        let waiting =
            (0..LINKS).fold(Effect::of(Named), |inner, _| parallel_all([inner]).map(|_| ()));
        assert_eq!(late(waiting.timeout(1_000 * MS)).intent(), Some("the named one"));
    });
}

#[test]
fn a_long_chain_lets_others_go_on_and_can_be_stopped() {
    let mut chain = get(0);
    for _ in 0..LINKS {
        chain = chain.map(|number| number + 1);
    }
    let mut performing = Box::pin(chain.perform(&getting()));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(performing.as_mut().poll(&mut cx).is_pending(), "it has given way");
    let mut polls = 1;
    let came = loop {
        polls += 1;
        if let Poll::Ready(came) = performing.as_mut().poll(&mut cx) {
            break came;
        }
    };
    assert_eq!((came.unwrap(), polls > 10), (LINKS, true));
    assert!(performing.as_mut().poll(&mut cx).is_pending(), "and is over");

    let mut stopped = Box::pin(chain.perform(&getting()));
    assert!(stopped.as_mut().poll(&mut cx).is_pending());
    drop(stopped);
}
