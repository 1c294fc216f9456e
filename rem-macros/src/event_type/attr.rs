//! `#[event(…)]` as typed values that keep their spans.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Ident, Lit, LitStr, Meta, Path, Token};

use crate::errors::Errors;
use crate::keys;
use crate::name_case::{NameCase, SPELLINGS};

/// What stands above an enum or a struct. `name` and `topic` are a struct's only.
#[derive(Default)]
pub(super) struct TypeAttrs {
    pub(super) namespace: Option<LitStr>,
    pub(super) name: Option<LitStr>,
    pub(super) topic: Option<LitStr>,
    pub(super) aliases: Vec<LitStr>,
    pub(super) version: VersionAttrs,
    pub(super) groups: Vec<Group>,
    pub(super) case: NameCase,
    pub(super) local: bool,
    pub(super) crate_path: Option<Path>,
}

/// What stands above a variant.
#[derive(Default)]
pub(super) struct VariantAttrs {
    pub(super) name: Option<LitStr>,
    pub(super) topic: Option<LitStr>,
    pub(super) aliases: Vec<LitStr>,
    pub(super) version: VersionAttrs,
    pub(super) nested: Option<Nested>,
    pub(super) other: Option<Span>,
    pub(super) skip: Option<Span>,
}

/// `group(Name = "…")`: some of the type's events, by a name.
pub(super) struct Group {
    pub(super) name: Ident,
    pub(super) pattern: LitStr,
}

impl Parse for Group {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = input.parse()?;
        input.parse::<Token![=]>()?;
        Ok(Self { name, pattern: input.parse()? })
    }
}

/// Which shape of the data this is, and how the one before becomes this.
#[derive(Default)]
pub(super) struct VersionAttrs {
    pub(super) number: Option<(u32, Span)>,
    pub(super) upcast: Option<Path>,
    /// One of them is there and has been refused: that is enough to say.
    pub(super) mistaken: bool,
}

/// What stands above a field.
#[derive(Default)]
pub(super) struct FieldAttrs {
    pub(super) key: Option<Span>,
    pub(super) redact: Option<Span>,
}

/// `nested` or `nested = "…"`.
pub(super) struct Nested {
    pub(super) span: Span,
    pub(super) prefix: Option<LitStr>,
}

/// Where an attribute stands; it decides which keys are right.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    Enum,
    Struct,
    Variant { of: &'a Ident },
    Field,
}

impl TypeAttrs {
    pub(super) fn read(attrs: &[Attribute], place: Place<'_>, errors: &mut Errors) -> Self {
        let mut read = Self::default();
        for item in items(attrs, place, errors) {
            match item.key_text().as_str() {
                keys::NAMESPACE => read.namespace = item.text(errors),
                keys::NAME => read.name = item.text(errors),
                keys::TOPIC => read.topic = item.text(errors),
                keys::ALIAS => read.aliases.extend(item.text(errors)),
                keys::VERSION | keys::UPCAST => read.version.read(&item, errors),
                keys::RENAME_ALL => {
                    read.case =
                        item.text(errors).and_then(|text| case(&text, errors)).unwrap_or_default();
                }
                keys::GROUP => read.groups.extend(item.groups(errors)),
                keys::LOCAL => read.local = item.flag(errors),
                _ => read.crate_path = item.path(errors),
            }
        }
        read
    }
}

impl VariantAttrs {
    pub(super) fn read(attrs: &[Attribute], of: &Ident, errors: &mut Errors) -> Self {
        let mut read = Self::default();
        for item in items(attrs, Place::Variant { of }, errors) {
            match item.key_text().as_str() {
                keys::NAME => read.name = item.text(errors),
                keys::TOPIC => read.topic = item.text(errors),
                keys::ALIAS => read.aliases.extend(item.text(errors)),
                keys::VERSION | keys::UPCAST => read.version.read(&item, errors),
                keys::NESTED => {
                    let prefix =
                        if item.value.is_none() { Some(None) } else { item.text(errors).map(Some) };
                    read.nested = prefix.map(|prefix| Nested { span: item.key.span(), prefix });
                }
                keys::OTHER => read.other = item.flag(errors).then(|| item.key.span()),
                _ => read.skip = item.flag(errors).then(|| item.key.span()),
            }
        }
        read
    }
}

impl VersionAttrs {
    fn read(&mut self, item: &Item, errors: &mut Errors) {
        if item.key_text() == keys::VERSION {
            self.number = item.number(errors);
            self.mistaken |= self.number.is_none();
        } else {
            self.upcast = item.function(errors);
            self.mistaken |= self.upcast.is_none();
        }
    }
}

