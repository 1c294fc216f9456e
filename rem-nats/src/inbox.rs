//! [`Inbox`]: what has come and waits for its reader, bounded, in one order with what becomes of the connection.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use rem_mesh::{Incoming, Parcel};

/// What has come and waits for its reader. Two halves: who reads takes the whole of what was written, so that the two seldom meet.
pub(crate) struct Inbox {
    /// Of the reader alone.
    front: Mutex<VecDeque<Incoming>>,
    back: Mutex<Back>,
    /// How many parcels wait, and how many bytes they have, in both.
    parcels: AtomicUsize,
    bytes: AtomicUsize,
    most: (usize, usize),
    /// What is larger than its reader takes waits without its body.
    pub(crate) at_most: AtomicUsize,
    /// How many were let go.
    pub(crate) missed: AtomicU64,
}

#[derive(Default)]
struct Back {
    items: VecDeque<Incoming>,
    /// How many parcels were let go behind the last of the items.
    missed: u64,
    waker: Option<Waker>,
    is_closed: bool,
}

impl Inbox {
    /// With room for so many parcels, and so many bytes of them.
    pub(crate) fn new(parcels: usize, bytes: usize) -> Self {
        Self {
            front: Mutex::default(),
            back: Mutex::default(),
            parcels: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            most: (parcels, bytes),
            at_most: AtomicUsize::new(usize::MAX),
            missed: AtomicU64::new(0),
        }
    }

    /// Takes what has come; a parcel that finds no room is let go and counted.
    pub(crate) fn put(&self, came: Incoming) {
        wake(self.place(came));
    }

    /// The same; whom to wake, under no lock.
    #[must_use = "the reader waits until it is woken"]
    pub(crate) fn place(&self, came: Incoming) -> Option<Waker> {
        let came = self.cut(came);
        let mut back = lock(&self.back);
        if let Some(size) = size(&came) {
            // One that is larger than all the room there is comes in when nothing else waits.
            let waiting = self.parcels.load(Ordering::Acquire);
            let bytes = self.bytes.load(Ordering::Acquire);
            if waiting >= self.most.0 || (waiting > 0 && bytes + size > self.most.1) {
                back.missed += 1;
                self.missed.fetch_add(1, Ordering::Relaxed);
                return None;
            }
            self.parcels.fetch_add(1, Ordering::AcqRel);
            self.bytes.fetch_add(size, Ordering::AcqRel);
        }
        back.tell_missed();
        back.items.push_back(came);
        back.waker.take()
    }

    /// Without what its reader would not take, and what lies around it.
    fn cut(&self, came: Incoming) -> Incoming {
        match came {
            Incoming::Parcel(parcel, id) => {
                let is_taken = parcel.size() <= self.at_most.load(Ordering::Relaxed);
                let parcel = if is_taken { by_itself(parcel) } else { parcel.without_body() };
                Incoming::Parcel(parcel, id)
            }
            other => other,
        }
    }

    /// One that could not be made a parcel of, or not be stored by what gives it.
    pub(crate) fn let_go(&self) {
        let waker = {
            let mut back = lock(&self.back);
            back.missed += 1;
            self.missed.fetch_add(1, Ordering::Relaxed);
            back.waker.take()
        };
        wake(waker);
    }

    /// Nothing comes behind what has come.
    pub(crate) fn close(&self) {
        let waker = {
            let mut back = lock(&self.back);
            back.is_closed = true;
            back.waker.take()
        };
        wake(waker);
    }

    /// What comes next.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<Incoming> {
        let mut front = lock(&self.front);
        if front.is_empty() {
            let mut back = lock(&self.back);
            back.tell_missed();
            if back.items.is_empty() {
                if back.is_closed {
                    return Poll::Ready(Incoming::Closed);
                }
                let before = back.waker.replace(cx.waker().clone());
                drop(back);
                drop(front);
                drop(before); // of whoever polled before: under no lock
                return Poll::Pending;
            }
            std::mem::swap(&mut *front, &mut back.items);
        }
        let came = front.pop_front().unwrap_or(Incoming::Closed);
        if let Some(size) = size(&came) {
            self.parcels.fetch_sub(1, Ordering::AcqRel);
            self.bytes.fetch_sub(size, Ordering::AcqRel);
        }
        Poll::Ready(came)
    }
}

