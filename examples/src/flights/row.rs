//! [`Row`]: one line of the file as an event, or the reason why it cannot be one.

use std::fmt;

use rem::Timestamp;

use super::{COLUMNS, Code, FlightEvent, MAX_LINE};

/// A line of the file: who publishes what, and when it happened.
///
/// What can be read is a row. Whether it can be true is for the bus's middleware to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The carrier, in lower case: the last segment of its bus's prefix.
    pub carrier: Code,
    /// When it happened.
    pub time: Timestamp,
    /// What happened.
    pub event: FlightEvent,
}

/// A line of which no event can be made: which column, what it has, what it should have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError(Box<str>);

impl RowError {
    fn new(column: &str, value: &[u8], want: &str) -> Self {
        let value: String = String::from_utf8_lossy(value).chars().take(40).collect();
        Self(format!("{column} `{value}` should be {want}").into())
    }

    pub(super) fn too_long() -> Self {
        Self(format!("a line of more than {MAX_LINE} bytes").into())
    }
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RowError {}

/// Reads a line.
pub(super) fn parse(line: &[u8]) -> Result<Row, RowError> {
    let mut fields = [&b""[..]; COLUMNS.len()];
    let mut found = 0;
    for field in line.split(|&byte| byte == b',') {
        if let Some(place) = fields.get_mut(found) {
            *place = field;
        }
        found += 1;
    }
    if found != fields.len() {
        return Err(RowError(format!("{found} columns instead of {}", fields.len()).into()));
    }
    let [time, topic, flight, tail, other, delay] = fields;
    let (carrier, airport, kind) = split(topic).ok_or_else(|| {
        RowError::new("type", topic, "flight.CARRIER.AIRPORT.(departed|arrived|cancelled)")
    })?;
    let code = |name, value| {
        Code::new(value).map_err(|_| RowError::new(name, value, "1 to 7 letters or digits"))
    };
    let time = instant(time)
        .ok_or_else(|| RowError::new("time", time, "a time in UTC such as 2013-01-01T10:17:00Z"))?;
    let flight = number(flight)
        .ok_or_else(|| RowError::new("flight", flight, "a whole number of at most 65535"))?;
    let tail = if tail.is_empty() { None } else { Some(code("tailnum", tail)?) };
    let airport = code("type", airport)?.lower();
    let other = code("other", other)?.lower();
    let minutes = || match delay {
        b"" => Ok(None),
        _ => number(delay)
            .map(Some)
            .ok_or_else(|| RowError::new("delay", delay, "minutes, or empty if unknown")),
    };
    let event = match kind {
        b"departed" => {
            FlightEvent::Departed { airport, to: other, flight, tail, delay: minutes()? }
        }
        b"arrived" => {
            FlightEvent::Arrived { airport, from: other, flight, tail, delay: minutes()? }
        }
        b"cancelled" if delay.is_empty() => {
            FlightEvent::Cancelled { airport, to: other, flight, tail }
        }
        b"cancelled" => return Err(RowError::new("delay", delay, "empty for a cancelled flight")),
        _ => return Err(RowError::new("type", kind, "departed, arrived or cancelled at its end")),
    };
    Ok(Row { carrier, time, event })
}

/// Carrier, airport and kind of a `flight.<carrier>.<airport>.<kind>`.
///
/// A carrier has the two or three letters or digits of an IATA or ICAO code, so there is a bound to how
/// many buses a file can open.
fn split(topic: &[u8]) -> Option<(Code, &[u8], &[u8])> {
    let mut segments = topic.strip_prefix(b"flight.")?.split(|&byte| byte == b'.');
    let (carrier, airport, kind) = (segments.next()?, segments.next()?, segments.next()?);
    let fits = matches!(carrier.len(), 2 | 3) && carrier.iter().all(u8::is_ascii_alphanumeric);
    if !fits || segments.next().is_some() {
        return None;
    }
    Some((Code::new(carrier).ok()?.lower(), airport, kind))
}

fn number<N: std::str::FromStr>(digits: &[u8]) -> Option<N> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn instant(text: &[u8]) -> Option<Timestamp> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Row, String> {
        parse(line.as_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_row_is_an_event_on_its_carriers_bus() {
        let row = read("2013-01-01T10:17:00Z,flight.ua.ewr.departed,1545,N14228,IAH,-2").unwrap();
        assert_eq!(row.carrier.as_str(), "ua");
        assert_eq!(row.time.to_string(), "2013-01-01T10:17:00Z");
        let FlightEvent::Departed { airport, to, flight, tail, delay } = row.event else {
            panic!("{row:?}");
        };
        assert_eq!((airport.as_str(), to.as_str(), flight, delay), ("ewr", "iah", 1545, Some(-2)));
        assert_eq!(tail.unwrap().as_str(), "N14228");
        let row = read("2013-01-01T10:17:00Z,flight.ua.ewr.cancelled,1545,,IAH,").unwrap();
        assert!(matches!(row.event, FlightEvent::Cancelled { tail: None, .. }));
    }

    #[test]
    fn what_cannot_be_read_says_which_column_and_why() {
        let cases = [
            ("", "1 columns instead of 6"),
            ("2013-01-01T10:17:00Z,flight.ua.ewr.departed,1,,IAH", "5 columns"),
            ("yesterday,flight.ua.ewr.departed,1,,IAH,0", "time `yesterday`"),
            ("2013-01-01T10:17:00Z,flight.ua.departed,1,,IAH,0", "type `flight.ua.departed`"),
            ("2013-01-01T10:17:00Z,train.ua.ewr.departed,1,,IAH,0", "type `train"),
            ("2013-01-01T10:17:00Z,flight.*.ewr.departed,1,,IAH,0", "type `flight.*"),
            ("2013-01-01T10:17:00Z,flight.ua.ewr.late,1,,IAH,0", "departed, arrived or cancelled"),
            ("2013-01-01T10:17:00Z,flight.ua.newark-liberty.departed,1,,IAH,0", "1 to 7"),
            ("2013-01-01T10:17:00Z,flight.ua.ewr.departed,-1,,IAH,0", "flight `-1`"),
            ("2013-01-01T10:17:00Z,flight.ua.ewr.departed,1,,,0", "other ``"),
            ("2013-01-01T10:17:00Z,flight.ua.ewr.departed,1,,IAH,soon", "delay `soon`"),
            ("2013-01-01T10:17:00Z,flight.ua.ewr.cancelled,1,,IAH,5", "empty for a cancelled"),
        ];
        for (line, expected) in cases {
            let error = read(line).unwrap_err();
            assert!(error.contains(expected), "`{line}` gave: {error}");
        }
    }
}
