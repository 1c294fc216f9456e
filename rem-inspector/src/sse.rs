//! Server-Sent Events, written.

use serde::Serialize;

/// Adds a message: its kind, the number it tells as the position, and its data as JSON.
///
/// JSON that others wrote may hold line breaks between its tokens: each line is a `data` of its own, which the reader joins.
pub(crate) fn message(out: &mut Vec<u8>, event: &str, id: Option<u64>, data: &impl Serialize) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(event.as_bytes());
    if let Some(id) = id {
        out.extend_from_slice(format!("\nid: {id}").as_bytes());
    }
    let json = serde_json::to_vec(data).unwrap_or_else(|_| b"null".to_vec());
    for line in json.split(|byte| matches!(byte, b'\n' | b'\r')) {
        out.extend_from_slice(b"\ndata: ");
        out.extend_from_slice(line);
    }
    out.extend_from_slice(b"\n\n");
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;

    #[test]
    fn a_message_ends_with_an_empty_line_and_breaks_nowhere_else() {
        let mut out = Vec::new();
        let raw: Box<RawValue> = serde_json::from_str("{\"a\":\r\n\n1}").expect("it is JSON");
        message(&mut out, "event", Some(7), &raw);
        let text = String::from_utf8(out).expect("it is text");
        assert_eq!(text, "event: event\nid: 7\ndata: {\"a\":\ndata: \ndata: \ndata: 1}\n\n");
        let mut out = Vec::new();
        message(&mut out, "bye", None, &serde_json::json!({"why": "a\nb"}));
        assert_eq!(String::from_utf8_lossy(&out), "event: bye\ndata: {\"why\":\"a\\nb\"}\n\n");
    }
}
