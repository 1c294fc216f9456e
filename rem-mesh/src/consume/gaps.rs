//! [`Gaps`]: which numbers of a stream a consumer was not given, and whether the stream has let them go.

use std::time::{Duration, Instant};

use crate::transport::Delivery;

/// How long it waits before it asks for the state of a stream again: where filters select little, nearly every number jumps.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// The numbers of what is given rise. Where they jump, what lies between was not selected, was given to another of the name, or is
/// gone: the first number that the stream keeps tells the last from the others.
pub(super) struct Gaps {
    last: u64,
    /// The first number that is not explained, and how many are not.
    from: Option<u64>,
    missing: u64,
    asked: Option<Instant>,
}

impl Gaps {
    /// All up to that number is explained.
    pub(super) fn new(last: u64) -> Self {
        Self { last, from: None, missing: 0, asked: None }
    }

    /// Whether there is something to be explained, and it is time to ask.
    pub(super) fn jumps(&mut self, delivery: &Delivery) -> bool {
        if delivery.attempt == 1 && delivery.sequence > self.last {
            let missing = delivery.sequence - self.last - 1;
            if missing > 0 {
                self.from.get_or_insert(self.last + 1);
                self.missing += missing;
            }
            self.last = delivery.sequence;
        }
        let is_time = self.asked.is_none_or(|asked| asked.elapsed() >= ASK_AGAIN);
        let asks = self.from.is_some() && is_time;
        if asks {
            self.asked = Some(Instant::now());
        }
        asks
    }

    /// Whether there is something to be explained.
    pub(super) fn are_open(&self) -> bool {
        self.from.is_some()
    }

    /// The stream keeps what comes from that number on: how many of the missing are gone, at most.
    pub(super) fn explained(&mut self, first: u64) -> u64 {
        let gone = self.from.take().map_or(0, |from| first.saturating_sub(from));
        gone.min(std::mem::take(&mut self.missing))
    }
}

#[cfg(test)]
mod tests {
    use rem_core::Timestamp;

    use super::*;
    use crate::transport::{ConsumerId, Parcel, Subject, Ticket};

    fn given(sequence: u64) -> Delivery {
        let parcel = Parcel::new(Subject::parse("a").unwrap());
        let (id, time) = (ConsumerId(1), Timestamp::from_nanos(0));
        Delivery::new(parcel, id, sequence, time, Ticket::new("t"))
    }

    #[test]
    fn what_is_below_the_first_is_gone_and_what_is_not_was_not_selected() {
        let mut gaps = Gaps::new(3);
        assert!(!gaps.jumps(&given(4)));
        assert!(gaps.jumps(&given(10)));
        assert_eq!(gaps.explained(8), 3, "5, 6 and 7");
        // Asked a moment ago: what jumps now is explained later.
        assert!(!gaps.jumps(&given(20)));
        assert!(!gaps.jumps(&given(30)));
        assert!(gaps.are_open());
        assert_eq!(gaps.explained(100), 18, "11 to 19 and 21 to 29, and no more");
        assert_eq!(gaps.explained(200), 0);
    }

    #[test]
    fn what_is_given_again_says_nothing() {
        let mut gaps = Gaps::new(5);
        assert!(!gaps.jumps(&given(3).attempt(2)));
        assert!(!gaps.jumps(&given(6)));
        assert!(!gaps.jumps(&given(9).attempt(2)), "another of the name had it before");
        assert!(gaps.jumps(&given(8)));
    }
}
