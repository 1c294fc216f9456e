//! What a pattern selects, by the table of the grammar and the regex crate alone: shares nothing with the parser.

use std::fmt::Write;

/// One regular expression for each element.
pub(crate) struct Oracle(Vec<Element>);

struct Element {
    exclude: bool,
    system: bool,
    regex: regex::Regex,
}

impl Oracle {
    /// `None` for patterns with regular expressions, which need no oracle.
    pub(crate) fn new(pattern: &str) -> Option<Self> {
        if pattern.contains("{~") {
            return None;
        }
        let element = |text: &str| {
            let (text, exclude) = text.strip_prefix('!').map_or((text, false), |text| (text, true));
            let (system, regex) = translated_element(text);
            Element { exclude, system, regex }
        };
        Some(Self(split_outside_braces(pattern).into_iter().map(element).collect()))
    }

    pub(crate) fn matches(&self, topic: &str) -> bool {
        let is_topic = topic.len() <= 255
            && topic.split('.').count() <= 32
            && topic.split('.').all(|segment| !segment.is_empty())
            && !topic.contains(|c: char| {
                c.is_whitespace() || c.is_control() || "*>?[]{},!=".contains(c)
            });
        let dotted = format!("{topic}.");
        let takes = |element: &&Element| {
            element.system == topic.starts_with('$') && element.regex.is_match(&dotted)
        };
        let (excluded, selected): (Vec<_>, Vec<_>) =
            self.0.iter().filter(takes).partition(|element| element.exclude);
        is_topic && !selected.is_empty() && excluded.is_empty()
    }
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
fn translated_element(element: &str) -> (bool, regex::Regex) {
    let (element, exact) =
        element.strip_prefix('=').map_or((element, false), |element| (element, true));
    let plain = !element.contains(['*', '?', '[', '{', '>']);
    let first = element.split('.').next().expect("split gives one");
    let system = first.starts_with('$') && !first.contains(['*', '?', '[', '{', '>']);
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
    (system, regex::Regex::new(&regex).expect(&regex))
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
