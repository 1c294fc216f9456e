//! [`Pace`]: when the next event is due.

use crate::clock::Timestamp;

/// Where a replay stands in the time of the history. All of it is reckoned from its beginning, so that small waits that are
/// too long do not add up.
#[derive(Debug)]
pub(super) struct Pace {
    /// `None`: no waiting.
    speed: Option<f64>,
    /// The replay's own time, and that of its first event.
    begun: Option<(u64, Timestamp)>,
    /// The latest time that was come to. What is earlier is not waited for.
    latest: Timestamp,
}

impl Pace {
    /// `None` for a speed that is none.
    pub(super) fn new(speed: f64) -> Option<Self> {
        let waits = speed.is_finite();
        let is_one = speed > 0.0; // and a number
        is_one.then(|| Self {
            speed: waits.then_some(speed),
            begun: None,
            latest: Timestamp::from_nanos(0),
        })
    }

    /// How many nanoseconds are left, at the replay's own time, until an event is due.
    pub(super) fn left(&mut self, happened: Timestamp, time: u64) -> u64 {
        let Some(speed) = self.speed else { return 0 };
        let (begun, first) = *self.begun.get_or_insert((time, happened));
        self.latest = self.latest.max(happened);
        let after = self.latest.since(first).as_secs_f64() / speed;
        // Beyond what can be told is as good as for ever.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is not negative, and a cast stops at the greatest number"
        )]
        let after = (after * 1e9) as u64;
        begun.saturating_add(after).saturating_sub(time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_follow_the_timestamps() {
        let at = |seconds: u64| Timestamp::from_nanos(seconds * 1_000_000_000);
        let mut pace = Pace::new(10.0).unwrap();
        let left: Vec<_> = [100, 110, 105, 111, 90, 131].map(|time| pace.left(at(time), 7)).into();
        let seconds = |tenths: u64| tenths * 100_000_000;
        assert_eq!(left, [0, 10, 10, 11, 11, 31].map(seconds));
        assert_eq!(pace.left(at(131), 7 + seconds(30)), seconds(1));
        assert_eq!(pace.left(at(131), 7 + seconds(40)), 0);
    }

    #[test]
    fn full_speed_waits_for_nothing() {
        let mut pace = Pace::new(f64::INFINITY).unwrap();
        assert_eq!(pace.left(Timestamp::from_nanos(0), 0), 0);
        assert_eq!(pace.left(Timestamp::from_nanos(u64::MAX), 0), 0);
    }

    #[test]
    fn what_is_no_speed() {
        for speed in [0.0, -0.0, -1.0, f64::NAN, f64::NEG_INFINITY] {
            assert!(Pace::new(speed).is_none(), "{speed}");
        }
        let mut slow = Pace::new(f64::MIN_POSITIVE).unwrap();
        assert_eq!(slow.left(Timestamp::from_nanos(1), 0), 0);
        assert_eq!(slow.left(Timestamp::from_nanos(2), 0), u64::MAX);
    }
}
