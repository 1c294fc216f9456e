//! Which names and values attributes may have, and the forms in which REM writes its own.

use uuid::Uuid;

use super::source::Percent;
use crate::event::EventId;

pub(super) const ID: &str = "id";
pub(super) const SOURCE: &str = "source";
pub(super) const TYPE: &str = "type";
pub(super) const SPECVERSION: &str = "specversion";
pub(super) const TIME: &str = "time";
pub(super) const SUBJECT: &str = "subject";
pub(super) const DATASCHEMA: &str = "dataschema";
pub(super) const DATACONTENTTYPE: &str = "datacontenttype";
pub(super) const CORRELATION: &str = "correlationid";
pub(super) const CAUSATION: &str = "causationid";
pub(super) const SEQUENCE: &str = "sequence";
pub(super) const SCOPE: &str = "remscope";
pub(super) const VERSION: &str = "remversion";
pub(super) const REST: &str = "remmeta";

/// The members of a JSON document that hold the data. No attribute has these names.
pub(super) const DATA: &str = "data";
pub(super) const DATA_BASE64: &str = "data_base64";

/// The longest name of an extension that REM writes.
const LONGEST: usize = 20;

/// Whether metadata of that name may be written as an extension: nothing else is written so.
pub(super) fn is_free(name: &str) -> bool {
    let taken = [ID, SOURCE, TYPE, SPECVERSION, TIME, SUBJECT, DATASCHEMA, DATACONTENTTYPE]
        .into_iter()
        .chain([CORRELATION, CAUSATION, SEQUENCE, SCOPE, VERSION, REST, DATA]);
    name.len() <= LONGEST && is_name(name) && !taken.into_iter().any(|taken| taken == name)
}

/// Whether an attribute may have that name.
pub(super) fn is_name(name: &str) -> bool {
    let letters = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    letters && !name.is_empty() && name != DATA
}

/// Whether REM writes that text as an attribute: not empty, and of characters that all may read.
pub(super) fn is_text(text: &str) -> bool {
    // Nearly every text is of these alone.
    !text.is_empty()
        && (text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) || !text.contains(is_odd))
}

/// A character that no attribute may hold: a control character, or a code point that is no character.
pub(super) fn is_odd(c: char) -> bool {
    let code = u32::from(c);
    c.is_control() || (0xfdd0..=0xfdef).contains(&code) || code & 0xfffe == 0xfffe
}

/// An id as `EventId` writes it.
pub(super) fn uuid(text: &str) -> Option<EventId> {
    let id = Uuid::try_parse(text).ok()?;
    let mut buffer = Uuid::encode_buffer();
    (*id.hyphenated().encode_lower(&mut buffer) == *text).then(|| id.into())
}

/// The names in whose space ids of others become UUIDs.
const OTHERS: Uuid = Uuid::from_u128(0x6d0c_3a0e_93f5_4a9c_8d5b_5d2b_9c1e_7f42);

/// The id of an event that another producer gave that id: the same whenever it is read.
pub(super) fn foreign_id(source: &str, id: &str) -> EventId {
    // No attribute holds a NUL, so no two pairs are one text.
    Uuid::new_v5(&OTHERS, format!("{source}\0{id}").as_bytes()).into()
}

/// A sequence number as REM writes it: twenty digits.
pub(super) fn sequence(text: &str) -> Option<u64> {
    let digits = text.len() == 20 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|&number| digits && number > 0)
}

/// Whether the value of that attribute is of the form in which REM writes it, so that reading it gives no metadata.
pub(super) fn is_own_form(name: &str, text: &str) -> bool {
    match name {
        CORRELATION | CAUSATION => uuid(text).is_some(),
        SEQUENCE => sequence(text).is_some(),
        _ => false,
    }
}

/// What a header's value keeps as it is; all else is percent-encoded.
pub(super) const HEADER: Percent =
    Percent(|byte| matches!(byte, b'!'..=b'~') && !matches!(byte, b'"' | b'%'));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_free() {
        for (name, free) in [
            ("traceparent", true),
            ("a", true),
            ("2nd", true),
            ("abcdefghijklmnopqrst", true),
            ("abcdefghijklmnopqrstu", false),
            ("", false),
            ("Tenant", false),
            ("order_id", false),
            ("größe", false),
            ("id", false),
            ("data", false),
            ("data_base64", false),
            ("remmeta", false),
            ("sequence", false),
        ] {
            assert_eq!(is_free(name), free, "{name}");
        }
    }

    #[test]
    fn only_the_form_that_is_written_is_an_id_or_a_number() {
        let text = "018f2c3e-7b1a-7c4d-8e5f-0123456789ab";
        assert_eq!(uuid(text).unwrap().to_string(), text);
        for other in [
            "018F2C3E-7B1A-7C4D-8E5F-0123456789AB",
            "018f2c3e7b1a7c4d8e5f0123456789ab",
            "{018f2c3e-7b1a-7c4d-8e5f-0123456789ab}",
            "A-1",
            "",
        ] {
            assert_eq!(uuid(other), None, "{other}");
        }
        assert_eq!(sequence("00000000000000000042"), Some(42));
        assert_eq!(sequence("18446744073709551615"), Some(u64::MAX));
        for other in ["42", "00000000000000000000", "+0000000000000000042", "99999999999999999999"]
        {
            assert_eq!(sequence(other), None, "{other}");
        }
    }

    #[test]
    fn ids_of_others_are_told_apart_by_source() {
        assert_eq!(foreign_id("a", "1"), foreign_id("a", "1"));
        assert_ne!(foreign_id("a", "1"), foreign_id("b", "1"));
        assert_ne!(foreign_id("a", "b1"), foreign_id("ab", "1"));
    }
}
