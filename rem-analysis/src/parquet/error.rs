//! [`ParquetError`]: why there is no file.

use std::error::Error;
use std::fmt;

use rem_core::wire::MaskError;

use crate::error::AnalysisError;

/// A file of Parquet that was not written: why, and how to mend it.
#[derive(Debug)]
pub struct ParquetError(Why);

#[derive(Debug)]
enum Why {
    Name { name: Box<str>, path: Box<str> },
    Field(AnalysisError),
    Mask(MaskError),
    Write(parquet::errors::ParquetError),
}

/// Why a file was not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ParquetErrorKind {
    /// A column has no name, or that of another.
    Name,
    /// A path names no field.
    Field,
    /// An event cannot be masked.
    Mask,
    /// It cannot be written.
    Write,
}

impl ParquetError {
    pub(super) fn name(name: &str, path: &str) -> Self {
        Self(Why::Name { name: name.into(), path: path.into() })
    }

    /// Why, to be matched.
    pub fn kind(&self) -> ParquetErrorKind {
        match self.0 {
            Why::Name { .. } => ParquetErrorKind::Name,
            Why::Field(_) => ParquetErrorKind::Field,
            Why::Mask(_) => ParquetErrorKind::Mask,
            Why::Write(_) => ParquetErrorKind::Write,
        }
    }
}

impl From<AnalysisError> for ParquetError {
    fn from(error: AnalysisError) -> Self {
        Self(Why::Field(error))
    }
}

impl From<MaskError> for ParquetError {
    fn from(error: MaskError) -> Self {
        Self(Why::Mask(error))
    }
}

impl From<parquet::errors::ParquetError> for ParquetError {
    fn from(error: parquet::errors::ParquetError) -> Self {
        Self(Why::Write(error))
    }
}

impl fmt::Display for ParquetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Why::Name { name, path } => write!(
                f,
                "the column `{name}` of the field `{path}` has no name, or that of another column: name it by \
                 `Parquet::column_as`"
            ),
            Why::Field(error) => error.fmt(f),
            Why::Mask(error) => error.fmt(f),
            Why::Write(error) => {
                write!(f, "the file cannot be written, and what there is cannot be read: {error}")
            }
        }
    }
}

impl Error for ParquetError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            Why::Name { .. } => None,
            Why::Field(error) => Some(error),
            Why::Mask(error) => Some(error),
            Why::Write(error) => Some(error),
        }
    }
}
