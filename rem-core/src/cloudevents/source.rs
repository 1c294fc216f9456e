//! Sources as URI-references and back, and percent-encoding.
//!
//! A source of REM may be any text, that of a cloud event is a URI-reference. A text that is one stays as it is; any other
//! is percent-encoded behind a scheme of our own, `rem:`, and so is a text that begins with that scheme itself.

use std::borrow::Cow;
use std::fmt::Write;

use fluent_uri::{Uri, UriRef};

use crate::event::Source;

/// What an encoded text begins with. Alone it says that the event has no source.
const SCHEME: &str = "rem:";

/// The source of an event whose source is the empty text. A `?` within an encoded text would be encoded.
const EMPTY: &str = "rem:?";

/// What a URI keeps as it is in an encoded text: the unreserved characters of RFC 3986.
const UNRESERVED: Percent = Percent(is_unreserved);

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// The source as an attribute.
pub(super) fn written(source: Option<&str>) -> Cow<'_, str> {
    match source {
        None => SCHEME.into(),
        Some("") => EMPTY.into(),
        Some(text) if is_reference(text) && !text.starts_with(SCHEME) => text.into(),
        Some(text) => {
            let mut out = SCHEME.to_owned();
            UNRESERVED.encode_into(text, &mut out);
            out.into()
        }
    }
}

/// The source that an attribute stands for. What others write behind our scheme is taken as it is.
pub(super) fn read(attribute: &str) -> Option<Source> {
    let source = |text: &str| Some(Source::from(text.to_owned()));
    match attribute {
        SCHEME => None,
        EMPTY => source(""),
        _ => match attribute.strip_prefix(SCHEME).map(decode) {
            Some(Ok(text)) => source(&text),
            _ => source(attribute),
        },
    }
}

/// Whether a text is a URI-reference that is not empty.
fn is_reference(text: &str) -> bool {
    // A path of these alone is one, and most sources are.
    text.bytes().all(|byte| is_unreserved(byte) || byte == b'/') || UriRef::parse(text).is_ok()
}

/// Whether a text is a URI with its scheme.
pub(super) fn is_uri(text: &str) -> bool {
    Uri::parse(text).is_ok()
}

/// Percent-encoding of all bytes but some.
pub(super) struct Percent(pub(super) fn(u8) -> bool);

impl Percent {
    pub(super) fn encode_into(&self, text: &str, out: &mut String) {
        for &byte in text.as_bytes() {
            if (self.0)(byte) {
                out.push(char::from(byte));
            } else {
                // Writing to a string does not fail.
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
}

/// Undoes percent-encoding, once. `Err` with what is wrong.
pub(super) fn decode(text: &str) -> Result<Cow<'_, str>, String> {
    if !text.contains('%') {
        return Ok(text.into());
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let digit = |at: usize| char::from(*rest.get(at)?).to_digit(16);
        let (Some(high), Some(low)) = (digit(0), digit(1)) else {
            return Err(format!(
                "`%` at byte {} has no two hexadecimal digits behind it: write a percent sign as `%25`",
                text.len() - rest.len() - 1
            ));
        };
        out.extend(u8::try_from(16 * high + low));
        rest = &rest[2..];
    }
    let wrong = |_| "what is percent-encoded is not UTF-8: encode the bytes of UTF-8".to_owned();
    String::from_utf8(out).map(Cow::Owned).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_reference_stays_and_all_else_comes_back() {
        for (text, attribute) in [
            (Some("shop"), "shop"),
            (Some("/shop/orders"), "/shop/orders"),
            (Some("https://shop.example:8080/a?b=c#d"), "https://shop.example:8080/a?b=c#d"),
            (
                Some("urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66"),
                "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66",
            ),
            (Some("//[::1]:80/x"), "//[::1]:80/x"),
            (Some("order%20service"), "order%20service"),
            (Some("order service"), "rem:order%20service"),
            (Some("50%"), "rem:50%25"),
            (Some("a:b c"), "rem:a%3Ab%20c"),
            (Some("1a:b"), "rem:1a%3Ab"),
            (Some("größe"), "rem:gr%C3%B6%C3%9Fe"),
            (Some("a\nb"), "rem:a%0Ab"),
            (Some("rem:a"), "rem:rem%3Aa"),
            (Some("?"), "?"),
            (Some(""), "rem:?"),
            (None, "rem:"),
        ] {
            assert_eq!(written(text), attribute);
            assert_eq!(read(attribute).as_deref(), text, "{attribute}");
            assert!(UriRef::parse(attribute).is_ok(), "{attribute}");
        }
    }

    #[test]
    fn what_others_write_behind_our_scheme_is_a_source_too() {
        for attribute in ["rem:%zz", "rem:%ff", "rem:%4"] {
            let source = read(attribute);
            assert_eq!(source.as_deref(), Some(attribute));
            assert_eq!(read(&written(source.as_deref())), source);
        }
    }

    #[test]
    fn percent_encoding_is_undone_once() {
        assert_eq!(decode("a%2520b%E2%82%ac").unwrap(), "a%20b€");
        for wrong in ["%", "a%2", "%zz", "%+1", "%ff"] {
            assert!(decode(wrong).is_err(), "{wrong}");
        }
    }
}
