//! [`Consumer`]: how an import is consumed durably.

use std::time::Duration;

use crate::transport::StreamStart;

/// How an import is consumed from the mesh's stream: see [`Import::durable`](crate::Import::durable). A text is one of that name.
///
/// ```
/// use std::time::Duration;
///
/// use rem_mesh::{Consumer, Import, StreamStart};
///
/// let billing = Consumer::new("billing").attempts(5).from(StreamStart::New);
/// let import = Import::of("order").durable(billing);
/// # drop(import);
/// ```
#[derive(Debug, Clone)]
pub struct Consumer {
    pub(crate) name: Box<str>,
    pub(crate) start: StreamStart,
    pub(crate) attempts: u64,
    pub(crate) backoff: (Duration, Duration),
    pub(crate) in_flight: usize,
    pub(crate) time_to_answer: Duration,
}

impl Consumer {
    /// By that name, under which the broker keeps how far it is: 1 to 64 of `a` to `z`, `A` to `Z`, `0` to `9`, `-` and `_`. Nodes that
    /// consume by one name share what it selects: each event is given to one of them.
    ///
    /// From the first that the stream keeps, with ten attempts, a tenth of a second and up to half a minute between them, 256 in
    /// flight, and 30 seconds to publish one.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            start: StreamStart::First,
            attempts: 10,
            backoff: (Duration::from_millis(100), Duration::from_secs(30)),
            in_flight: 256,
            time_to_answer: Duration::from_secs(30),
        }
    }

    /// Where it begins when the broker does not know its name.
    #[must_use]
    pub fn from(mut self, start: StreamStart) -> Self {
        self.start = start;
        self
    }

    /// How often an event that fails is given at most; then it is a [dead letter](crate::Mesh::dead_letters). One that was given and
    /// never answered, as when it takes its process down each time, may come twice as often. What is published and waits for the disk
    /// comes as often as that takes.
    #[must_use]
    pub fn attempts(mut self, most: u64) -> Self {
        self.attempts = most.max(1);
        self
    }

    /// How long it waits after the first attempt; twice as long after each that follows, but never longer than `most`.
    #[must_use]
    pub fn backoff(mut self, first: Duration, most: Duration) -> Self {
        self.backoff = (first, most.max(first));
        self
    }

    /// How many events may be given and not answered.
    #[must_use]
    pub fn in_flight(mut self, most: usize) -> Self {
        self.in_flight = most.max(1);
        self
    }

    /// How long it may take until an event is published, and on the disk where there is a journal. What takes longer is given
    /// again, and left out as what came before.
    #[must_use]
    pub fn time_to_answer(mut self, time: Duration) -> Self {
        self.time_to_answer = time;
        self
    }

    /// How long to wait after that attempt.
    pub(crate) fn pause(&self, attempt: u64) -> Duration {
        let (first, most) = self.backoff;
        let doubled = u32::try_from(attempt.saturating_sub(1)).unwrap_or(u32::MAX).min(30);
        first.saturating_mul(1 << doubled).min(most)
    }
}

impl From<&str> for Consumer {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let consumer =
            Consumer::new("a").backoff(Duration::from_millis(100), Duration::from_secs(1));
        let pauses: Vec<_> = [1, 2, 3, 4, 5, 1_000, u64::MAX]
            .map(|attempt| consumer.pause(attempt).as_millis())
            .to_vec();
        assert_eq!(pauses, [100, 200, 400, 800, 1_000, 1_000, 1_000]);
    }
}
