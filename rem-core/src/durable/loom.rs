//! The position of a durable subscription, and workers that read by turns, under loom.

use std::sync::Arc;
use std::task::{Poll, Waker};

use super::marks::Marks;
use super::turns::{Source, Turns};
use crate::loom::{Bell, model, spawn};
use crate::queue::{Channel, Overflow, Work};
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Mutex, lock};

/// Two workers finish what one of them took, in whatever order: the position that is noted is never above what is not
/// handled, never goes back, and is the last one in the end.
#[test]
fn the_position_never_goes_back_and_is_never_above_what_is_not_handled() {
    model(|| {
        let marks = Arc::new(Marks::new(0, 8));
        (1..=3).for_each(|number| marks.take(number));
        let noted = Arc::new(Mutex::new(Vec::new()));
        // How many are handled, before that is said.
        let handled = Arc::new([(); 3].map(|()| AtomicU64::new(0)));
        let work = |numbers: &'static [u64]| {
            let (marks, noted, handled) =
                (Arc::clone(&marks), Arc::clone(&noted), Arc::clone(&handled));
            spawn(move || {
                for number in numbers {
                    let at = usize::try_from(number - 1).unwrap();
                    handled[at].store(1, Ordering::Release);
                    marks.finish(*number);
                    marks.note(1, |position, _| {
                        for below in &handled[..usize::try_from(position).unwrap()] {
                            assert_eq!(below.load(Ordering::Acquire), 1, "not handled");
                        }
                        lock(&noted).push(position);
                    });
                }
            })
        };
        let workers = [work(&[3, 1]), work(&[2])];
        for worker in workers {
            worker.join().unwrap();
        }
        let noted = lock(&noted);
        assert!(noted.is_sorted() && noted.last() == Some(&3), "{noted:?}");
    });
}

/// Numbers as they are committed.
#[derive(Default)]
struct Disk(Mutex<(u64, Vec<Waker>)>);

impl Disk {
    fn commit(&self, number: u64) {
        let wakers = {
            let mut disk = lock(&self.0);
            disk.0 = number;
            std::mem::take(&mut disk.1)
        };
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// What workers read by turns, with room for so many that are not handled.
struct Numbers {
    disk: Arc<Disk>,
    marks: Arc<Marks>,
    next: u64,
}

impl Source for Numbers {
    type Step = u64;

    fn step(&mut self) -> Option<u64> {
        if self.next > lock(&self.disk.0).0 || !self.marks.has_room() {
            return None;
        }
        self.marks.take(self.next);
        self.next += 1;
        Some(self.next - 1)
    }

    fn may_come(&self) -> bool {
        self.marks.has_room()
    }

    fn poll(&mut self, waker: &Waker) -> Poll<()> {
        let mut disk = lock(&self.disk.0);
        if disk.0 >= self.next {
            return Poll::Ready(());
        }
        disk.1.push(waker.clone());
        Poll::Pending
    }
}

/// What the workers share.
struct Crew {
    channel: Channel,
    turns: Turns<Numbers>,
    marks: Arc<Marks>,
    handled: Mutex<Vec<u64>>,
}

impl Crew {
    fn new(disk: &Arc<Disk>, window: usize) -> Arc<Self> {
        let marks = Arc::new(Marks::new(0, window));
        let turns = Turns::new();
        let numbers = Numbers { disk: Arc::clone(disk), marks: Arc::clone(&marks), next: 1 };
        turns.begin(Box::new(numbers));
        let channel = Channel::new(1, Overflow::Reject);
        Arc::new(Self { channel, turns, marks, handled: Mutex::default() })
    }

    /// A worker as `task/worker.rs` has it, until two are handled.
    fn work(&self, number: u32) {
        let bell = Arc::new(Bell::default());
        let waker = Waker::from(Arc::clone(&bell));
        let (mut own, mut asleep, mut finished) = (None, false, None);
        loop {
            match self.channel.take_work(number, &mut own, finished.take(), &mut None) {
                Work::Ended => return,
                Work::Empty => {}
                Work::Job | Work::Lagged(_) => unreachable!("nothing is put there"),
            }
            match self.turns.take(number, &waker, asleep) {
                Some(taken) => {
                    finished = Some(self.channel.take_elsewhere(number));
                    lock(&self.handled).push(taken);
                    if self.marks.finish(taken) {
                        self.channel.wake_one();
                    }
                    if lock(&self.handled).len() == 2 {
                        self.channel.finish();
                    }
                    (own, asleep) = (None, false);
                }
                None if asleep => {
                    bell.sleep();
                    (own, asleep) = (None, false);
                }
                None => (own, asleep) = (Some(waker.clone()), true),
            }
        }
    }

    fn check(&self) {
        let mut handled = lock(&self.handled).clone();
        handled.sort_unstable();
        assert_eq!(handled, [1, 2], "each once");
        assert_eq!(self.marks.position(), 2);
        assert!(self.channel.drain().is_none(), "nothing is in hand");
    }
}

/// Two workers, and events that are committed one after the other: each is taken once, and nobody sleeps for ever.
#[test]
fn workers_read_by_turns_and_one_of_those_who_sleep_is_told_of_a_commit() {
    model(|| {
        let disk = Arc::new(Disk::default());
        let crew = Crew::new(&disk, 8);
        let workers = [0, 1].map(|number| {
            let crew = Arc::clone(&crew);
            spawn(move || crew.work(number))
        });
        disk.commit(1);
        disk.commit(2);
        for worker in workers {
            worker.join().unwrap();
        }
        crew.check();
    });
}

/// The same where one at a time may be in hand: whoever finds no room is woken when there is.
#[test]
fn who_finds_no_room_in_the_window_is_woken_when_there_is() {
    model(|| {
        let disk = Arc::new(Disk::default());
        disk.commit(2);
        let crew = Crew::new(&disk, 1);
        let workers = [0, 1].map(|number| {
            let crew = Arc::clone(&crew);
            spawn(move || crew.work(number))
        });
        for worker in workers {
            worker.join().unwrap();
        }
        crew.check();
    });
}
