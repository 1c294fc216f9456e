//! Hours as the clocks in New York show them: the file's times are UTC, and delays follow the local day.

use std::time::Duration;

use rem::Timestamp;

const HOUR: u64 = 60 * 60;
const DAY: u64 = 24 * HOUR;

/// The hour, 0 to 23, that a clock in New York shows.
///
/// It knows the rule in force since 2007: daylight saving from the second Sunday in March, 2:00, to the
/// first Sunday in November, 2:00 (15 U.S.C. § 260a).
pub fn hour_in_new_york(time: Timestamp) -> usize {
    let seconds = time.as_nanos() / 1_000_000_000;
    let offset = if is_summer(seconds) { 4 } else { 5 } * HOUR;
    let hour = seconds.saturating_sub(offset) % DAY / HOUR;
    usize::try_from(hour).unwrap_or_default()
}

/// When a flight that left at `time` with that delay, in minutes, was to leave.
pub fn scheduled(time: Timestamp, delay: i32) -> Timestamp {
    let minutes = Duration::from_secs(u64::from(delay.unsigned_abs()) * 60);
    if delay < 0 { time + minutes } else { time - minutes }
}

fn is_summer(seconds: u64) -> bool {
    let year = year(seconds / DAY);
    // 2:00 is 7:00 UTC before the change to summer and 6:00 UTC before the change back.
    let start = sunday_from(day_of(year, 3, 8)) * DAY + 7 * HOUR;
    let end = sunday_from(day_of(year, 11, 1)) * DAY + 6 * HOUR;
    (start..end).contains(&seconds)
}

/// The first Sunday on that day or after it; days count from 1970-01-01, a Thursday.
fn sunday_from(day: u64) -> u64 {
    day + (10 - day % 7) % 7
}

/// The day of a date in the Gregorian calendar, from 1970 on (Hinnant, "chrono-compatible low-level
/// date algorithms", `days_from_civil`).
fn day_of(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The year of a day counted from 1970-01-01 (the same, `civil_from_days`).
fn year(day: u64) -> u64 {
    let day = day + 719_468;
    let (era, of_era) = (day / 146_097, day % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    // Years begin in March here: January and February, from day 306, belong to the next.
    era * 400 + year + u64::from(of_year >= 306)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_follow_the_change_of_clocks() {
        let cases = [
            ("2013-01-01T10:17:00Z", 5),
            ("2013-03-10T06:59:59Z", 1),
            ("2013-03-10T07:00:00Z", 3),
            ("2013-07-01T03:59:00Z", 23),
            ("2013-11-03T05:59:59Z", 1),
            ("2013-11-03T06:00:00Z", 1),
            ("2013-12-31T23:00:00Z", 18),
            ("2014-01-01T04:00:00Z", 23),
            ("2024-03-10T07:00:00Z", 3),
            ("2026-11-01T06:00:00Z", 1),
        ];
        for (time, hour) in cases {
            assert_eq!(hour_in_new_york(time.parse().unwrap()), hour, "{time}");
        }
    }

    #[test]
    fn schedules_are_times_without_delays() {
        let left: Timestamp = "2013-01-01T10:17:00Z".parse().unwrap();
        assert_eq!(scheduled(left, 17).to_string(), "2013-01-01T10:00:00Z");
        assert_eq!(scheduled(left, -3).to_string(), "2013-01-01T10:20:00Z");
    }
}