impl Back {
    fn tell_missed(&mut self) {
        if self.missed > 0 {
            self.items.push_back(Incoming::Lagged(Some(self.missed)));
            self.missed = 0;
        }
    }
}

/// Of a parcel, what it takes of the room.
fn size(came: &Incoming) -> Option<usize> {
    match came {
        Incoming::Parcel(parcel, _) => Some(parcel.held() + parcel.subject().as_str().len()),
        _ => None,
    }
}

/// With a body of its own. What the client gives is a piece of what it has read from the socket, and would keep the whole of that, large ones
/// of others that are let go too, for as long as it waits: then the bytes that wait would not be those that are counted.
pub(crate) fn by_itself(parcel: Parcel) -> Parcel {
    let body = parcel.body().to_vec();
    parcel.with_body(body)
}

pub(crate) fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use rem_mesh::{FilterId, Subject};

    use super::*;

    fn parcel(bytes: usize) -> Incoming {
        let parcel = Parcel::new(Subject::parse("a").unwrap()).with_body(vec![0; bytes]);
        Incoming::Parcel(parcel, FilterId(1))
    }

    fn taken(inbox: &Inbox) -> Vec<String> {
        let mut cx = Context::from_waker(Waker::noop());
        let mut taken = Vec::new();
        while let Poll::Ready(came) = inbox.poll(&mut cx) {
            taken.push(match came {
                Incoming::Parcel(parcel, _) => parcel.body().len().to_string(),
                Incoming::Lagged(Some(missed)) => format!("-{missed}"),
                Incoming::Closed => return taken,
                other => format!("{other:?}"),
            });
        }
        taken
    }

    #[test]
    fn what_finds_no_room_is_counted_where_it_would_have_been() {
        let inbox = Inbox::new(2, 1_000);
        for bytes in [1, 2, 3, 4] {
            inbox.put(parcel(bytes));
        }
        inbox.put(Incoming::Disconnected("x".into()));
        assert_eq!(taken(&inbox), ["1", "2", "-2", "Disconnected(\"x\")"]);
        inbox.put(parcel(5));
        assert_eq!(taken(&inbox), ["5"]);
        assert_eq!(inbox.missed.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn bytes_are_bounded_and_one_that_is_larger_than_the_room_comes_alone() {
        let inbox = Inbox::new(10, 100);
        inbox.put(parcel(500));
        inbox.put(parcel(1));
        assert_eq!(taken(&inbox), ["500", "-1"]);
        inbox.put(parcel(60));
        inbox.put(parcel(60));
        inbox.put(parcel(30));
        inbox.close();
        assert_eq!(taken(&inbox), ["60", "-1", "30"]);
    }

    #[test]
    fn what_is_larger_than_its_reader_takes_has_no_body_and_its_turn() {
        let inbox = Inbox::new(10, 100);
        inbox.at_most.store(50, Ordering::Relaxed);
        for bytes in [50, 51, 1_000, 20] {
            inbox.put(parcel(bytes));
        }
        let mut cx = Context::from_waker(Waker::noop());
        for expected in [(50, 50), (51, 0), (1_000, 0), (20, 20)] {
            let Poll::Ready(Incoming::Parcel(parcel, _)) = inbox.poll(&mut cx) else {
                panic!("none was let go, for they take no room");
            };
            assert_eq!((parcel.size(), parcel.body().len()), expected);
        }
        assert_eq!(inbox.bytes.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn what_waits_keeps_nothing_of_what_was_read_with_it() {
        let a = || Parcel::new(Subject::parse("a").unwrap());
        let (inbox, read) = (Inbox::new(10, 1_000), a().with_body(vec![7; 100_000]).body().clone());
        inbox.at_most.store(500, Ordering::Relaxed);
        for piece in [0..400, 400..99_000] {
            inbox.put(Incoming::Parcel(a().with_body(read.slice(piece)), FilterId(1)));
        }
        assert!(read.is_unique(), "nobody else has it, and two wait");
        assert_eq!(taken(&inbox), ["400", "0"]);
    }
}
