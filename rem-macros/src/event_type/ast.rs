//! [`Input`]: the user's type with its names resolved.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::{
    Data, DataEnum, DeriveInput, Fields, Generics, Ident, LitStr, Member, Path, Type, Visibility,
};

use super::attr::{self, FieldAttrs, Place, TypeAttrs, VariantAttrs, VersionAttrs};
use super::template::Template;
use crate::errors::Errors;
use crate::name_case::NameCase;
use crate::rem_path;

/// A type that derives `EventType`.
pub(super) struct Input<'a> {
    pub(super) ident: &'a Ident,
    pub(super) generics: &'a Generics,
    pub(super) vis: &'a Visibility,
    pub(super) groups: Vec<attr::Group>,
    pub(super) doc: String,
    pub(super) namespace: Option<LitStr>,
    pub(super) local: bool,
    /// `#[deprecated]`: the type may be used without a warning in what is written for it.
    pub(super) deprecated: bool,
    /// Where the expansion finds REM.
    pub(super) rem: Path,
    pub(super) events: Vec<Event<'a>>,
}

/// A variant, or the struct, which is its own only one.
pub(super) struct Event<'a> {
    pub(super) ident: &'a Ident,
    pub(super) doc: String,
    pub(super) shape: Shape,
    pub(super) fields: Vec<Field<'a>>,
    pub(super) role: Role<'a>,
    /// Which shape of its data this is, from 1.
    pub(super) version: u32,
    /// The function that makes it of the shape before.
    pub(super) upcast: Option<Path>,
    /// Topics that it is read under too, with where they are written.
    pub(super) aliases: Vec<(Template, Span)>,
    /// Its number among the variants that serde reads; none has the greatest.
    pub(super) wire_index: u32,
    /// Where a mistake in the topic is shown: the literal that gives it, or else the name.
    pub(super) span: Span,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Struct,
    UnitVariant,
    OtherVariant,
}

pub(super) struct Field<'a> {
    pub(super) member: Member,
    pub(super) ty: &'a Type,
    pub(super) doc: String,
    pub(super) key: Option<Span>,
    pub(super) redact: Option<Span>,
}

