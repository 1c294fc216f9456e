//! Calls of an async handler that the test answers, in the order it likes.

use std::future::{Future, poll_fn};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use rem::prelude::*;

use crate::{LONG, Paid};

/// Where a handler's calls go to.
#[derive(Clone)]
pub(crate) struct Asked(Arc<Mutex<Sender<Call>>>);

/// Where they come from.
pub(crate) struct Calls(Receiver<Call>);

/// A call that waits for its answer.
pub(crate) struct Call {
    pub(crate) order: u64,
    pub(crate) attempt: u32,
    pub(crate) is_replay: bool,
    answer: Answer,
}

type Answer = Arc<Mutex<(Option<Result<(), String>>, Option<Waker>)>>;

pub(crate) fn calls() -> (Asked, Calls) {
    let (sender, receiver) = channel();
    (Asked(Arc::new(Mutex::new(sender))), Calls(receiver))
}

impl Asked {
    /// What a handler does.
    pub(crate) fn call(
        &self,
        paid: &Received<Paid>,
    ) -> impl Future<Output = Result<(), String>> + Send + use<> {
        let answer = Answer::default();
        let call = Call {
            order: paid.data.order,
            attempt: paid.attempt(),
            is_replay: paid.is_replay(),
            answer: Arc::clone(&answer),
        };
        let _ = self.0.lock().unwrap().send(call);
        poll_fn(move |cx| {
            let mut answer = answer.lock().unwrap();
            if let Some(said) = answer.0.take() {
                return Poll::Ready(said);
            }
            answer.1 = Some(cx.waker().clone());
            Poll::Pending
        })
    }
}

impl Calls {
    pub(crate) fn next(&self) -> Call {
        self.0.recv_timeout(LONG).unwrap()
    }

    /// The next so many, by their orders, whichever comes first.
    pub(crate) fn take(&self, count: usize) -> Vec<Call> {
        let mut calls: Vec<_> = (0..count).map(|_| self.next()).collect();
        calls.sort_by_key(|call| call.order);
        calls
    }

    /// The handler is gone.
    pub(crate) fn are_over(&self) -> bool {
        matches!(self.0.try_recv(), Err(TryRecvError::Disconnected))
    }

    /// No call has come.
    pub(crate) fn are_none(&self) -> bool {
        self.0.try_recv().is_err()
    }
}

impl Call {
    pub(crate) fn answer(self, said: Result<(), &str>) {
        let waker = {
            let mut answer = self.answer.lock().unwrap();
            answer.0 = Some(said.map_err(String::from));
            answer.1.take()
        };
        waker.into_iter().for_each(Waker::wake);
    }
}
