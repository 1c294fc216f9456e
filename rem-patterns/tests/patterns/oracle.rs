//! What a pattern selects, by the table of the grammar and the regex crate alone: shares nothing with the parser.

use std::fmt::Write;

/// Whether the pattern selects the topic; `None` for patterns with regular expressions, which need no oracle.
pub(crate) fn matches(pattern: &str, topic: &str) -> Option<bool> {
    if pattern.contains("{~") {
        return None;
    }
    let is_topic = topic.len() <= 255
        && topic.split('.').count() <= 32
        && topic.split('.').all(|segment| !segment.is_empty())
        && !topic
            .contains(|c: char| c.is_whitespace() || c.is_control() || "*>?[]{},!=".contains(c));
    if !is_topic {
        return Some(false);
    }
    let (mut selected, mut excluded) = (false, false);
    for element in split_outside_braces(pattern) {
        match element.strip_prefix('!') {
            Some(element) => excluded |= takes(element, topic),
            None => selected |= takes(element, topic),
        }
    }
    Some(selected && !excluded)
}

fn split_outside_braces(pattern: &str) -> Vec<&str> {
    let mut depth = 0;
    pattern
        .split(|c| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            c == ',' && depth == 0
        })
        .collect()
}

/// Every segment is read with a dot after it, the last too.
fn takes(element: &str, topic: &str) -> bool {
    let (element, exact) =
        element.strip_prefix('=').map_or((element, false), |element| (element, true));
    let plain = !element.contains(['*', '?', '[', '{', '>']);
    let first = element.split('.').next().expect("split gives one");
    let system = first.starts_with('$') && !first.contains(['*', '?', '[', '{', '>']);
    if topic.starts_with('$') != system {
        return false;
    }
    let mut regex = String::from("^");
    for segment in element.split('.') {
        let part = match segment {
            "**" => r"(?:[^.]+\.)*".to_owned(),
            ">" => r"(?:[^.]+\.)+".to_owned(),
            "*" => r"[^.]+\.".to_owned(),
            rest if rest.starts_with("{*") && !rest.contains(',') => r"(?:[^.]+\.)*".to_owned(),
            capture if capture.starts_with('{') && !capture.contains(',') => r"[^.]+\.".to_owned(),
            glob => format!(r"(?:{})\.", translated(glob)),
        };
        regex.push_str(&part);
    }
    if plain && !exact {
        regex.push_str(r"(?:[^.]+\.)*");
    }
    regex.push('$');
    regex::Regex::new(&regex).expect(&regex).is_match(&format!("{topic}."))
}

fn translated(glob: &str) -> String {
    let mut out = String::new();
    let mut characters = glob.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '*' => out.push_str("[^.]*"),
            '?' => out.push_str("[^.]"),
            '{' => out.push_str("(?:"),
            ',' => out.push('|'),
            '}' => out.push(')'),
            '[' => {
                let negated = characters.next_if_eq(&'!').is_some();
                let body: Vec<char> = characters.by_ref().take_while(|&c| c != ']').collect();
                out.push_str(if negated { "[^." } else { "[" });
                let mut at = 0;
                while at < body.len() {
                    let range = body.get(at + 1) == Some(&'-') && at + 2 < body.len();
                    let high = if range { body[at + 2] } else { body[at] };
                    write!(out, r"\x{{{:x}}}-\x{{{:x}}}", u32::from(body[at]), u32::from(high))
                        .expect("a String");
                    at += if range { 3 } else { 1 };
                }
                out.push(']');
            }
            literal => out.push_str(&regex::escape(&literal.to_string())),
        }
    }
    out
}
