//! The catalogue as a page in Markdown.

mod picture;
mod types;

use std::fmt::{self, Write};

use rem_core::{FieldSchema, Schema};
use serde_json::Value;

use super::Catalogue;
use super::contents::{Contents, Entry, first_paragraph};

pub(super) fn write(catalogue: &Catalogue, contents: &Contents) -> String {
    let mut page = Page { out: String::new(), contents };
    // A text takes whatever is written.
    let _ = page.all(catalogue);
    page.out
}

struct Page<'a> {
    out: String,
    contents: &'a Contents,
}

impl Page<'_> {
    fn all(&mut self, catalogue: &Catalogue) -> fmt::Result {
        writeln!(self.out, "# {}\n", line(&catalogue.title))?;
        if !catalogue.description.is_empty() {
            writeln!(self.out, "{}\n", catalogue.description.trim())?;
        }
        let (events, types) = (self.contents.events.len(), catalogue.types.len());
        let several = |count: usize, noun: &str| match count {
            1 => format!("1 {noun}"),
            more => format!("{more} {noun}s"),
        };
        write!(
            self.out,
            "Version {}: {} of {}",
            line(&catalogue.version),
            several(events, "event"),
            several(types, "type")
        )?;
        if self.contents.seen {
            write!(self.out, ", {}", several(self.contents.subscribers.len(), "subscriber"))?;
        }
        writeln!(self.out, ".\n")?;
        if events > 0 {
            writeln!(self.out, "```mermaid\n{}```\n", picture::draw(self.contents))?;
        }
        for ty in &catalogue.types {
            self.ty(ty.schema)?;
        }
        self.shared()?;
        self.subscribers()?;
        self.strangers()
    }

    /// A type: what it says of itself, its events in a table, and each with its fields.
    fn ty(&mut self, schema: &'static Schema) -> fmt::Result {
        writeln!(self.out, "## {}\n", schema.name)?;
        if !schema.doc.is_empty() {
            writeln!(self.out, "{}\n", schema.doc.trim())?;
        }
        if schema.local {
            writeln!(self.out, "Its events never leave the process.\n")?;
        }
        if schema.open {
            let below = if schema.namespace.is_empty() {
                "Any".to_owned()
            } else {
                format!("`{}.**`: any", schema.namespace)
            };
            writeln!(self.out, "{below} other topic is held as it came.\n")?;
        }
        let contents = self.contents;
        let events: Vec<&Entry> = contents
            .events
            .iter()
            .filter(|event| std::ptr::eq(event.found.given, schema))
            .collect();
        if events.is_empty() {
            return writeln!(self.out, "It has no events.\n");
        }
        let seen = if contents.seen { " published |" } else { "" };
        writeln!(self.out, "| topic | event | version |{seen} what it says |")?;
        writeln!(
            self.out,
            "| --- | --- | --- |{} --- |",
            if contents.seen { " --- |" } else { "" }
        )?;
        for event in &events {
            let topic = &event.found.topic;
            write!(
                self.out,
                "| [{}](#{}) | `{}` | {} |",
                code(topic),
                anchor(topic),
                event.found.name(),
                event.found.event.version
            )?;
            if contents.seen {
                let counts = contents.channels.iter().filter(|channel| {
                    channel
                        .event
                        .and_then(|place| contents.events.get(place))
                        .is_some_and(|of| std::ptr::eq(of, *event))
                });
                let total = counts.filter_map(|channel| channel.count).fold(0, u64::saturating_add);
                write!(self.out, " {total} |")?;
            }
            writeln!(self.out, " {} |", cell(&event.summary()))?;
        }
        writeln!(self.out)?;
        for event in events {
            self.event(event)?;
        }
        Ok(())
    }

    fn event(&mut self, event: &Entry) -> fmt::Result {
        writeln!(self.out, "### {}\n", code(&event.found.topic))?;
        let doc = event.found.event.doc.trim();
        if !doc.is_empty() {
            writeln!(self.out, "{doc}\n")?;
        }
        let mut facts =
            vec![format!("`{}`, version {}", event.found.name(), event.found.event.version)];
        if let Some(key) = event.key() {
            facts.push(format!("key {}", code(key)));
        }
        let redacted: Vec<_> = event.redacted().into_iter().map(code).collect();
        if !redacted.is_empty() {
            facts.push(format!("not for every eye: {}", redacted.join(", ")));
        }
        if !event.found.aliases.is_empty() {
            let aliases: Vec<_> = event.found.aliases.iter().map(|alias| code(alias)).collect();
            facts.push(format!("read under {} too", aliases.join(", ")));
        }
        writeln!(self.out, "{}.\n", facts.join("; "))?;
        if !event.described {
            return self.code_fields(event);
        }
        let fields: Vec<&FieldSchema> = event.fields().collect();
        self.fields(&event.found.body, &fields)
    }

    /// The fields of a type as they stand in the code: of data that is never written.
    fn code_fields(&mut self, event: &Entry) -> fmt::Result {
        if event.fields().next().is_none() {
            return writeln!(self.out, "No data.\n");
        }
        writeln!(self.out, "| field | type | what it says |\n| --- | --- | --- |")?;
        for field in event.fields() {
            let says = marked(first_paragraph(field.doc), field.key, field.redacted);
            writeln!(self.out, "| {} | {} | {} |", code(field.name), code(field.ty), cell(&says))?;
        }
        writeln!(self.out)
    }

    /// What the data's schema says: fields in a table, in the order of the code where that is known, anything else in a
    /// line.
    fn fields(&mut self, schema: &Value, known: &[&FieldSchema]) -> fmt::Result {
        if schema.get("type").and_then(Value::as_str) == Some("null") {
            return writeln!(self.out, "No data.\n");
        }
        let rows = types::rows(schema, &self.contents.defs);
        let Some(mut rows) = rows.filter(|rows| !rows.is_empty()) else {
            return writeln!(self.out, "Data: {}.\n", types::said(schema));
        };
        if let Some(reference) =
            schema.get("$ref").and_then(Value::as_str).and_then(crate::refs::target)
        {
            let more = if schema.get("properties").is_some() { ", and:" } else { "." };
            writeln!(self.out, "Data: [`{reference}`](#{}){more}\n", anchor(&reference))?;
            if more == "." {
                return Ok(());
            }
        }
        writeln!(self.out, "| field | type | | what it says |\n| --- | --- | --- | --- |")?;
        let place = |name: &str| known.iter().position(|field| field.name == name);
        rows.sort_by_key(|row| place(&row.name).unwrap_or(usize::MAX));
        for row in rows {
            let field = place(&row.name).and_then(|place| known.get(place));
            let doc = if row.doc.is_empty() {
                field.map(|field| first_paragraph(field.doc))
            } else {
                Some(row.doc)
            };
            let (key, redacted) = field.map_or((false, false), |field| (field.key, field.redacted));
            let says = marked(doc.unwrap_or_default(), key, redacted);
            let optional = if row.required { "" } else { "optional" };
            writeln!(
                self.out,
                "| {} | {} | {optional} | {} |",
                code(&row.name),
                row.ty,
                cell(&says)
            )?;
        }
        writeln!(self.out)?;
        if let Some(choice) = types::choice(schema) {
            writeln!(self.out, "And one of: {choice}.\n")?;
        }
        Ok(())
    }

    /// What the data of several events share.
    fn shared(&mut self) -> fmt::Result {
        if self.contents.defs.is_empty() {
            return Ok(());
        }
        writeln!(self.out, "## Shared data\n")?;
        for (name, schema) in &self.contents.defs {
            writeln!(self.out, "### {}\n", code(name))?;
            if let Some(doc) = schema.get("description").and_then(Value::as_str) {
                writeln!(self.out, "{}\n", doc.trim())?;
            }
            self.fields(schema, &[])?;
        }
        Ok(())
    }

    fn subscribers(&mut self) -> fmt::Result {
        let contents = self.contents;
        if contents.subscribers.is_empty() {
            return Ok(());
        }
        writeln!(self.out, "## Who listens\n")?;
        writeln!(
            self.out,
            "| pattern | of type | delivery | where | topics |\n| --- | --- | --- | --- | --- |"
        )?;
        for (place, subscriber) in contents.subscribers.iter().enumerate() {
            let hears = contents
                .channels
                .iter()
                .filter(|channel| channel.subscribers.contains(&place))
                .count();
            let ty = subscriber.event_type.as_deref().map(code).unwrap_or_default();
            let pattern = code(&short(&subscriber.pattern));
            let (delivery, at) = (cell(&subscriber.delivery), cell(&subscriber.place));
            writeln!(self.out, "| {pattern} | {ty} | {delivery} | {at} | {hears} |")?;
        }
        writeln!(self.out)
    }

    /// What was published that no type given has.
    fn strangers(&mut self) -> fmt::Result {
        let strangers: Vec<_> =
            self.contents.channels.iter().filter(|channel| channel.event.is_none()).collect();
        if strangers.is_empty() {
            return Ok(());
        }
        writeln!(self.out, "## Published, and of no type here\n")?;
        writeln!(self.out, "| topic | published |\n| --- | --- |")?;
        for channel in strangers {
            writeln!(
                self.out,
                "| {} | {} |",
                code(&channel.address),
                channel.count.unwrap_or_default()
            )?;
        }
        writeln!(self.out)
    }
}

/// What is said of a field, and what it is beside.
fn marked(doc: String, key: bool, redacted: bool) -> String {
    let marks = [key.then_some("**key**"), redacted.then_some("**not for every eye**")];
    let marks = marks.into_iter().flatten().map(str::to_owned);
    marks.chain((!doc.is_empty()).then_some(doc)).collect::<Vec<_>>().join("; ")
}

/// A pattern, not longer than one looks at: one by type names every topic of it.
fn short(pattern: &str) -> String {
    const LENGTH: usize = 64;
    match pattern.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}…", &pattern[..end]),
        None => pattern.to_owned(),
    }
}

/// A text in a table.
fn cell(text: &str) -> String {
    line(text).replace('|', "\\|")
}

/// A text in one line.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text as it is, in a table too.
fn code(text: &str) -> String {
    if text.contains('`') { format!("`` {} ``", cell(text)) } else { format!("`{}`", cell(text)) }
}

/// The place of a heading that is `code` of this text, as GitHub names it.
fn anchor(text: &str) -> String {
    let kept = text.chars().filter(|sign| sign.is_alphanumeric() || matches!(sign, '_' | '-'));
    kept.flat_map(char::to_lowercase).collect()
}
