//! What the signature of a handler says: what it takes, in which order, and of which event type.

use proc_macro2::Span;
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{
    FnArg, GenericArgument, GenericParam, Pat, PatType, PathArguments, PathSegment, Receiver,
    ReceiverKind, ReturnType, Safety, Signature, Type,
};

use super::attr::Place;
use crate::errors::Errors;

/// What a handler takes.
pub(super) struct Takes {
    pub(super) arguments: Vec<Argument>,
    /// The event type, if an argument names one.
    pub(super) event: Option<Type>,
    /// It is a task.
    pub(super) is_async: bool,
    /// Where the compiler shows a return type that is none of a handler's.
    pub(super) returns: Span,
}

pub(super) enum Argument {
    /// `&Event<T>`
    Event,
    /// `Received<T>`
    Received,
    /// What implements `Argument`.
    Other { name: String, ty: Box<Type> },
}

const SELF: &str = "a handler of a type takes `&self`: add it, or move the function out of the block and write \
                    `#[rem::on(\"…\")]` above it";

const SHARED_SELF: &str = "a handler is called from every thread that publishes, so it shares its value: write `&self`, \
                           and keep what changes in a `Mutex` or an atomic";

const BY_REF: &str = "an event is shared by all who receive it: write";

pub(super) fn read(signature: &Signature, place: Place, errors: &mut Errors) -> Takes {
    refuse_qualifiers(signature, errors);
    if place == Place::Method {
        match signature.receiver() {
            Some(receiver) => check_receiver(receiver, errors),
            None => errors.on(&signature.ident, SELF),
        }
    }
    let returns = match &signature.output {
        ReturnType::Type(_, ty) => ty.span(),
        ReturnType::Default => signature.ident.span(),
    };
    let is_async = signature.asyncness.is_some();
    let mut takes = Takes { arguments: Vec::new(), event: None, is_async, returns };
    for input in &signature.inputs {
        if let FnArg::Typed(input) = input {
            takes.add(input, errors);
        }
    }
    takes
}

impl Takes {
    fn add(&mut self, input: &PatType, errors: &mut Errors) {
        let ty = ungroup(&input.ty);
        let argument = match ty {
            Type::Reference(reference) => {
                match events(ungroup(&reference.elem)) {
                    Some((Kind::Event, _)) if reference.mutability.is_some() => {
                        return errors.on(
                            ty,
                            format_args!("{BY_REF} `&Event<T>`, and change drafts in middleware"),
                        );
                    }
                    Some((Kind::Event, Some(of))) => self.typed(of, Argument::Event, errors),
                    Some((Kind::Received, _)) => {
                        return errors.on(ty, "what is received is the handler's own: write `Received<T>`, without `&`");
                    }
                    _ => other(input, ty),
                }
            }
            Type::ImplTrait(_) => {
                return errors.on(ty, "a handler cannot be generic, for the bus has to know what it takes: name the type");
            }
            _ => match events(ty) {
                Some((Kind::Event, _)) => {
                    return errors
                        .on(ty, format_args!("{BY_REF} `&Event<T>`, or `Received<T>` to keep it"));
                }
                Some((Kind::Received, Some(of))) => self.typed(of, Argument::Received, errors),
                _ => other(input, ty),
            },
        };
        self.arguments.push(argument);
    }

    /// Notes the event type; there is one.
    fn typed(&mut self, of: &Type, argument: Argument, errors: &mut Errors) -> Argument {
        let text = |ty: &Type| ty.to_token_stream().to_string();
        match &self.event {
            Some(first) if text(first) != text(of) => errors.on(
                of,
                format_args!(
                    "one event has one type, and another argument says `{}`: write a handler for each, or take `&Event` \
                     for any",
                    text(first)
                ),
            ),
            Some(_) => {}
            None => self.event = Some(of.clone()),
        }
        argument
    }

    /// Whether an argument is of what the pattern captured; where, if so.
    pub(super) fn captured(&self) -> Option<Span> {
        self.arguments.iter().find_map(|argument| match argument {
            Argument::Other { ty, .. } => {
                let last = last_segment(ty)?;
                (last.ident == "Captured" || last.ident == "Captures").then(|| ty.span())
            }
            _ => None,
        })
    }
}

fn refuse_qualifiers(signature: &Signature, errors: &mut Errors) {
    if let Safety::Unsafe(token) = &signature.safety {
        errors.on(token, "the bus calls a handler from safe code: remove `unsafe`");
    }
    if let Some(variadic) = &signature.variadic {
        errors.on(variadic, "a handler takes arguments that are known: remove `...`");
    }
    let generic = signature.generics.params.iter();
    for param in generic.filter(|param| !matches!(param, GenericParam::Lifetime(_))) {
        errors.on(
            param,
            "a handler cannot be generic, for nobody says for which types to subscribe it: name the type, or make the \
             `impl` block generic",
        );
    }
}

fn check_receiver(receiver: &Receiver, errors: &mut Errors) {
    match &receiver.kind {
        ReceiverKind::Reference(_, _, None) => {}
        ReceiverKind::Typed(_, ty) if is_ref_self(ty) => {}
        _ => errors.on(receiver, SHARED_SELF),
    }
}

/// `&Self`
fn is_ref_self(ty: &Type) -> bool {
    let Type::Reference(reference) = ungroup(ty) else { return false };
    let to_self =
        matches!(ungroup(&reference.elem), Type::Path(path) if path.path.is_ident("Self"));
    reference.mutability.is_none() && to_self
}

enum Kind {
    Event,
    Received,
}

/// `Event<T>` or `Received<T>`, by whatever path, with the `T` unless it stands for any.
fn events(ty: &Type) -> Option<(Kind, Option<&Type>)> {
    let last = last_segment(ty)?;
    let kind = match last.ident.to_string().as_str() {
        "Event" => Kind::Event,
        "Received" => Kind::Received,
        _ => return None,
    };
    let of = match &last.arguments {
        PathArguments::AngleBracketed(arguments) => {
            arguments.args.iter().find_map(|argument| match argument {
                GenericArgument::Type(ty) => Some(ungroup(ty)),
                _ => None,
            })
        }
        _ => None,
    };
    Some((kind, of.filter(|of| !matches!(of, Type::TraitObject(_)))))
}

fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match ungroup(ty) {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    }
}

fn other(input: &PatType, ty: &Type) -> Argument {
    Argument::Other { name: name(&input.pat, ty), ty: Box::new(ty.clone()) }
}

/// How errors call an argument: by its name, or the only one in its pattern, or by its type.
fn name(pattern: &Pat, ty: &Type) -> String {
    match pattern {
        Pat::Ident(pattern) => pattern.ident.to_string(),
        Pat::TupleStruct(tuple) if tuple.elems.len() == 1 => name(&tuple.elems[0], ty),
        _ => ty.to_token_stream().to_string().replace(' ', ""),
    }
}

/// What a `macro_rules` parameter holds comes in an invisible group.
fn ungroup(mut ty: &Type) -> &Type {
    loop {
        ty = match ty {
            Type::Group(group) => &group.elem,
            Type::Paren(paren) => &paren.elem,
            _ => return ty,
        }
    }
}
