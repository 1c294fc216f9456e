//! Parcels as messages of NATS and back: the limits of the wire, and headers in their order.
//!
//! The client keeps headers in a map without an order. They are put into one by name when they come; a parcel whose headers
//! stand otherwise says so in one more header, which those of a mesh never need.

use std::borrow::Cow;
use std::sync::Mutex;

use async_nats::{HeaderMap, HeaderName, HeaderValue, Message};
use rem_mesh::{Parcel, Subject, TransportError, TransportErrorKind};

use crate::builder::decoded;
use crate::inbox::lock;

/// In which order the headers stand: numbers of them in the order of [`rank`].
const ORDER: &str = "Rem-Order";

/// What the server adds to a parcel of a stream, or is told by headers.
const SERVERS: &str = "Nats-";

/// Those that every parcel of a mesh has, in its order.
const MESH: [&str; 4] = ["rem-home", "rem-boot", "rem-hops", "content-type"];
/// The same as the client has them.
static NAMES: [HeaderName; 4] = [
    HeaderName::from_static(MESH[0]),
    HeaderName::from_static(MESH[1]),
    HeaderName::from_static(MESH[2]),
    HeaderName::from_static(MESH[3]),
];

/// First those that every parcel of a mesh has; the others by name.
fn rank(name: &str) -> (usize, &str) {
    (MESH.iter().position(|known| *known == name).unwrap_or(MESH.len()), name)
}

/// Headers as they are sent, if there are any, and the bytes that they take on the wire.
pub(crate) type Written = (Option<HeaderMap>, usize);

/// The headers of a parcel.
fn written(parcel: &Parcel) -> Result<Written, TransportError> {
    let mut map: Option<HeaderMap> = None;
    let mut bytes = 0;
    let mut before = None;
    let mut in_order = true;
    for (name, value) in parcel.headers() {
        let wrong = |said: &str| {
            let said = format!("the header `{name}` of a parcel to `{}` {said}", parcel.subject());
            TransportError::new(TransportErrorKind::Other, said)
        };
        let reserved =
            name.get(..SERVERS.len()).is_some_and(|start| start.eq_ignore_ascii_case(SERVERS));
        if reserved || name.eq_ignore_ascii_case(ORDER) {
            return Err(wrong("is the server's or the transport's own: name it otherwise"));
        }
        if value.trim().len() != value.len() {
            return Err(wrong("begins or ends with white space, which NATS cuts off: encode it"));
        }
        let rank = rank(name);
        let named = match NAMES.get(rank.0) {
            Some(known) => Some(known.clone()),
            None => escaped(name).parse().ok().filter(|_| !name.is_empty()),
        };
        let named: HeaderName = named.ok_or_else(|| {
            wrong("has a name that NATS cannot write: take letters, digits and `-`")
        })?;
        let name: &str = named.as_ref();
        bytes += line(name, value);
        let valued: HeaderValue =
            value.parse().map_err(|_| wrong("has a line break: encode it"))?;
        in_order &= before.is_none_or(|before| before <= rank);
        before = Some(rank);
        map.get_or_insert_default().append(named, valued);
    }
    if let Some(map) = map.as_mut().filter(|_| !in_order) {
        let mut order: Vec<_> = parcel.headers().enumerate().collect();
        order.sort_by_key(|(at, (name, _))| (rank(name), *at));
        let order: Vec<_> = order.iter().map(|(at, _)| at.to_string()).collect();
        let order = order.join(",");
        bytes += line(ORDER, &order);
        map.insert(ORDER, order);
    }
    Ok((map, if bytes > 0 { bytes + "NATS/1.0\r\n\r\n".len() } else { 0 }))
}

/// What was written last: the headers of the next parcel are mostly the same, and then a copy of the map is theirs.
#[derive(Default)]
pub(crate) struct LastWritten(Mutex<Option<(Parcel, Written)>>);

impl LastWritten {
    /// The headers of a parcel.
    pub(crate) fn written(&self, parcel: &Parcel) -> Result<Written, TransportError> {
        let mut last = lock(&self.0);
        if let Some((_, written)) = last.as_ref().filter(|(last, _)| parcel.has_headers_of(last)) {
            return Ok(written.clone());
        }
        let written = written(parcel)?;
        // Without its body, which may be large.
        let kept = Parcel::new(parcel.subject().clone()).with_headers_of(parcel);
        *last = Some((kept, written.clone()));
        Ok(written)
    }
}