/// What becomes of a value of this variant.
pub(super) enum Role<'a> {
    /// It is published under this topic.
    Topic(Template),
    /// It holds the value of another event type, whose topics are put below the prefix.
    Nested { prefix: String, ty: &'a Type },
    /// It holds what is published below the namespace under a topic that no other variant has.
    Other { span: Span, ty: &'a Type },
    /// It is never published; or it is mistaken, which has been reported.
    Skipped,
}

impl<'a> Input<'a> {
    /// Reads what the user wrote, as far as it can be understood.
    pub(super) fn read(input: &'a DeriveInput, errors: &mut Errors) -> Self {
        let ident = &input.ident;
        let place = if matches!(input.data, Data::Enum(_)) { Place::Enum } else { Place::Struct };
        let attrs = TypeAttrs::read(&input.attrs, place, errors);
        let events = match &input.data {
            Data::Enum(data) => Event::of_enum(data, ident, attrs.case, errors),
            Data::Struct(data) => vec![Event::of_struct(input, &data.fields, &attrs, errors)],
            Data::Union(data) => {
                errors.at(data.union_token.span, "an event type is an enum or a struct");
                Vec::new()
            }
        };
        Self {
            ident,
            generics: &input.generics,
            vis: &input.vis,
            groups: attrs.groups,
            doc: attr::doc(&input.attrs),
            namespace: attrs.namespace,
            local: attrs.local,
            deprecated: input.attrs.iter().any(|attr| attr.path().is_ident("deprecated")),
            rem: attrs.crate_path.unwrap_or_else(rem_path::default),
            events,
        }
    }
}

impl<'a> Event<'a> {
    fn of_enum(data: &'a DataEnum, of: &Ident, case: NameCase, errors: &mut Errors) -> Vec<Self> {
        let mut events = Vec::with_capacity(data.variants.len());
        let mut read_by_serde = 0..u32::MAX;
        for variant in &data.variants {
            let skipped = attr::serde_skips(&variant.attrs);
            let wire_index = if skipped { None } else { read_by_serde.next() }.unwrap_or(u32::MAX);
            let attrs = VariantAttrs::read(&variant.attrs, of, errors);
            let fields = fields(&variant.fields, errors);
            let ident = &variant.ident;
            let named =
                Named { ident, case, name: attrs.name.as_ref(), topic: attrs.topic.as_ref() };
            attrs.refuse_contradictions(errors);
            let aliases = aliases(&attrs.aliases, ident, &fields, errors);
            let version = version(&attrs.version, errors);
            let role = if attrs.skip.is_some() {
                Role::Skipped
            } else if let Some(span) = attrs.other {
                other_role(span, ident, &variant.fields, errors)
            } else if let Some(nested) = &attrs.nested {
                nested_role(nested, &named, &variant.fields, errors)
            } else {
                named.role(&fields, errors)
            };
            let prefix = attrs.nested.as_ref().and_then(|nested| nested.prefix.as_ref());
            events.push(Self {
                ident,
                doc: attr::doc(&variant.attrs),
                shape: match variant.fields {
                    Fields::Unit => Shape::UnitVariant,
                    _ => Shape::OtherVariant,
                },
                fields,
                role,
                version,
                upcast: attrs.version.upcast,
                aliases,
                wire_index,
                span: prefix.map_or_else(|| named.span(), LitStr::span),
            });
        }
        events
    }

    fn of_struct(
        input: &'a DeriveInput,
        of_struct: &'a Fields,
        attrs: &TypeAttrs,
        errors: &mut Errors,
    ) -> Self {
        let fields = fields(of_struct, errors);
        let ident = &input.ident;
        let (name, topic) = (attrs.name.as_ref(), attrs.topic.as_ref());
        let named = Named { ident, case: attrs.case, name, topic };
        if let (Some(name), Some(_)) = (name, topic) {
            errors.at(name.span(), NAME_AND_TOPIC);
        }
        let role = named.role(&fields, errors);
        let aliases = aliases(&attrs.aliases, ident, &fields, errors);
        let version = version(&attrs.version, errors);
        Self {
            ident,
            doc: attr::doc(&input.attrs),
            shape: Shape::Struct,
            fields,
            role,
            version,
            upcast: attrs.version.upcast.clone(),
            aliases,
            wire_index: 0,
            span: named.span(),
        }
    }

    /// The topic or prefix below the namespace; `None` for a variant that has none.
    pub(super) fn topic(&self) -> Option<&str> {
        match &self.role {
            Role::Topic(template) => Some(template.text()),
            Role::Nested { prefix, .. } => Some(prefix),
            Role::Other { .. } | Role::Skipped => None,
        }
    }

    /// The type that holds what is not known, if that is this variant's part.
    pub(super) fn other(&self) -> Option<&'a Type> {
        match &self.role {
            Role::Other { ty, .. } => Some(ty),
            _ => None,
        }
    }

    /// The type nested here, with the prefix of its topics.
    pub(super) fn nested(&self) -> Option<(&str, &'a Type)> {
        match &self.role {
            Role::Nested { prefix, ty } => Some((prefix, ty)),
            _ => None,
        }
    }
}

const NAME_AND_TOPIC: &str = "`name` and `topic` both say what the topic is: leave one, `topic` if it has a `{field}` or a dot";

impl VariantAttrs {
    /// Keys that are right each, but not together.
    fn refuse_contradictions(&self, errors: &mut Errors) {
        let (name, topic) = (self.name.as_ref(), self.topic.as_ref());
        let versioned = self.version.number.map(|(_, span)| span);
        let versioned = versioned.or(self.version.upcast.as_ref().map(syn::spanned::Spanned::span));
        if let Some(span) = versioned
            && (self.other.is_some() || self.nested.is_some() || self.skip.is_some())
        {
            errors.at(span, "only an event with data of its own has versions: write them there");
        }
        if let Some(span) = self.other {
            let alias = !self.aliases.is_empty();
            let more = alias || self.nested.is_some() || self.skip.is_some();
            if name.is_some() || topic.is_some() || more {
                errors.at(
                    span,
                    "a variant with `other` has every topic that no other variant has: it takes no other key",
                );
            }
        } else if let Some(span) = self.skip {
            let alias = !self.aliases.is_empty();
            if name.is_some() || topic.is_some() || alias || self.nested.is_some() {
                errors.at(span, "a variant with `skip` is never published: it has no topic to set");
            }
        } else if let Some(nested) = &self.nested {
            if name.is_some() || topic.is_some() || !self.aliases.is_empty() {
                errors.at(
                    nested.span,
                    "the topics of a nested type are its own: to set their prefix write \
                     `nested = \"…\"`, without `name`, `topic` or `alias`",
                );
            }
        } else if let (Some(name), Some(_)) = (name, topic) {
            errors.at(name.span(), NAME_AND_TOPIC);
        }
    }
}

