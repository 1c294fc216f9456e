//! Any text as one segment, and back: percent-encoding of what a segment may not hold.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};

use super::rules::is_forbidden;

/// Whether `character` is written as `%XX`: what no segment may hold, `%` itself, and a `$` that would lead.
fn is_escaped(character: char, leads: bool) -> bool {
    character == '%' || leads && character == '$' || is_forbidden(u32::from(character))
}

/// See [`Topic::escape`](super::Topic::escape).
pub(super) fn escape(text: &str) -> Cow<'_, str> {
    let plain = |(at, character)| !is_escaped(character, at == 0);
    if !text.is_empty() && text.char_indices().all(plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    // Writing to a String never fails.
    let _ = escape_into(text, &mut out);
    Cow::Owned(out)
}

/// See [`Topic::escape_into`](super::Topic::escape_into).
pub(super) fn escape_into(text: &str, out: &mut impl Write) -> fmt::Result {
    if text.is_empty() {
        return out.write_char('%');
    }
    let mut written = 0;
    for (at, character) in text.char_indices() {
        if is_escaped(character, at == 0) {
            out.write_str(&text[written..at])?;
            written = at + character.len_utf8();
            for byte in &text.as_bytes()[at..written] {
                write!(out, "%{byte:02X}")?;
            }
        }
    }
    out.write_str(&text[written..])
}

/// See [`Topic::unescape`](super::Topic::unescape).
pub(super) fn unescape(segment: &str) -> Cow<'_, str> {
    if segment == "%" {
        return Cow::Borrowed("");
    }
    if !segment.contains('%') {
        return Cow::Borrowed(segment);
    }
    let bytes = segment.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let pair =
            bytes.get(at + 1).copied().and_then(hex).zip(bytes.get(at + 2).copied().and_then(hex));
        if let (b'%', Some((high, low))) = (bytes[at], pair) {
            out.push(high << 4 | low);
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    // Text that `escape` did not write may hold bytes that are no UTF-8: then it is left as it stands.
    String::from_utf8(out).map_or(Cow::Borrowed(segment), Cow::Owned)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
