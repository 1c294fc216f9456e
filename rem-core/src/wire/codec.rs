//! [`Codec`]: in which form data is written.

use std::fmt;
use std::str::FromStr;

/// A form of written data. All of them name the fields, so that a reader finds its own among others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Codec {
    /// JSON, as RFC 8259 has it.
    Json,
    /// MessagePack, structures as maps with names. Feature `msgpack`.
    #[cfg(feature = "msgpack")]
    MessagePack,
}

impl Codec {
    /// Every codec of this build.
    pub const ALL: &[Self] = &[
        Self::Json,
        #[cfg(feature = "msgpack")]
        Self::MessagePack,
    ];

    /// Its media type, which is its name too.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            #[cfg(feature = "msgpack")]
            Self::MessagePack => "application/msgpack",
        }
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.media_type())
    }
}

/// A media type by its name, in any case, without regard to parameters such as `; charset=utf-8`.
impl FromStr for Codec {
    type Err = ParseCodecError;

    fn from_str(text: &str) -> Result<Self, ParseCodecError> {
        let name = text.split(';').next().unwrap_or_default().trim();
        let codec = Self::ALL.iter().find(|codec| codec.media_type().eq_ignore_ascii_case(name));
        codec.copied().ok_or_else(|| ParseCodecError { text: name.chars().take(80).collect() })
    }
}

/// The text names no codec of this build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseCodecError {
    text: Box<str>,
}

impl fmt::Display for ParseCodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is the media type of no codec here: ", self.text)?;
        for (at, codec) in Codec::ALL.iter().enumerate() {
            let before = if at == 0 { "write " } else { " or " };
            write!(f, "{before}`{codec}`")?;
        }
        if !cfg!(feature = "msgpack") {
            f.write_str("; MessagePack needs the feature `msgpack`")?;
        }
        Ok(())
    }
}

impl std::error::Error for ParseCodecError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for codec in Codec::ALL {
            assert_eq!(codec.to_string().parse(), Ok(*codec));
        }
        assert_eq!("Application/JSON; charset=utf-8".parse(), Ok(Codec::Json));
        let error = "text/plain".parse::<Codec>().unwrap_err();
        assert!(error.to_string().starts_with(
            "`text/plain` is the media type of no codec here: write `application/json`"
        ));
    }
}
