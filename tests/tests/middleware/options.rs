//! Options that make no sense: each is an error that says what, whose, and what to write instead.

use std::time::Duration;

use rem::middleware::{Deduplicate, OptionError, OptionErrorKind, RateLimit, Sample};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn what_makes_no_sense_is_an_error_with_what_to_write() {
    let minute = || Deduplicate::within(60 * SECOND).unwrap();
    let rows: [(OptionError, [&str; 2]); 12] = [
        (
            RateLimit::new(0, SECOND).unwrap_err(),
            ["`RateLimit` cannot have a rate of zero", "`filter`"],
        ),
        (
            RateLimit::new(1, Duration::ZERO).unwrap_err(),
            ["`RateLimit` cannot have a time of zero", "write"],
        ),
        (
            RateLimit::new(1, SECOND).unwrap().burst(0).unwrap_err(),
            ["a burst of zero", "at least one"],
        ),
        (RateLimit::new(10_000_001, SECOND).unwrap_err(), ["10000001 events in 1s", "ten million"]),
        (RateLimit::new(u32::MAX, Duration::from_nanos(1)).unwrap_err(), ["in 1ns", "ten million"]),
        (RateLimit::new(1, Duration::MAX).unwrap_err(), ["cannot reckon", "century"]),
        (
            RateLimit::new(1, 3_600 * SECOND).unwrap().burst(u32::MAX).unwrap_err(),
            ["cannot reckon", "century"],
        ),
        (Sample::ratio(-0.1).unwrap_err(), ["`Sample` cannot let -0.1", "between 0.0"]),
        (Sample::ratio(1.5).unwrap_err(), ["1.5", "1.0, all"]),
        (Sample::ratio(f64::NAN).unwrap_err(), ["NaN", "between"]),
        (
            Deduplicate::within(Duration::ZERO).unwrap_err(),
            ["`Deduplicate` cannot have a window of zero", "as long as"],
        ),
        (minute().capacity(0).unwrap_err(), ["a capacity of zero", "within the window"]),
    ];
    for (error, texts) in rows {
        let text = error.to_string();
        assert!(texts.iter().all(|wanted| text.contains(wanted)), "{text}");
    }
    assert!(matches!(Sample::ratio(2.0).unwrap_err().kind(), OptionErrorKind::Ratio(_)));
}

#[test]
fn what_is_just_within_is_none() {
    for (events, per, burst) in [
        (1, SECOND, 1),
        (10_000_000, SECOND, 1_000_000_000),
        (1, 100 * 365 * 24 * 3_600 * SECOND, 1),
        (u32::MAX, 3_600 * SECOND, u32::MAX),
    ] {
        assert!(RateLimit::new(events, per).and_then(|limit| limit.burst(burst)).is_ok());
    }
    assert!(Sample::ratio(0.0).is_ok() && Sample::ratio(1.0).is_ok());
    assert!(Deduplicate::within(Duration::MAX).is_ok());
}
