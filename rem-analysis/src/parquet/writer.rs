//! [`Writer`]: row groups written as files of Parquet have them.

use std::io::Write;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{BoolType, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type};
use parquet::errors::Result;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{Type, TypePtr};

use super::Kind;
use super::columns::{Column, Maybe, NAMES, Values};

/// A file in the making.
pub(super) struct Writer<W: Write + Send>(SerializedFileWriter<W>);

impl<W: Write + Send> Writer<W> {
    pub(super) fn begin(to: W, columns: &[(Box<str>, Box<str>, Kind)]) -> Result<Self> {
        let mut fields = NAMES.iter().map(|name| always(name)).collect::<Result<Vec<_>>>()?;
        for (name, _, kind) in columns {
            fields.push(match kind {
                Kind::I64 => column(name, Physical::INT64, None),
                Kind::F64 => column(name, Physical::DOUBLE, None),
                Kind::Bool => column(name, Physical::BOOLEAN, None),
                Kind::Text => column(name, Physical::BYTE_ARRAY, Some(LogicalType::String)),
            }?);
        }
        let schema = Type::group_type_builder("event").with_fields(fields).build()?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by(concat!("rem-analysis ", env!("CARGO_PKG_VERSION")).to_owned())
            .build();
        SerializedFileWriter::new(to, Arc::new(schema), Arc::new(properties)).map(Self)
    }

    /// Writes the rows, and takes them out.
    pub(super) fn row_group(&mut self, values: &mut Values) -> Result<()> {
        let mut group = self.0.next_row_group()?;
        for column in &values.columns {
            let Some(mut writer) = group.next_column()? else { break };
            match column {
                Column::I32(values) => write::<Int32Type>(&mut writer, values),
                Column::I64(values) => write::<Int64Type>(&mut writer, values),
                Column::F64(values) => write::<DoubleType>(&mut writer, values),
                Column::Bool(values) => write::<BoolType>(&mut writer, values),
                Column::Text(values) => write::<ByteArrayType>(&mut writer, values),
            }?;
            writer.close()?;
        }
        group.close()?;
        values.clear();
        Ok(())
    }

    /// Writes the end of the file, and says how long it is.
    pub(super) fn end(mut self) -> Result<u64> {
        self.0.finish()?;
        self.0.flush()?;
        Ok(self.0.bytes_written() as u64)
    }
}

fn write<T: DataType>(
    writer: &mut SerializedColumnWriter<'_>,
    values: &Maybe<T::T>,
) -> Result<usize> {
    writer.typed::<T>().write_batch(&values.values, Some(&values.levels), None)
}

/// A column of every file.
fn always(name: &str) -> Result<TypePtr> {
    match name {
        "sequence" => column(name, Physical::INT64, Some(LogicalType::integer(64, false))),
        "timestamp" => {
            let nanos = LogicalType::timestamp(true, TimeUnit::NANOS);
            column(name, Physical::INT64, Some(nanos))
        }
        "scope" => column(name, Physical::INT32, None),
        _ => column(name, Physical::BYTE_ARRAY, Some(LogicalType::String)),
    }
}

fn column(name: &str, physical: Physical, logical: Option<LogicalType>) -> Result<TypePtr> {
    let column = Type::primitive_type_builder(name, physical).with_repetition(Repetition::OPTIONAL);
    column.with_logical_type(logical).build().map(Arc::new)
}
