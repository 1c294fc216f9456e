//! Streams and consumers in JetStream's own words, and what it says of them.

use std::time::Duration;

use rem_mesh::{
    ConsumerSpec, StreamSpec, StreamStart, StreamState, Subject, SubjectFilter, TransportError,
    TransportErrorKind,
};
use serde_json::{Value, json};

use crate::server::Version;

/// The first server that has several filters for a consumer. One before takes them, and gives the consumer everything.
const FILTERS: Version = Version(2, 10, 0);

/// How a stream is to be.
pub(super) fn stream(spec: &StreamSpec) -> Value {
    let subjects: Vec<_> = spec.subjects.iter().map(SubjectFilter::as_str).collect();
    json!({
        "name": &*spec.name,
        "subjects": subjects,
        "retention": "limits",
        "storage": "file",
        "discard": "old",
        "max_consumers": -1,
        "max_msgs": spec.parcels.map_or(-1, signed),
        "max_bytes": spec.bytes.map_or(-1, signed),
        "max_age": spec.age.map_or(0, nanos),
        "duplicate_window": nanos(spec.window),
        "num_replicas": spec.replicas,
    })
}

/// What a stream is.
pub(super) fn state(info: &Value) -> StreamState {
    let (config, state) = (&info["config"], &info["state"]);
    let number = |value: &Value| value.as_u64().unwrap_or_default();
    let (last, count) = (number(&state["last_seq"]), number(&state["messages"]));
    let first = if count == 0 { last + 1 } else { number(&state["first_seq"]) };
    StreamState::empty(Duration::from_nanos(number(&config["duplicate_window"])))
        .keeps(first, last, count)
        .on(usize::try_from(number(&config["num_replicas"])).unwrap_or(usize::MAX).max(1))
}

/// Whether a stream keeps what goes to that subject.
pub(super) fn keeps(info: &Value, subject: &Subject) -> bool {
    let filters =
        texts(&info["config"]["subjects"]).filter_map(|text| SubjectFilter::parse(text).ok());
    filters.into_iter().any(|filter| filter.selects(subject))
}

/// Whether a stream is enough for who asks for that one; what is missing.
pub(super) fn is_enough(spec: &StreamSpec, info: &Value) -> Result<(), TransportError> {
    let refuse = |said: String| {
        let said = format!("the stream `{}` is there and is not enough: {said}", spec.name);
        Err(TransportError::new(TransportErrorKind::Refused, said))
    };
    let config = &info["config"];
    let kept: Vec<SubjectFilter> = texts(&config["subjects"])
        .filter_map(|subject| SubjectFilter::parse(subject).ok())
        .collect();
    for subject in &spec.subjects {
        if !kept.iter().any(|kept| kept.covers(subject)) {
            return refuse(format!(
                "it does not keep `{subject}`, but {kept:?}; add it there, or take another name"
            ));
        }
    }
    let window = state(info).window;
    if window < spec.window {
        return refuse(format!(
            "it knows a key for {window:?}, and not for {:?}; raise its `duplicate_window`",
            spec.window
        ));
    }
    for (what, wanted) in [("retention", "limits"), ("discard", "old")] {
        let found = config[what].as_str().unwrap_or(wanted);
        if found != wanted {
            return refuse(format!("its `{what}` is `{found}`, and not `{wanted}`"));
        }
    }
    if config["no_ack"].as_bool() == Some(true) {
        return refuse("it acknowledges nothing; take `no_ack` out of it".into());
    }
    Ok(())
}

/// Whether a stream that was made is as it was asked for: what a server does not know it drops without a word.
pub(super) fn is_as_asked(spec: &StreamSpec, info: &Value) -> Result<(), TransportError> {
    is_enough(spec, info)?;
    let (asked, made) = (stream(spec), &info["config"]);
    for what in ["max_msgs", "max_bytes", "max_age", "duplicate_window", "num_replicas", "storage"]
    {
        let number = |value: &Value| value.as_i64().unwrap_or_default();
        let is_same = match &asked[what] {
            Value::String(text) => made[what].as_str() == Some(text),
            asked => number(&made[what]) == number(asked),
        };
        if !is_same {
            let said = format!(
                "the stream `{}` was made with `{what}` {}, and not {}: the server cannot do that",
                spec.name, made[what], asked[what]
            );
            return Err(TransportError::new(TransportErrorKind::Unsupported, said));
        }
    }
    Ok(())
}

/// Which filters a server is asked for: those that it has, or wider ones. What is given is filtered again here.
pub(super) fn filters(wanted: &[SubjectFilter], version: Option<Version>) -> Vec<SubjectFilter> {
    let mut narrow: Vec<SubjectFilter> = Vec::new();
    for (at, filter) in wanted.iter().enumerate() {
        let others = wanted.iter().enumerate().filter(|(other, _)| *other != at);
        let is_covered = |(other, wider): (usize, &SubjectFilter)| {
            wider.covers(filter) && (other < at || !filter.covers(wider))
        };
        if !others.into_iter().any(is_covered) {
            narrow.push(filter.clone());
        }
    }
    let meet = |one: usize| narrow[one + 1..].iter().any(|other| narrow[one].meet(other).is_some());
    let has_several = version.is_some_and(|version| version >= FILTERS);
    if narrow.len() <= 1 || (has_several && !(0..narrow.len()).any(meet)) {
        return narrow;
    }
    common(&narrow).into_iter().collect()
}

