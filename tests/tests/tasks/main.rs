//! Tasks: async handlers, on runtimes and on the bus's own threads.
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

mod causality;
mod dead_letters;
mod ends;
mod faults;
mod keys;
mod past;
mod retries;
mod runtimes;
mod seen;

use std::future::Future;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::Duration;

use rem::EventId;
use rem::prelude::*;

#[derive(EventType, Debug, Clone, PartialEq)]
#[event(namespace = "job", local)]
enum Job {
    Added(u64),
    #[event(topic = "of.{name}")]
    Of {
        #[event(key)]
        name: &'static str,
        value: u64,
    },
    Done(u64),
}

/// Longer than any test takes: a limit that is not reached.
const LONG: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);

fn added(bus: &Bus, number: u64) -> Receipt {
    bus.publish(Job::Added(number)).unwrap()
}

fn of(bus: &Bus, name: &'static str, value: u64) -> EventId {
    bus.publish(Job::Of { name, value }).unwrap().id().unwrap()
}

fn number(event: &Event<Job>) -> u64 {
    match event.data {
        Job::Added(number) | Job::Done(number) | Job::Of { value: number, .. } => number,
    }
}

/// What was noted, in its order, from any thread.
struct Notes<T>(Arc<Mutex<Vec<T>>>);

impl<T> Clone for Notes<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Clone> Notes<T> {
    fn new() -> Self {
        Self(Arc::default())
    }
    fn note(&self, value: T) {
        self.0.lock().unwrap().push(value);
    }
    fn all(&self) -> Vec<T> {
        self.0.lock().unwrap().clone()
    }
}

/// Opened once, for all futures that wait before it.
#[derive(Clone, Default)]
struct Door(Arc<Mutex<(bool, Vec<Waker>)>>);

impl Door {
    fn open(&self) {
        let wakers = {
            let mut door = self.0.lock().unwrap();
            door.0 = true;
            std::mem::take(&mut door.1)
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    fn pass(&self) -> impl Future<Output = ()> + Send + use<> {
        let door = Arc::clone(&self.0);
        std::future::poll_fn(move |cx| {
            let mut door = door.lock().unwrap();
            if door.0 {
                return Poll::Ready(());
            }
            door.1.push(cx.waker().clone());
            Poll::Pending
        })
    }
}

/// A sender that many futures may share.
struct Told<T>(Arc<Mutex<Sender<T>>>);

impl<T> Clone for Told<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Told<T> {
    fn new() -> (Self, Receiver<T>) {
        let (sender, receiver) = channel();
        (Self(Arc::new(Mutex::new(sender))), receiver)
    }
    fn tell(&self, value: T) {
        let _ = self.0.lock().unwrap().send(value);
    }
}
