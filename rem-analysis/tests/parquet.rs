//! What is written as Parquet is read by another reader of the format, value for value.
#![cfg(feature = "parquet")]
#![expect(clippy::unwrap_used, reason = "what fails in a test should end it")]

use std::collections::BTreeMap;
use std::io;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use rem_analysis::parquet::{Kind, Parquet, ParquetErrorKind};
use rem_core::wire::{Codec, Mask, RawEvent};
use rem_core::{Bus, Ring, Timestamp};

fn bus() -> Bus {
    Bus::builder().history(Ring::events(10_000)).build()
}

fn raw() -> Parquet<'static> {
    Parquet::new().mask(Mask::new().raw_as_it_is())
}

/// The rows of a file, by name of the column.
fn read(file: &[u8]) -> (usize, Vec<BTreeMap<String, Field>>) {
    let reader = SerializedFileReader::new(bytes::Bytes::copy_from_slice(file)).unwrap();
    let rows = reader.get_row_iter(None).unwrap();
    let row = |row: parquet::record::Row| {
        row.get_column_iter().map(|(name, field)| (name.clone(), field.clone())).collect()
    };
    (reader.num_row_groups(), rows.map(|found| row(found.unwrap())).collect())
}

fn text(text: &str) -> Field {
    Field::Str(text.to_owned())
}

#[test]
fn every_event_comes_back_with_its_head_its_data_and_its_fields() {
    let bus = bus();
    let time = Timestamp::from_nanos(1_709_283_600_123_456_789);
    let json = RawEvent::new(
        Codec::Json,
        *br#"{ "id": 7, "ms": 1.5, "ok": true, "who": {"name": "ann"} }"#,
    );
    let eu = bus.child("eu").unwrap();
    eu.event(json)
        .timestamp(time)
        .source("/web")
        .metadata("tenant", "x")
        .publish_to("db.asked")
        .unwrap();
    let late = Timestamp::from_nanos(u64::MAX);
    bus.event(RawEvent::new(Codec::Json, *b"nonsense")).timestamp(late).publish_to("b").unwrap();
    bus.publish_to("c", RawEvent::new(Codec::Json, *b"")).unwrap();
    bus.publish_to(
        "d",
        RawEvent::new(Codec::Json, *br#"{"id":"seven","ms":3,"ok":1,"who":{"name":1}}"#),
    )
    .unwrap();
    let events = bus.query("**").unwrap().events();
    let mut file = Vec::new();
    let asked = raw()
        .column_as("number", "id", Kind::I64)
        .column("ms", Kind::F64)
        .column("ok", Kind::Bool)
        .column("who.name", Kind::Text);
    let report = asked.write(events.clone(), &mut file).unwrap();
    assert_eq!((report.rows(), report.row_groups(), report.bytes()), (4, 1, file.len() as u64));
    let (_, rows) = read(&file);
    assert_eq!(rows.len(), 4);
    let first = &rows[0];
    for (name, expected) in [
        ("sequence", Field::ULong(1)),
        ("id", text(&events[0].id().to_string())),
        ("topic", text("eu.db.asked")),
        ("source", text("/web")),
        ("causation", Field::Null),
        ("correlation", text(&events[0].correlation().to_string())),
        ("scope", Field::Int(2)),
        ("metadata", text(r#"{"tenant":"x"}"#)),
        ("data", text(r#"{"id":7,"ms":1.5,"ok":true,"who":{"name":"ann"}}"#)),
        ("number", Field::Long(7)),
        ("ms", Field::Double(1.5)),
        ("ok", Field::Bool(true)),
        ("who.name", text("ann")),
    ] {
        assert_eq!(first[name], expected, "{name}");
    }
    assert!(
        format!("{:?}", first["timestamp"]).contains("1709283600123456789"),
        "{:?}",
        first["timestamp"]
    );
    for name in ["timestamp", "data", "number", "source", "metadata"] {
        assert_eq!(rows[1][name], Field::Null, "{name}");
    }
    assert_eq!(rows[2]["data"], Field::Null);
    assert_eq!((&rows[3]["number"], &rows[3]["ms"]), (&Field::Null, &Field::Double(3.0)));
    // A time, a body and four fields in it; then three fields of another kind.
    assert_eq!(report.not_held(), 6 + 3);
}

#[cfg(feature = "msgpack")]
#[test]
fn data_in_message_pack_is_json_in_the_file() {
    let bus = bus();
    let body =
        rmp_serde::to_vec_named(&serde_json::json!({"ms": 12, "list": [1, -2.5, null]})).unwrap();
    bus.publish_to("a", RawEvent::new(Codec::MessagePack, body)).unwrap();
    let mut file = Vec::new();
    raw().column("ms", Kind::I64).write(bus.query("**").unwrap().events(), &mut file).unwrap();
    let (_, rows) = read(&file);
    let data: serde_json::Value = match &rows[0]["data"] {
        Field::Str(json) => serde_json::from_str(json).unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!((data["ms"].as_i64(), data["list"][1].as_f64()), (Some(12), Some(-2.5)));
    assert_eq!(rows[0]["ms"], Field::Long(12));
}

#[test]
fn row_groups_are_bounded_and_told() {
    let bus = bus();
    for number in 0..250 {
        let body = format!(r#"{{"n":{number}}}"#).into_bytes();
        bus.publish_to("a", RawEvent::new(Codec::Json, body)).unwrap();
    }
    let (mut file, mut told) = (Vec::new(), Vec::new());
    let asked = raw().column("n", Kind::I64).row_group(100).progress(|rows| told.push(rows));
    let report = asked.write(bus.query("**").unwrap().events(), &mut file).unwrap();
    assert_eq!((report.row_groups(), told), (3, vec![100, 200, 250]));
    let (groups, rows) = read(&file);
    assert_eq!(groups, 3);
    assert!(rows.iter().zip(0..).all(|(row, number)| row["n"] == Field::Long(number)));
    assert_eq!(rows.len(), 250);
    let mut empty = Vec::new();
    raw().write([], &mut empty).unwrap();
    assert_eq!(read(&empty), (0, vec![]));
}

struct Full;
impl io::Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::Error::other("the disk is full"))
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_is_wrong_is_told() {
    let write = |asked: Parquet<'_>| asked.write([], Vec::new()).unwrap_err();
    for name in ["id", "data", ""] {
        let error = write(raw().column_as(name, "a", Kind::Text));
        assert_eq!(error.kind(), ParquetErrorKind::Name);
        assert!(error.to_string().contains("`Parquet::column_as`"), "{error}");
    }
    assert_eq!(
        write(raw().column("a", Kind::I64).column("a", Kind::F64)).kind(),
        ParquetErrorKind::Name
    );
    assert_eq!(write(raw().column("a..b", Kind::I64)).kind(), ParquetErrorKind::Field);
    let bus = bus();
    bus.publish_to("a", RawEvent::new(Codec::Json, *b"{}")).unwrap();
    let events = bus.query("**").unwrap().events();
    let error = Parquet::new().write(events.clone(), Vec::new()).unwrap_err();
    assert_eq!(error.kind(), ParquetErrorKind::Mask);
    assert!(error.to_string().contains("`Mask::of::<E>()`"), "{error}");
    let error = raw().write(events, Full).unwrap_err();
    assert_eq!(error.kind(), ParquetErrorKind::Write);
    assert!(error.to_string().contains("the disk is full"), "{error}");
}