/// The narrowest filter of literals and a tail that covers all; `None` for everything.
fn common(filters: &[SubjectFilter]) -> Option<SubjectFilter> {
    let tokens =
        |filter: &SubjectFilter| filter.as_str().split('.').map(str::to_owned).collect::<Vec<_>>();
    let all: Vec<Vec<String>> = filters.iter().map(tokens).collect();
    let first = all.first()?;
    let is_shared = |at: &usize| {
        // The last token of the shortest has to be covered by the tail.
        all.iter().all(|tokens| tokens.len() > at + 1 && tokens[*at] == first[*at])
            && first[*at] != ">"
    };
    let shared = (0..first.len()).take_while(is_shared).count();
    if shared == 0 {
        return None;
    }
    SubjectFilter::parse(format!("{}.>", first[..shared].join("."))).ok()
}

/// What stands in a consumer for its filters.
pub(super) fn put_filters(config: &mut Value, filters: &[SubjectFilter]) {
    if let Some(config) = config.as_object_mut() {
        config.remove("filter_subject");
        config.remove("filter_subjects");
        match filters {
            [] => {}
            [one] => drop(config.insert("filter_subject".into(), one.as_str().into())),
            all => {
                let all: Vec<_> = all.iter().map(SubjectFilter::as_str).collect();
                config.insert("filter_subjects".into(), all.into());
            }
        }
    }
}

/// What a consumer says of its filters, in their order.
pub(super) fn filters_of(config: &Value) -> Vec<String> {
    let one = config["filter_subject"].as_str().filter(|one| !one.is_empty());
    let mut all: Vec<_> =
        one.into_iter().chain(texts(&config["filter_subjects"])).map(str::to_owned).collect();
    all.sort();
    all
}

/// How a consumer is to be that is new.
pub(super) fn consumer(spec: &ConsumerSpec, filters: &[SubjectFilter]) -> Value {
    let mut config = json!({
        "durable_name": &*spec.name,
        "ack_policy": "explicit",
        "replay_policy": "instant",
        "ack_wait": nanos(spec.time_to_answer),
        "max_ack_pending": spec.in_flight,
        "max_deliver": -1,
    });
    put_filters(&mut config, filters);
    put_start(&mut config, spec.start);
    config
}

pub(super) fn put_start(config: &mut Value, start: StreamStart) {
    match start {
        StreamStart::First => config["deliver_policy"] = "all".into(),
        StreamStart::Last => config["deliver_policy"] = "last".into(),
        StreamStart::Sequence(sequence) => {
            config["deliver_policy"] = "by_start_sequence".into();
            config["opt_start_seq"] = sequence.max(1).into();
        }
        StreamStart::Time(time) => {
            config["deliver_policy"] = "by_start_time".into();
            config["opt_start_time"] = time.to_string().into();
        }
        // Also of those that are not known here.
        _ => config["deliver_policy"] = "new".into(),
    }
}

fn texts(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX).min(i64::MAX.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(texts: &[&str]) -> Vec<SubjectFilter> {
        texts.iter().map(|text| SubjectFilter::parse(text).unwrap()).collect()
    }

    #[test]
    fn a_server_is_asked_for_filters_that_it_has() {
        let (old, new) = (Some(Version(2, 9, 10)), Some(Version(2, 10, 0)));
        let cases: &[(&[&str], &[&str], &[&str])] = &[
            (&[], &[], &[]),
            (&["a.b"], &["a.b"], &["a.b"]),
            (&["a.b", "a.*"], &["a.*"], &["a.*"]),
            (&["a.*", "a.*"], &["a.*"], &["a.*"]),
            (&["a.b", "a.c"], &["a.>"], &["a.b", "a.c"]),
            (&["a.b", "a.b.c"], &["a.>"], &["a.b", "a.b.c"]),
            (&["a.*.c", "a.b.*"], &["a.>"], &["a.>"]), // they meet
            (&["a.x.>", "b.>"], &[], &["a.x.>", "b.>"]),
        ];
        for (wanted, on_old, on_new) in cases {
            assert_eq!(filters(&all(wanted), old), all(on_old), "{wanted:?}");
            assert_eq!(filters(&all(wanted), None), all(on_old), "{wanted:?}");
            assert_eq!(filters(&all(wanted), new), all(on_new), "{wanted:?}");
        }
    }

    #[test]
    fn a_stream_that_the_server_made_otherwise_is_told() {
        let spec = StreamSpec::new("s", all(&["a.>"])).parcels(10).window(Duration::from_secs(60));
        let made = json!({ "config": stream(&spec), "state": {} });
        assert!(is_as_asked(&spec, &made).is_ok());
        let others =
            [("max_msgs", json!(-1)), ("storage", json!("memory")), ("storage", json!(null))];
        for (what, value) in others {
            let mut other = made.clone();
            other["config"][what] = value;
            let error = is_as_asked(&spec, &other).unwrap_err();
            assert!(
                error.kind() == TransportErrorKind::Unsupported
                    && error.to_string().contains(&format!("`{what}`")),
                "{error}"
            );
        }
        let mut other = made;
        other["config"]["discard"] = "new".into();
        assert_eq!(is_enough(&spec, &other).unwrap_err().kind(), TransportErrorKind::Refused);
    }
}
