//! [`Values`]: the rows of one row group, column by column.

use parquet::data_type::ByteArray;
use rem_core::wire::{Codec, RawEvent};
use rem_core::{Event, EventId};

use super::Kind;
use crate::field::{Field, Found, Scalar};

/// The columns that every file has.
pub(super) const NAMES: &[&str] = &[
    "sequence",
    "id",
    "topic",
    "timestamp",
    "source",
    "causation",
    "correlation",
    "scope",
    "metadata",
    "data",
];

/// How many bytes of text a row group holds at most, but for its last row.
const MAX_BYTES: usize = 64 << 20;

/// Values that may be missing: a level for each row, 1 where there is one.
#[derive(Debug, Default)]
pub(super) struct Maybe<T> {
    pub(super) values: Vec<T>,
    pub(super) levels: Vec<i16>,
}

impl<T> Maybe<T> {
    fn push(&mut self, value: Option<T>) {
        self.levels.push(i16::from(value.is_some()));
        self.values.extend(value);
    }

    fn clear(&mut self) {
        self.values.clear();
        self.levels.clear();
    }
}

/// One column.
#[derive(Debug)]
pub(super) enum Column {
    I32(Maybe<i32>),
    I64(Maybe<i64>),
    F64(Maybe<f64>),
    Bool(Maybe<bool>),
    Text(Maybe<ByteArray>),
}

/// The rows that are not written yet.
pub(super) struct Values {
    /// Those of [`NAMES`] in their order, then those of the fields.
    pub(super) columns: Vec<Column>,
    fields: Vec<(Field, Kind)>,
    rows: usize,
    bytes: usize,
    not_held: u64,
    buffer: Vec<u8>,
}

impl Values {
    pub(super) fn new(fields: Vec<(Field, Kind)>) -> Self {
        let text = || Column::Text(Maybe::default());
        let number = || Column::I64(Maybe::default());
        let mut columns = vec![
            number(),
            text(),
            text(),
            number(),
            text(),
            text(),
            text(),
            Column::I32(Maybe::default()),
            text(),
            text(),
        ];
        columns.extend(fields.iter().map(|(_, kind)| match kind {
            Kind::I64 => number(),
            Kind::F64 => Column::F64(Maybe::default()),
            Kind::Bool => Column::Bool(Maybe::default()),
            Kind::Text => text(),
        }));
        Self { columns, fields, rows: 0, bytes: 0, not_held: 0, buffer: Vec::new() }
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn is_large(&self) -> bool {
        self.bytes >= MAX_BYTES
    }

    pub(super) fn not_held(&self) -> u64 {
        self.not_held
    }

    pub(super) fn clear(&mut self) {
        for column in &mut self.columns {
            match column {
                Column::I32(values) => values.clear(),
                Column::I64(values) => values.clear(),
                Column::F64(values) => values.clear(),
                Column::Bool(values) => values.clear(),
                Column::Text(values) => values.clear(),
            }
        }
        (self.rows, self.bytes) = (0, 0);
    }

    /// Adds a row.
    pub(super) fn push(&mut self, event: &Event) {
        let time = i64::try_from(event.timestamp().as_nanos());
        self.not_held += u64::from(time.is_err());
        let metadata = (!event.metadata().is_empty())
            .then(|| serde_json::to_vec(event.metadata()).unwrap_or_default());
        let data = self.json(event);
        let id = |id: EventId| Some(id.to_string().into_bytes());
        // Numbers are below 2^63 for some time: as many events as that is a million a second for 292,000 years.
        let sequence = event.sequence().map(u64::cast_signed);
        let scope = i32::try_from(event.scope()).ok();
        let mut place = 0;
        let mut next = || {
            place += 1;
            place - 1
        };
        self.i64(next(), sequence);
        self.text(next(), id(event.id()));
        self.text(next(), Some(event.topic().as_str().into()));
        self.i64(next(), time.ok());
        self.text(next(), event.source().map(Into::into));
        self.text(next(), event.causation().and_then(id));
        self.text(next(), id(event.correlation()));
        if let Column::I32(values) = &mut self.columns[next()] {
            values.push(scope);
        }
        self.text(next(), metadata);
        self.text(next(), data);
        for place in 0..self.fields.len() {
            self.field(place, event);
        }
        self.rows += 1;
    }

    fn i64(&mut self, place: usize, value: Option<i64>) {
        if let Column::I64(values) = &mut self.columns[place] {
            values.push(value);
        }
    }

    fn text(&mut self, place: usize, value: Option<Vec<u8>>) {
        self.bytes += value.as_ref().map_or(0, Vec::len);
        if let Column::Text(values) = &mut self.columns[place] {
            values.push(value.map(Into::into));
        }
    }

    fn field(&mut self, place: usize, event: &Event) {
        let (field, _) = &self.fields[place];
        let found = match field.find(event, &mut self.buffer) {
            Found::Value(scalar) => Some(scalar),
            Found::Absent => None,
            Found::Unreadable => Some(Scalar::Other),
        };
        let is_there = found.is_some();
        let column = &mut self.columns[NAMES.len() + place];
        let held = match (column, found) {
            (Column::I64(values), found) => {
                let number = found.and_then(|scalar| match scalar {
                    Scalar::Signed(number) => Some(number),
                    Scalar::Unsigned(number) => i64::try_from(number).ok(),
                    _ => None,
                });
                values.push(number);
                number.is_some()
            }
            (Column::F64(values), found) => {
                let number = found.and_then(|scalar| scalar.number());
                values.push(number);
                number.is_some()
            }
            (Column::Bool(values), found) => {
                let is = found.and_then(|scalar| match scalar {
                    Scalar::Bool(is) => Some(is),
                    _ => None,
                });
                values.push(is);
                is.is_some()
            }
            (Column::Text(values), Some(Scalar::Text(text))) => {
                self.bytes += text.len();
                values.push(Some(text.into_bytes().into()));
                true
            }
            (Column::Text(values), _) => {
                values.push(None);
                false
            }
            (Column::I32(_), _) => true, // of no field
        };
        self.not_held += u64::from(is_there && !held);
    }

    /// The data as JSON; `None` if there is none, or it cannot be made it.
    fn json(&mut self, event: &Event) -> Option<Vec<u8>> {
        let written = match event.downcast_ref::<RawEvent>() {
            Some(raw) if raw.data.bytes().is_empty() => return None,
            Some(raw) => as_json(raw.data.codec(), raw.data.bytes()),
            None => {
                let mut out = Vec::new();
                event.data.encode_into(Codec::Json, &mut out).ok().map(|()| out)
            }
        };
        self.not_held += u64::from(written.is_none());
        written
    }
}

/// A body in that codec, as compact JSON.
fn as_json(codec: Codec, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut to = serde_json::Serializer::new(&mut out);
    match codec {
        Codec::Json => {
            let mut json = serde_json::Deserializer::from_slice(bytes);
            serde_transcode::transcode(&mut json, &mut to).ok()?;
            json.end().ok()?;
        }
        #[cfg(feature = "msgpack")]
        Codec::MessagePack => {
            let mut pack = rmp_serde::Deserializer::new(bytes);
            pack.set_max_depth(128);
            serde_transcode::transcode(&mut pack, &mut to).ok()?;
        }
        _ => return None,
    }
    Some(out)
}