impl FieldAttrs {
    pub(super) fn read(attrs: &[Attribute], errors: &mut Errors) -> Self {
        let mut read = Self::default();
        for item in items(attrs, Place::Field, errors) {
            let span = item.flag(errors).then(|| item.key.span());
            match item.key_text().as_str() {
                keys::KEY => read.key = span,
                _ => read.redact = span,
            }
        }
        read
    }
}

/// Whether serde passes over a variant when it reads.
pub(super) fn serde_skips(attrs: &[Attribute]) -> bool {
    let metas = Punctuated::<Meta, Token![,]>::parse_terminated;
    let serde = attrs.iter().filter(|attr| attr.path().is_ident("serde"));
    // What does not parse is serde's to refuse.
    serde
        .filter_map(|attr| attr.parse_args_with(metas).ok())
        .flatten()
        .any(|meta| meta.path().is_ident("skip") || meta.path().is_ident("skip_deserializing"))
}

/// The text of the `///` comments, without the space that each line begins with.
pub(super) fn doc(attrs: &[Attribute]) -> String {
    // `#[doc = include_str!(…)]` is not known here.
    let text = |attr: &Attribute| match &attr.meta {
        Meta::NameValue(meta) if meta.path.is_ident("doc") => Some(string(&meta.value)?.value()),
        _ => None,
    };
    let unindent = |line: String| line.strip_prefix(' ').map(str::to_owned).unwrap_or(line);
    let lines: Vec<String> = attrs.iter().filter_map(text).map(unindent).collect();
    lines.join("\n").trim().to_owned()
}

/// One `key` or `key = value`.
struct Item {
    key: Ident,
    value: Option<Expr>,
    /// What stands in the parentheses of the one key that has some.
    groups: Option<syn::Result<Vec<Group>>>,
}

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        // `crate` is a keyword, and so may be what a user mistypes.
        let key = input.call(Ident::parse_any)?;
        if key == keys::GROUP && input.peek(syn::token::Paren) {
            let content;
            syn::parenthesized!(content in input);
            let groups = Punctuated::<Group, Token![,]>::parse_terminated(&content);
            let groups = groups.map(|groups| groups.into_iter().collect());
            // What is wrong within is said once; the rest of the keys is read all the same.
            content.parse::<proc_macro2::TokenStream>()?;
            return Ok(Self { key, value: None, groups: Some(groups) });
        }
        if input.peek(syn::token::Paren) {
            return Err(input.error(format_args!("write `{key} = \"…\"`, without parentheses")));
        }
        let value = match input.parse::<Option<Token![=]>>()? {
            Some(sign) if input.is_empty() || input.peek(Token![,]) => {
                let message = format!("the value is missing: write `{key} = \"…\"`");
                return Err(syn::Error::new(sign.span, message));
            }
            Some(_) => Some(input.parse()?),
            None => None,
        };
        Ok(Self { key, value, groups: None })
    }
}

impl Item {
    fn key_text(&self) -> String {
        self.key.unraw().to_string()
    }

    /// The value, which has to be a string literal.
    fn text(&self, errors: &mut Errors) -> Option<LitStr> {
        let key = &self.key;
        let Some(value) = &self.value else {
            errors.on(key, format_args!("`{key}` takes a string: write `{key} = \"…\"`"));
            return None;
        };
        let text = string(value);
        if text.is_none() {
            errors.on(value, format_args!("`{key}` takes a string literal: write `{key} = \"…\"`"));
        }
        text.cloned()
    }

    /// What stands in the parentheses.
    fn groups(self, errors: &mut Errors) -> Vec<Group> {
        let key = &self.key;
        let usage = "write `group(Name = \"pattern\")`";
        match self.groups {
            Some(Ok(groups)) if groups.is_empty() => {
                errors.on(key, format_args!("`{key}` names no group: {usage}"));
                groups
            }
            Some(Ok(groups)) => groups,
            Some(Err(error)) => {
                errors.at(error.span(), format_args!("{error}: {usage}"));
                Vec::new()
            }
            None => {
                errors.on(key, format_args!("`{key}` takes names and patterns: {usage}"));
                Vec::new()
            }
        }
    }

    /// `true` for a key without a value.
    fn flag(&self, errors: &mut Errors) -> bool {
        if let Some(value) = &self.value {
            let key = &self.key;
            errors.on(value, format_args!("`{key}` takes no value: write `#[event({key})]`"));
        }
        self.value.is_none()
    }

    /// The value, which has to be a whole number from 1.
    fn number(&self, errors: &mut Errors) -> Option<(u32, Span)> {
        let number = match self.value.as_ref().map(ungroup) {
            Some(Expr::Lit(ExprLit { lit: Lit::Int(number), .. })) => {
                number.base10_parse().ok().filter(|number| *number > 0).map(|n| (n, number.span()))
            }
            _ => None,
        };
        if number.is_none() {
            let key = &self.key;
            let message = format!("`{key}` takes a whole number from 1: write `{key} = 2`");
            match &self.value {
                Some(value) => errors.on(value, message),
                None => errors.on(key, message),
            }
        }
        number
    }

