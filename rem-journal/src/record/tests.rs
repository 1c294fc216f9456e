//! Records there and back, and what is none.

use proptest::option;
use proptest::prelude::*;

use super::{Keys, Record, RecordErrorKind, TOPIC};

fn record() -> Record<'static> {
    Record {
        id: [7; 16],
        timestamp: 1_234_567_890,
        topic: "eu-west.order.paid",
        scope: 7,
        source: Some("shop"),
        causation: Some([1; 16]),
        correlation: Some([2; 16]),
        metadata: Some(r#"{"tenant":"acme"}"#),
        version: 3,
        codec: 1,
        body: br#"{"cents":42}"#,
    }
}

fn encoded(record: &Record<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    record.encode(&mut bytes).unwrap();
    bytes
}

proptest! {
    #[test]
    fn a_record_comes_back_as_it_was_written(
        id: [u8; 16], timestamp: u64, topic in "[a-zäö.]{1,100}", scope in 0_usize..100,
        source in option::of(".{0,40}"), causation: Option<[u8; 16]>, correlation: Option<[u8; 16]>,
        metadata in option::of(".{0,80}"), version: u32, codec: u8,
        body in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        let boundary = (0..=scope.min(topic.len())).rev().find(|&at| topic.is_char_boundary(at));
        let record = Record {
            id, timestamp, topic: &topic, scope: u8::try_from(boundary.unwrap_or(0)).unwrap(), source: source.as_deref(), causation,
            correlation, metadata: metadata.as_deref(), version, codec, body: &body,
        };
        let bytes = encoded(&record);
        prop_assert_eq!(Record::decode(&bytes).unwrap(), record);
        prop_assert_eq!(Keys::decode(&bytes).unwrap(), Keys { id, timestamp, topic: &topic });
    }

    #[test]
    fn any_bytes_are_a_record_or_an_error_within_them(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        match Record::decode(&bytes) {
            Ok(record) => prop_assert_eq!(encoded(&record).len() <= bytes.len() + 4, true),
            Err(error) => prop_assert!(error.offset() <= bytes.len()),
        }
        let _ = Keys::decode(&bytes);
    }

    #[test]
    fn a_changed_byte_is_never_a_panic(at in 0_usize..140, to: u8) {
        let mut bytes = encoded(&record());
        if let Some(byte) = bytes.get_mut(at) {
            *byte = to;
        }
        let _ = Record::decode(&bytes);
    }
}

#[test]
fn a_record_cut_within_its_head_is_truncated() {
    let bytes = encoded(&record());
    let head = bytes.len() - record().body.len();
    for end in 0..head {
        let error = Record::decode(&bytes[..end]).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (RecordErrorKind::Truncated, end));
    }
    assert_eq!(Record::decode(&bytes[..head]).unwrap().body, b"");
}

#[test]
fn what_is_no_record_says_where() {
    let long = "a".repeat(256);
    for (wrong, kind, offset) in [
        (Record { topic: "", scope: 0, ..record() }, RecordErrorKind::Topic, TOPIC - 1),
        (Record { topic: &long, ..record() }, RecordErrorKind::Topic, TOPIC - 1),
        (Record { scope: 19, ..record() }, RecordErrorKind::Scope, TOPIC - 2),
    ] {
        let mut out = b"before".to_vec();
        let error = wrong.encode(&mut out).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (kind, offset));
        assert_eq!(out, b"before");
    }
    for (at, byte, kind) in [
        (24, 0x80, RecordErrorKind::Flags),
        (26, 200, RecordErrorKind::Scope),
        (27, 0, RecordErrorKind::Topic),
        (30, 0xff, RecordErrorKind::Text),
    ] {
        let mut bytes = encoded(&record());
        bytes[at] = byte;
        let error = Record::decode(&bytes).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (kind, at), "{error}");
    }
}

#[test]
fn a_length_of_4_gib_allocates_nothing() {
    let mut bytes = encoded(&Record { causation: None, correlation: None, ..record() });
    let source = TOPIC + record().topic.len();
    bytes[source..source + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(Record::decode(&bytes).unwrap_err().kind(), RecordErrorKind::Truncated);
}
