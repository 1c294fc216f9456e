//! Units that come while others run, with the real workers and attempts, on a board with nothing else.

use std::future::pending;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use loom::thread::{self, JoinHandle};
use rem_core::__private::Alarms;

use super::model;
use crate::attempt::{Attempt, Seen};
use crate::crew::Crew;
use crate::error::{Fault, OutputError};
use crate::lives::Lives;
use crate::member::Member;
use crate::perform::{Board, Racing, begin, finish, late};
use crate::state::State;
use crate::unit::{Declared, Terms};
use crate::units::{Admitted, By, Leftover, Limits, Newcomer, Set, Units};
use crate::watch::Cause;
use crate::work::{Later, Output, Value, Work};
use crate::workers::{Workers, ring};

/// What a flow is without its bus. What is counted is not loom's: it is looked at when all are gone.
struct Shop {
    units: Units,
    crew: Crew,
    lives: Lives,
    workers: Workers,
    threads: Arc<Mutex<Vec<JoinHandle<()>>>>,
    alarms: OnceLock<Alarms>,
    /// How often each end was told.
    told: Mutex<Vec<(Arc<str>, State)>>,
}

impl Shop {
    fn new(workers: usize) -> Arc<Self> {
        let threads: Arc<Mutex<Vec<JoinHandle<()>>>> = Arc::default();
        let started = Arc::clone(&threads);
        let spawn = move |mut future: Pin<Box<dyn Future<Output = ()> + Send>>| {
            let thread = thread::spawn(move || {
                let ended = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                assert!(ended.is_ready(), "these units do not wait");
            });
            started.lock().unwrap().push(thread);
        };
        let limits = Limits { open: 10, held: 10, remembered: 10 };
        Arc::new(Self {
            units: Units::new(limits),
            crew: Crew::new(workers),
            lives: Lives::default(),
            workers: Workers::spawner(spawn, workers).unwrap(),
            threads,
            alarms: OnceLock::new(),
            told: Mutex::default(),
        })
    }

    fn come(self: &Arc<Self>, name: &str, after: &[&str], work: Work) {
        let mut declared = Declared::new(name.into());
        declared.after = after.iter().map(|name| (*name).into()).collect();
        let newcomer = Newcomer { declared, work, cause: Cause::default() };
        let admitted = self.units.step(|units| units.admit(newcomer, &mut Leftover::default()));
        match admitted.unwrap() {
            Admitted::Ready => ring(self),
            Admitted::Waiting => {}
            Admitted::Held(member, _) => {
                let (ready, _) = self.units.step(|units| units.told_held(member.number(), None));
                if ready {
                    ring(self);
                }
            }
            Admitted::Ended(member) => self.conclude(&member),
        }
    }

    /// As a flow does it.
    fn conclude(self: &Arc<Self>, member: &Arc<Member>) {
        let mut way = vec![Arc::clone(member)];
        while let Some(member) = way.pop() {
            let end = (Arc::clone(&member.known.name), member.known.state());
            self.told.lock().unwrap().push(end);
            let settled = self.units.step(|units| units.settle(member.number(), Cause::default()));
            for _ in 1..settled.readied {
                ring(self);
            }
            way.extend(settled.ended.iter().map(|ended| Arc::clone(&ended.member)));
            settled.finish();
        }
    }

    fn claim(self: &Arc<Self>, number: u64, by: By, end: State) -> bool {
        let claimed = self.units.step(|units| units.claim(number, by, end));
        let Some(claimed) = claimed else { return false };
        if claimed.was == State::Running {
            self.lives.wake(number);
        }
        self.conclude(&claimed.member);
        true
    }

    /// Waits until no worker is there.
    fn join(&self) {
        loop {
            let thread = self.threads.lock().unwrap().pop();
            let Some(thread) = thread else { return };
            thread.join().unwrap();
        }
    }

    fn ends(&self) -> Vec<(Arc<str>, State)> {
        let mut told = self.told.lock().unwrap().clone();
        told.sort_by(|one, other| one.0.cmp(&other.0));
        told
    }
}

impl Board for Shop {
    type Job = Arc<Member>;

    fn crew(&self) -> &Crew {
        &self.crew
    }
    fn workers(&self) -> &Workers {
        &self.workers
    }
    fn lives(&self) -> &Lives {
        &self.lives
    }
    fn alarms(&self) -> &Alarms {
        self.alarms.get_or_init(Alarms::system)
    }
    fn take(self: &Arc<Self>) -> Option<Arc<Member>> {
        self.units.step(Set::take)
    }
    fn is_empty(&self) -> bool {
        self.units.is_empty()
    }
    fn key(member: &Arc<Member>) -> u64 {
        member.number()
    }
    fn work<'a>(&'a self, member: &'a Arc<Member>) -> &'a Work {
        &member.work
    }
    fn terms<'a>(&'a self, member: &'a Arc<Member>) -> Option<&'a Terms> {
        member.terms.as_deref()
    }
    fn attempt(self: &Arc<Self>, _: Option<Attempt>, _: &Arc<Member>, number: u32) -> Attempt {
        Attempt { seen: Arc::new(Blind), unit: 0, number }
    }
    fn started(&self, _: &Arc<Member>, _: u32, _: Option<String>) {}
    fn is_running(&self, member: &Arc<Member>) -> bool {
        member.known.state() == State::Running
    }
    fn pause(&self, member: &Arc<Member>) -> bool {
        self.units.step(|_| Set::pause(member))
    }
    fn again(self: &Arc<Self>, member: &Arc<Member>) {
        if self.units.step(|units| units.again(member)) {
            ring(self);
        }
    }
    fn end(self: &Arc<Self>, member: &Arc<Member>, _: u32, came: Result<Value, Fault>) {
        let end = if came.is_ok() { State::Completed } else { State::Failed };
        self.claim(member.number(), By::Worker, end);
    }
    fn abandon(self: &Arc<Self>) {
        unreachable!("no thread of this test is shut down");
    }
}

