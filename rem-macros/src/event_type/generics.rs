//! Type and constant parameters: what the implementation asks of them, and what has to wait until they are known.
//!
//! A generic type is an event type for those parameters with which it is all that an event type has to be; the bounds
//! say that of the type itself, so that they are those of the user's own `Debug`, `Serialize` and `Deserialize`,
//! whatever serde's attributes make of them.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{GenericParam, Type};

use super::ast::{Event, Field, Input, Role};
use super::template::Segment;

impl Input<'_> {
    pub(super) fn is_generic(&self) -> bool {
        !self.generics.params.is_empty()
    }

    /// Whether tokens name a parameter, or the type itself by `Self`.
    pub(super) fn depends(&self, tokens: impl ToTokens) -> bool {
        self.is_generic() && self.names_parameter(tokens.into_token_stream())
    }

    fn names_parameter(&self, tokens: TokenStream) -> bool {
        let is_param = |ident: &proc_macro2::Ident| {
            self.generics.params.iter().any(|param| match param {
                GenericParam::Type(param) => param.ident == *ident,
                GenericParam::Const(param) => param.ident == *ident,
                GenericParam::Lifetime(_) => false,
            })
        };
        tokens.into_iter().any(|token| match token {
            TokenTree::Ident(ident) => ident == "Self" || is_param(&ident),
            TokenTree::Group(group) => self.names_parameter(group.stream()),
            _ => false,
        })
    }

    /// Whether the topics are known only with the parameters, for those of a nested type are.
    pub(super) fn topics_depend(&self) -> bool {
        self.events.iter().filter_map(Event::nested).any(|(_, ty)| self.depends(ty))
    }

    /// The implementation's where clause: the user's, and what an event type has to be.
    pub(super) fn where_clause(&self, private: &TokenStream) -> TokenStream {
        let own = self.generics.where_clause.as_ref().map(|clause| &clause.predicates);
        let own = own.into_iter().flatten();
        if !self.is_generic() {
            return quote!(where #(#own,)*);
        }
        let wire =
            (!self.local).then(|| quote!(+ #private::Serialize + #private::DeserializeOwned));
        let all = quote! {
            ::core::fmt::Debug + ::core::marker::Send + ::core::marker::Sync + 'static #wire
        };
        let fields = self.events.iter().map(|event| self.bounds_of_fields(event, private));
        // An older shape is an event type too, and which one the function knows, not we: what its derives are likely to
        // ask of the parameters is asked here.
        let upcasts = !self.local && self.events.iter().any(|event| event.upcast.is_some());
        let params = self.generics.type_params().filter(|_| upcasts).map(|param| &param.ident);
        quote!(where #(#own,)* Self: #all, #(#params: #all,)* #(#fields)*)
    }

    /// What a variant asks of the types of its fields, where they depend on parameters.
    fn bounds_of_fields(&self, event: &Event<'_>, private: &TokenStream) -> TokenStream {
        let bound = |ty: &Type, bound: TokenStream| {
            let depends = self.depends(ty);
            depends.then(|| quote_spanned!(ty.span()=> #ty: #bound,))
        };
        if let Some((_, ty)) = event.nested() {
            return bound(ty, quote!(#private::Nested)).into_iter().collect();
        }
        if let Some(ty) = event.other() {
            return bound(ty, quote!(#private::Other)).into_iter().collect();
        }
        let in_topic = in_topic(event).filter_map(|field| {
            bound(field.ty, quote!(#private::TopicField)) // aliases have the same fields
        });
        let hides = event.fields.iter().any(|field| field.redact.is_some());
        let key = event.fields.iter().filter(|field| field.key.is_some());
        let key = key.filter_map(|field| bound(field.ty, quote!(#private::KeyField)));
        let shown = event.fields.iter().filter(|field| hides && field.redact.is_none());
        let shown = shown.filter_map(|field| bound(field.ty, quote!(::core::fmt::Debug)));
        in_topic.chain(key).chain(shown).collect()
    }
}

fn in_topic<'e>(event: &'e Event<'e>) -> impl Iterator<Item = &'e Field<'e>> {
    let segments = match &event.role {
        Role::Topic(template) => template.segments(),
        _ => &[],
    };
    segments.iter().filter_map(|segment| match segment {
        Segment::Field(field) => Some(&event.fields[*field]),
        Segment::Literal(_) => None,
    })
}
