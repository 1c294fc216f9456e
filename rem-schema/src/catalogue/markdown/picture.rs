//! The picture, in Mermaid's language: types, their topics, and who listens.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::catalogue::contents::{Channel, Contents};

/// How many topics are drawn; of more, the types alone are.
const TOPICS: usize = 60;

/// From left to right: a type, its topics with how often each was published, and those who listen to it.
pub(super) fn draw(contents: &Contents) -> String {
    let mut lines = BTreeSet::new();
    let mut nodes = String::new();
    let mut types: Vec<&str> = Vec::new();
    let drawn = contents.channels.len() <= TOPICS;
    for (number, channel) in contents.channels.iter().enumerate() {
        let ty = contents.event(channel).map_or("of no type here", |event| event.found.ty.name);
        let at = types.iter().position(|known| *known == ty).unwrap_or_else(|| {
            types.push(ty);
            types.len() - 1
        });
        let from = if drawn {
            // What is written to a text is written.
            let _ = writeln!(nodes, "    e{number}[\"{}\"]", label(&channel.address));
            lines.insert((0, number, format!("    t{at} {} e{number}", arrow(channel))));
            format!("e{number}")
        } else {
            format!("t{at}")
        };
        for subscriber in &channel.subscribers {
            lines.insert((
                1,
                if drawn { number } else { at },
                format!("    {from} --> l{subscriber}"),
            ));
        }
    }
    let mut picture = "flowchart LR\n".to_owned();
    for (number, ty) in types.iter().enumerate() {
        let _ = writeln!(picture, "    t{number}([\"{}\"])", label(ty));
    }
    picture.push_str(&nodes);
    for (number, subscriber) in contents.subscribers.iter().enumerate() {
        let pattern = super::short(&subscriber.pattern);
        let ty = subscriber.event_type.as_deref().unwrap_or_default();
        let said = [ty, &pattern, &subscriber.delivery, &subscriber.place];
        let said: Vec<_> = said.into_iter().filter(|said| !said.is_empty()).map(label).collect();
        let _ = writeln!(picture, "    l{number}{{{{\"{}\"}}}}", said.join("<br>"));
    }
    for (_, _, line) in lines {
        picture.push_str(&line);
        picture.push('\n');
    }
    picture
}

/// From a type to a topic: with a count, if a bus was looked at; broken, if it counted none.
fn arrow(channel: &Channel) -> String {
    match channel.count {
        None => "-->".to_owned(),
        Some(0) => "-.->".to_owned(),
        Some(count) => format!("-->|{count}|"),
    }
}

/// A text between quotation marks.
fn label(text: &str) -> String {
    let mut label = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '"' => label.push_str("#quot;"),
            '#' => label.push_str("#35;"),
            '<' => label.push_str("#lt;"),
            '>' => label.push_str("#gt;"),
            '&' => label.push_str("#amp;"),
            '`' => label.push_str("#96;"),
            '*' => label.push_str("#42;"),
            '_' => label.push_str("#95;"),
            sign if sign.is_control() => label.push(' '),
            sign => label.push(sign),
        }
    }
    label
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_what_it_says_and_no_syntax() {
        assert_eq!(label("a.{id}.**"), "a.{id}.#42;#42;");
        assert_eq!(label("\"x\"\n<b>#"), "#quot;x#quot; #lt;b#gt;#35;");
    }
}