/// How long the line of a header is, with `: ` and its break.
fn line(name: &str, value: &str) -> usize {
    name.len() + value.len() + 4
}

/// NATS has names of visible ASCII. What is beyond that is written as a URL would, and `%` itself.
fn escaped(name: &str) -> Cow<'_, str> {
    if name.is_ascii() && !name.contains('%') {
        return Cow::Borrowed(name);
    }
    let escape = |byte: u8| match byte {
        b'%' | 0x80.. => format!("%{byte:02X}"),
        _ => char::from(byte).to_string(),
    };
    Cow::Owned(name.bytes().map(escape).collect())
}

/// What was read last: subject and headers of the next message are mostly the same, and then are shared with it.
#[derive(Default)]
pub(crate) struct LastRead(Mutex<Option<Parcel>>);

impl LastRead {
    /// A message as a parcel; `None` for one whose subject no parcel has.
    pub(crate) fn read(&self, message: Message) -> Option<Parcel> {
        let mut last = lock(&self.0);
        if let Some(last) = last.as_ref().filter(|last| is_like(&message, last)) {
            return Some(last.clone().with_body(message.payload));
        }
        let parcel = read(message)?;
        // Without its body, which may be large.
        *last = Some(Parcel::new(parcel.subject().clone()).with_headers_of(&parcel));
        Some(parcel)
    }
}

/// Whether a message has that subject and those headers, which are a mesh's own and, beside the server's, nothing else.
fn is_like(message: &Message, last: &Parcel) -> bool {
    let Some(map) = &message.headers else { return false };
    if last.subject().as_str() != message.subject.as_str() {
        return false;
    }
    let mut values = [None; MESH.len()];
    for (name, found) in map.iter() {
        let name: &str = name.as_ref();
        match (MESH.iter().position(|known| *known == name), &found[..]) {
            (Some(at), [value]) => values[at] = Some(value.as_str()),
            (None, _) if name.starts_with(SERVERS) => {}
            _ => return false,
        }
    }
    let found = MESH.into_iter().zip(values);
    last.headers().map(|(name, value)| (name, Some(value))).eq(found)
}