    /// The value, which has to be the path of a function.
    fn function(&self, errors: &mut Errors) -> Option<Path> {
        self.path_or(errors, "a function")
    }

    /// The value, which has to be a path.
    fn path(&self, errors: &mut Errors) -> Option<Path> {
        self.path_or(errors, "::path::to::rem")
    }

    fn path_or(&self, errors: &mut Errors, example: &str) -> Option<Path> {
        match self.value.as_ref().map(ungroup) {
            Some(Expr::Path(path)) if path.qself.is_none() => Some(path.path.clone()),
            other => {
                let key = &self.key;
                let example = if example.starts_with(':') { example } else { "path::to::function" };
                let message = format!("`{key}` takes a path: write `{key} = {example}`");
                match other {
                    Some(value) => errors.on(value, message),
                    None => errors.on(key, message),
                }
                None
            }
        }
    }
}

/// The items of all `#[event(…)]` whose key is right in this place and stands there once.
fn items(attrs: &[Attribute], place: Place<'_>, errors: &mut Errors) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("event")) {
        let Meta::List(list) = &attr.meta else {
            errors.on(attr, "the keys stand in parentheses: write `#[event(name = \"…\")]`");
            continue;
        };
        let parsed = list.parse_args_with(Punctuated::<Item, Token![,]>::parse_terminated);
        for item in errors.take(parsed).into_iter().flatten() {
            let key = item.key_text();
            if !place.keys().contains(&key.as_str()) {
                errors.at(item.key.span(), place.refusal(&key));
            } else if !matches!(key.as_str(), keys::ALIAS | keys::GROUP)
                && items.iter().any(|other| other.key_text() == key)
            {
                errors.at(item.key.span(), format_args!("`{key}` stands here twice: leave one"));
            } else {
                items.push(item);
            }
        }
    }
    items
}

impl Place<'_> {
    fn keys(self) -> &'static [&'static str] {
        match self {
            Place::Enum => keys::ON_ENUM,
            Place::Struct => keys::ON_STRUCT,
            Place::Variant { .. } => keys::ON_VARIANT,
            Place::Field => keys::ON_FIELD,
        }
    }

    /// Why `key` is wrong here, and what would be right.
    fn refusal(self, key: &str) -> String {
        let here = match self {
            Place::Enum => "an enum",
            Place::Struct => "a struct",
            Place::Variant { .. } => "a variant",
            Place::Field => "a field",
        };
        match self {
            Place::Variant { of } if keys::ON_ENUM.contains(&key) => {
                return format!("`{key}` belongs to the whole type: write it above `enum {of}`");
            }
            Place::Enum if keys::ON_VARIANT.contains(&key) => {
                return format!("`{key}` belongs to one event: write it above a variant");
            }
            Place::Field if keys::ON_VARIANT.contains(&key) || keys::ON_STRUCT.contains(&key) => {
                return format!(
                    "`{key}` is not for a field: write it above the variant or the type"
                );
            }
            Place::Enum | Place::Struct | Place::Variant { .. }
                if keys::ON_FIELD.contains(&key) =>
            {
                return format!("`{key}` marks a field: write it above one");
            }
            Place::Struct if keys::ON_VARIANT.contains(&key) => {
                return format!("`{key}` is for the variants of an enum: a struct is one event");
            }
            _ => {}
        }
        match keys::nearest(key, self.keys().iter().copied()) {
            Some(nearest) => format!("there is no key `{key}`: did you mean `{nearest}`?"),
            None => format!(
                "there is no key `{key}`: {here} takes {}",
                keys::list(self.keys().iter().copied())
            ),
        }
    }
}

fn case(text: &LitStr, errors: &mut Errors) -> Option<NameCase> {
    let spelling = text.value();
    let case = NameCase::parse(&spelling);
    if case.is_none() {
        let spellings = SPELLINGS.iter().map(|(name, _)| *name);
        let hint = match keys::nearest(&spelling, spellings.clone()) {
            Some(nearest) => format!("did you mean \"{nearest}\"?"),
            None => format!("write one of {}", keys::list(spellings)),
        };
        errors.on(text, format_args!("there is no case \"{spelling}\": {hint}"));
    }
    case
}

fn string(value: &Expr) -> Option<&LitStr> {
    match ungroup(value) {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text),
        _ => None,
    }
}

/// What a `macro_rules` parameter holds comes in an invisible group.
fn ungroup(mut value: &Expr) -> &Expr {
    while let Expr::Group(group) = value {
        value = &group.expr;
    }
    value
}