/// What the work of these units sees.
struct Blind;

impl Seen for Blind {
    fn name(&self, _: u32) -> Arc<str> {
        Arc::default()
    }
    fn output(&self, _: u32, _: &str) -> Result<Option<Output>, OutputError> {
        Ok(None)
    }
    fn is_stopped(&self, _: u32, _: u32) -> bool {
        false
    }
    fn progress(&self, _: u32, _: u32, _: u64, _: u64) {}
    fn cause(&self, _: u32) -> Option<rem_core::EventId> {
        None
    }
}

/// Work that says in which place it was done.
fn counts(place: &Arc<AtomicUsize>, done: &Arc<AtomicUsize>) -> Work {
    let (place, done) = (Arc::clone(place), Arc::clone(done));
    Work::Sync(Arc::new(move |_| {
        assert_eq!(place.swap(done.fetch_add(1, SeqCst) + 1, SeqCst), 0, "it is done once");
        Ok(None)
    }))
}

#[test]
fn what_comes_while_what_it_waits_for_ends_is_done_once_after_it_and_none_is_left() {
    for (workers, before_it) in [(1, true), (2, true), (1, false), (2, false)] {
        model(move || {
            let shop = Shop::new(workers);
            let done = Arc::new(AtomicUsize::new(0));
            let places = [Arc::<AtomicUsize>::default(), Arc::default()];
            let works = [counts(&places[0], &done), counts(&places[1], &done)];
            let [first, second] = works;
            let other = {
                let shop = Arc::clone(&shop);
                thread::spawn(move || shop.come("second", &["first"], second))
            };
            if before_it {
                shop.come("first", &[], first);
                other.join().unwrap();
            } else {
                other.join().unwrap();
                shop.come("first", &[], first);
            }
            shop.join();
            assert_eq!(places.map(|place| place.load(SeqCst)), [1, 2]);
            let wanted = [("first".into(), State::Completed), ("second".into(), State::Completed)];
            assert_eq!(shop.ends(), wanted);
            let numbers = shop.units.step(|units| units.numbers());
            assert_eq!((numbers.open, numbers.held, numbers.ends[0]), (0, 0, 2));
        });
    }
}

#[test]
fn what_is_cancelled_while_it_begins_and_others_come_ends_once_and_so_do_they() {
    model(|| {
        let shop = Shop::new(1);
        let nothing = || Work::Sync(Arc::new(|_| Ok(None)));
        shop.come("first", &[], nothing());
        let other = {
            let (shop, work) = (Arc::clone(&shop), nothing());
            thread::spawn(move || shop.come("second", &["first"], work))
        };
        let cancelled = shop.claim(0, By::Anyone, State::Cancelled);
        other.join().unwrap();
        shop.join();
        let end = if cancelled { State::Cancelled } else { State::Completed };
        assert_eq!(shop.ends(), [("first".into(), end), ("second".into(), end)]);
        assert_eq!(shop.units.step(|units| units.numbers()).open, 0);
    });
}

/// Counts how often it is woken.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// A unit that nobody takes but the test.
fn taken(shop: &Arc<Shop>, work: Work, limit: Option<Duration>) -> Arc<Member> {
    let mut declared = Declared::new("unit".into());
    declared.terms = Some(Box::new(Terms { limit, retry: None }));
    let newcomer = Newcomer { declared, work, cause: Cause::default() };
    let admitted = shop.units.step(|units| units.admit(newcomer, &mut Leftover::default()));
    assert!(matches!(admitted, Ok(Admitted::Ready)));
    shop.units.step(Set::take).unwrap()
}

#[test]
fn a_future_that_waits_when_its_unit_is_cancelled_is_woken_or_sees_it() {
    model(|| {
        let shop = Shop::new(1);
        let endless = |_: Attempt| Box::pin(pending()) as Later;
        let member = taken(&shop, Work::Async(Arc::new(endless)), None);
        let cancels = {
            let shop = Arc::clone(&shop);
            thread::spawn(move || assert!(shop.claim(0, By::Anyone, State::Cancelled)))
        };
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let mut cx = Context::from_waker(&waker);
        let mut racing = Racing::begin(&shop, &member, &endless);
        let waits = Pin::new(&mut racing).poll(&mut cx).is_pending();
        cancels.join().unwrap();
        if waits {
            assert!(woken.0.load(SeqCst) > 0, "nobody says that it is over");
            assert!(Pin::new(&mut racing).poll(&mut cx).is_ready());
        }
        assert_eq!(shop.ends(), [("unit".into(), State::Cancelled)]);
    });
}

#[test]
fn an_attempt_that_returns_as_its_time_limit_comes_has_one_end() {
    model(|| {
        let shop = Shop::new(1);
        let work = Work::Sync(Arc::new(|_| Ok(None)));
        let member = taken(&shop, work, Some(Duration::from_secs(1)));
        let number = begin(&shop, &member);
        let alarm = late(&shop, &member, number);
        let rings = thread::spawn(move || alarm.wake());
        finish(&shop, &member, number, Ok(None));
        rings.join().unwrap();
        let ends = shop.ends();
        assert_eq!(ends.len(), 1, "{ends:?}");
        assert!(matches!(ends[0].1, State::Completed | State::Failed));
        assert_eq!(shop.units.step(|units| units.numbers()).open, 0);
    });
}
