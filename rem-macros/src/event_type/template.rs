//! [`Template`]: `by_name.{name}.rate_limited`, a topic with the values of fields in it.
//!
//! A field stands alone between two dots, and only once. So two templates can be compared segment by segment, and a template is at
//! the same time the pattern that captures its fields, where their names are those of captures: ASCII, and not those of a tuple.

use syn::{Ident, LitStr};

use super::ast::Field;
use crate::keys;

/// A checked topic below the type's namespace.
pub(super) struct Template {
    text: String,
    segments: Vec<Segment>,
}

/// One segment of a template.
pub(super) enum Segment {
    Literal(String),
    /// The place of a field among the variant's.
    Field(usize),
}

impl Template {
    /// The name of a variant, which is always a topic.
    pub(super) fn plain(name: String) -> Self {
        Self { segments: vec![Segment::Literal(name.clone())], text: name }
    }

    /// `name = "…"`: one segment as it is.
    pub(super) fn name(name: &LitStr) -> syn::Result<Self> {
        let text = name.value();
        if text.contains(['.', '{', '}']) {
            let message = format!("`name` is one segment of a topic: write `topic = \"{text}\"`");
            return Err(syn::Error::new(name.span(), message));
        }
        check_topic(&text, &text).map_err(|message| syn::Error::new(name.span(), message))?;
        Ok(Self::plain(text))
    }

    /// `nested = "…"`: a topic without fields, to which others are appended.
    pub(super) fn prefix(prefix: &LitStr) -> syn::Result<String> {
        let text = prefix.value();
        let error = |message: &str| Err(syn::Error::new(prefix.span(), message));
        if text.contains(['{', '}']) {
            return error(
                "the prefix of a nested type has no fields: write them in the nested type's topics",
            );
        }
        match check_topic(&text, &text) {
            Ok(()) => Ok(text),
            Err(message) => error(&message),
        }
    }

    /// `topic = "…"` of the event `owner`.
    pub(super) fn parse(topic: &LitStr, owner: &Ident, fields: &[Field<'_>]) -> syn::Result<Self> {
        Self::parse_text(&topic.value(), owner, fields)
            .map_err(|message| syn::Error::new(topic.span(), message))
    }

    fn parse_text(text: &str, owner: &Ident, fields: &[Field<'_>]) -> Result<Self, String> {
        let mut segments: Vec<Segment> = Vec::new();
        // The same text with a letter for each byte of a field, so that the place of an error stays where it is.
        let mut filled = String::with_capacity(text.len());
        for segment in text.split('.') {
            if !segments.is_empty() {
                filled.push('.');
            }
            if let Some(name) = braced(segment)? {
                let field = find(name, owner, fields)?;
                if segments.iter().any(|other| matches!(other, Segment::Field(at) if *at == field))
                {
                    return Err(format!("`{{{name}}}` stands twice in the topic: leave one"));
                }
                segments.push(Segment::Field(field));
                filled.extend(segment.bytes().map(|_| 'x'));
            } else {
                segments.push(Segment::Literal(segment.to_owned()));
                filled.push_str(segment);
            }
        }
        check_topic(&filled, text)?;
        Ok(Self { text: text.to_owned(), segments })
    }

    /// As the user wrote it.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The places of its fields, in no particular order.
    pub(super) fn fields(&self) -> std::collections::BTreeSet<usize> {
        let fields = self.segments.iter().filter_map(|segment| match segment {
            Segment::Field(field) => Some(*field),
            Segment::Literal(_) => None,
        });
        fields.collect()
    }

    /// A topic that values of both could have.
    pub(super) fn overlap(&self, other: &Self) -> Option<String> {
        if self.segments.len() != other.segments.len() {
            return None;
        }
        let mut common = Vec::with_capacity(self.segments.len());
        for segments in self.segments.iter().zip(&other.segments) {
            common.push(match segments {
                (Segment::Literal(a), Segment::Literal(b)) if a != b => return None,
                (Segment::Literal(text), _) | (_, Segment::Literal(text)) => text.as_str(),
                (Segment::Field(_), Segment::Field(_)) => "x",
            });
        }
        Some(common.join("."))
    }
}

/// The name in a `{field}` segment; `None` for a literal one.
fn braced(segment: &str) -> Result<Option<&str>, String> {
    if !segment.contains(['{', '}']) {
        return Ok(None);
    }
    let name = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    match name {
        Some(name) if !name.contains(['{', '}']) => Ok(Some(name)),
        _ => Err(format!(
            "a `{{field}}` stands alone between dots, and `{segment}` has something beside it: write a dot between them"
        )),
    }
}

/// The field that a template means by `name`.
fn find(name: &str, owner: &Ident, fields: &[Field<'_>]) -> Result<usize, String> {
    let names: Vec<String> = fields.iter().map(Field::name).collect();
    if let Some(at) = names.iter().position(|field| field == name) {
        return Ok(at);
    }
    if name.is_empty() {
        return Err("`{}` names no field: write `{field}`".to_owned());
    }
    if let Some((field, _)) =
        name.split_once(':').filter(|(field, _)| names.iter().any(|n| n == field))
    {
        return Err(format!(
            "a field in a topic takes no format: write `{{{field}}}`, and the format into the `Display` of its type"
        ));
    }
    let names = || names.iter().map(String::as_str);
    Err(match keys::nearest(name, names()) {
        Some(nearest) => format!("`{owner}` has no field `{name}`: did you mean `{{{nearest}}}`?"),
        None if fields.is_empty() => format!("`{owner}` has no field `{name}`, nor any other"),
        None => format!("`{owner}` has no field `{name}`: its fields are {}", keys::list(names())),
    })
}

/// Checks that `topic` is one; `written` is what the user sees, byte for byte as long.
pub(super) fn check_topic(topic: &str, written: &str) -> Result<(), String> {
    let Err(error) = rem_patterns::Topic::parse(topic) else { return Ok(()) };
    if topic == written {
        return Err(format!("this is not a topic: {error}"));
    }
    let (at, message) = (error.span().start, error.kind().message());
    Err(format!("this is not a topic: at byte {at} of `{written}`: {message}"))
}