/// The version; and that it says how the one before becomes it.
fn version(attrs: &VersionAttrs, errors: &mut Errors) -> u32 {
    let number = attrs.number.map_or(1, |(number, _)| number);
    match (&attrs.number, &attrs.upcast) {
        _ if attrs.mistaken => {}
        (Some((2.., span)), None) => errors.at(
            *span,
            format_args!(
                "version {number} has one before it: write `upcast = path`, a function from the type of version {}",
                number - 1
            ),
        ),
        (None | Some((1, _)), Some(upcast)) => errors.on(
            upcast,
            "`upcast` makes this version of the one before, and version 1 has none: write `version = 2`",
        ),
        _ => {}
    }
    number
}

fn other_role<'a>(span: Span, ident: &Ident, fields: &'a Fields, errors: &mut Errors) -> Role<'a> {
    match fields {
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
            Role::Other { span, ty: &fields.unnamed[0].ty }
        }
        _ => {
            let message = "`other` needs a variant of one field, the event as it came: write";
            errors.at(span, format_args!("{message} `{ident}(RawEvent)`"));
            Role::Skipped
        }
    }
}

fn aliases(
    texts: &[LitStr],
    owner: &Ident,
    fields: &[Field<'_>],
    errors: &mut Errors,
) -> Vec<(Template, Span)> {
    let parse =
        |text: &LitStr| Some((errors.take(Template::parse(text, owner, fields))?, text.span()));
    texts.iter().filter_map(parse).collect()
}

/// What gives an event its topic.
struct Named<'a> {
    ident: &'a Ident,
    case: NameCase,
    name: Option<&'a LitStr>,
    topic: Option<&'a LitStr>,
}

impl Named<'_> {
    fn role<'t>(&self, fields: &[Field<'_>], errors: &mut Errors) -> Role<'t> {
        let template = match (self.topic, self.name) {
            (Some(topic), _) => Template::parse(topic, self.ident, fields),
            (None, Some(name)) => Template::name(name),
            (None, None) => self.default_name().map(Template::plain),
        };
        errors.take(template).map_or(Role::Skipped, Role::Topic)
    }

    /// The Rust name as a segment. What an identifier may hold a segment may too, but `__` has no words to put in a case.
    fn default_name(&self) -> syn::Result<String> {
        let name = self.case.apply(&self.ident.unraw().to_string());
        if name.is_empty() {
            let message = format!("`{}` gives no name: write `#[event(name = \"…\")]`", self.ident);
            return Err(syn::Error::new(self.ident.span(), message));
        }
        Ok(name)
    }

    fn span(&self) -> Span {
        self.topic.or(self.name).map_or_else(|| self.ident.span(), LitStr::span)
    }
}

fn nested_role<'a>(
    nested: &attr::Nested,
    named: &Named<'_>,
    fields: &'a Fields,
    errors: &mut Errors,
) -> Role<'a> {
    let ty = match fields {
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => &fields.unnamed[0].ty,
        _ => {
            let ident = named.ident;
            errors.at(
                nested.span,
                format_args!(
                    "`nested` needs a variant of one field: write `{ident}(ItsEventType)`"
                ),
            );
            return Role::Skipped;
        }
    };
    let prefix = match &nested.prefix {
        None => named.default_name(),
        Some(prefix) if prefix.value().is_empty() => Ok(String::new()),
        Some(prefix) => Template::prefix(prefix),
    };
    errors.take(prefix).map_or(Role::Skipped, |prefix| Role::Nested { prefix, ty })
}

fn fields<'a>(fields: &'a Fields, errors: &mut Errors) -> Vec<Field<'a>> {
    let mut read = Vec::with_capacity(fields.len());
    for (member, field) in fields.members().zip(fields) {
        let FieldAttrs { key, redact } = FieldAttrs::read(&field.attrs, errors);
        read.push(Field { member, ty: &field.ty, doc: attr::doc(&field.attrs), key, redact });
    }
    read
}

impl Field<'_> {
    /// The field's name as it stands in a template: without `r#`, a number in a tuple.
    pub(super) fn name(&self) -> String {
        match &self.member {
            Member::Named(ident) => ident.unraw().to_string(),
            Member::Unnamed(index) => index.index.to_string(),
        }
    }
}