/// A message as a parcel; `None` for one whose subject no parcel has.
pub(crate) fn read(message: Message) -> Option<Parcel> {
    let subject = Subject::parse(message.subject.as_str()).ok()?;
    let parcel = Parcel::new(subject).with_body(message.payload);
    let Some(map) = message.headers else { return Some(parcel) };
    let mut headers: Vec<(Cow<'_, str>, &str)> = Vec::with_capacity(map.len());
    let mut order = None;
    for (name, values) in map.iter() {
        let name: &str = name.as_ref();
        if name == ORDER {
            order = values.first().map(HeaderValue::as_str);
        } else if !name.starts_with(SERVERS) {
            let is_plain = MESH.contains(&name) || !name.contains('%');
            let name = if is_plain { name.into() } else { Cow::Owned(decoded(name)) };
            headers.extend(values.iter().map(|value| (name.clone(), value.as_str())));
        }
    }
    headers.sort_by(|(one, _), (two, _)| rank(one).cmp(&rank(two)));
    if let Some(positions) = order.and_then(|order| positions(order, headers.len())) {
        let mut placed: Vec<_> = positions.into_iter().zip(headers).collect();
        placed.sort_by_key(|(at, _)| *at);
        headers = placed.into_iter().map(|(_, header)| header).collect();
    }
    Some(parcel.with_headers(headers))
}

/// Where each header stands; `None` for what does not name each place once.
fn positions(order: &str, count: usize) -> Option<Vec<usize>> {
    let positions: Vec<usize> = order.split(',').map(str::parse).collect::<Result<_, _>>().ok()?;
    let mut sorted = positions.clone();
    sorted.sort_unstable();
    let is_whole = positions.len() == count && sorted.into_iter().eq(0..count);
    is_whole.then_some(positions)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(parcel: &Parcel) -> Message {
        Message {
            subject: parcel.subject().as_str().into(),
            reply: None,
            payload: parcel.body().clone(),
            headers: written(parcel).unwrap().0,
            status: None,
            description: None,
            length: 0,
        }
    }

    fn there_and_back(parcel: &Parcel) -> Parcel {
        read(message(parcel)).unwrap()
    }

    fn parcel(headers: &[(&'static str, &str)]) -> Parcel {
        let subject = Subject::parse("a.b").unwrap();
        headers
            .iter()
            .fold(Parcel::new(subject), |parcel, (name, value)| parcel.header(*name, *value))
    }

    #[test]
    fn headers_come_in_the_order_in_which_they_were_put() {
        let all: &[&[(&str, &str)]] = &[
            &[],
            &[("a", "1"), ("b", "2")],
            &[("b", "2"), ("a", "1"), ("b", "1"), ("a", "")],
            &[("rem-home", "n"), ("rem-boot", "b"), ("rem-hops", "0"), ("content-type", "t")],
            &[("content-type", "t"), ("rem-home", "n"), ("ce-id", "é")],
            &[("x-é%2", "é"), ("x%C3", "1  2"), ("a", "b")],
        ];
        for headers in all {
            let parcel = parcel(headers);
            for _ in 0..8 {
                assert_eq!(there_and_back(&parcel), parcel);
            }
        }
    }

    /// In any order after one another, so that each is read behind each.
    #[test]
    fn what_is_like_the_one_before_is_read_as_if_it_were_not() {
        let own = |home, hops| {
            parcel(&[
                ("rem-home", home),
                ("rem-boot", "b"),
                ("rem-hops", hops),
                ("content-type", "t"),
            ])
        };
        let elsewhere = Parcel::new(Subject::parse("a.c").unwrap());
        let all = [
            own("n", "0").with_body("1"),
            own("n", "0").with_body("2"),
            own("m", "0"),
            own("n", "1"),
            own("n", "0").header("x", "1"),
            own("n", "0").header("rem-home", "n"),
            elsewhere.with_headers_of(&own("n", "0")),
            parcel(&[
                ("content-type", "t"),
                ("rem-hops", "0"),
                ("rem-boot", "b"),
                ("rem-home", "n"),
            ]),
            parcel(&[("rem-home", "n"), ("rem-boot", "b"), ("rem-hops", "0")]),
            parcel(&[("rem-home", "n"), ("rem-boot", "b"), ("rem-hops", "0"), ("x", "t")]),
            parcel(&[]),
        ];
        // A server may have added to it, or not.
        let given = |parcel: &Parcel, adds: bool| {
            let mut given = message(parcel);
            if adds {
                given.headers.get_or_insert_default().insert("Nats-Msg-Id", "1");
            }
            given
        };
        for (one, two) in all.iter().flat_map(|one| all.iter().map(move |two| (one, two))) {
            for (before, behind) in [(false, false), (false, true), (true, false), (true, true)] {
                let last = LastRead::default();
                assert_eq!(last.read(given(one, before)).as_ref(), Some(one));
                assert_eq!(last.read(given(two, behind)).as_ref(), Some(two), "behind {one:?}");
            }
        }
    }

    #[test]
    fn those_of_a_mesh_need_no_header_more() {
        let headers =
            [("rem-home", "n"), ("rem-boot", "b"), ("rem-hops", "0"), ("content-type", "t")];
        assert_eq!(written(&parcel(&headers)).unwrap().0.unwrap().len(), 4);
    }

    #[test]
    fn what_the_wire_would_change_is_refused() {
        let wrong =
            [("a", " b"), ("a", "b\t"), ("a", "b\nc"), ("", "b"), ("a:b", "c"), ("a b", "c")];
        for header in wrong.into_iter().chain([("Nats-Msg-Id", "1"), ("rem-order", "0")]) {
            let error = written(&parcel(&[header])).unwrap_err();
            assert!(error.to_string().contains("a.b"), "{header:?}: {error}");
        }
    }

    #[test]
    fn an_order_that_is_none_is_passed_over() {
        for order in ["", "0", "0,0", "0,2", "1,x", "0,1,2"] {
            assert_eq!(positions(order, 2), None, "{order}");
        }
        assert_eq!(positions("1,0", 2), Some(vec![1, 0]));
    }
}
