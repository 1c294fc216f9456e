//! What the macros write. It cannot fail.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, GenericParam, Generics, ItemFn, ItemImpl, Path};

use super::attr::{Calls, On, SpanName};
use super::block::Handler;
use super::signature::Argument;
use super::topics;
use crate::rem_path;

/// The block as it was, and `Handlers` for its type.
pub(super) fn block(rem: &Path, block: &ItemImpl, handlers: &[Handler]) -> TokenStream {
    let private = rem_path::private(rem);
    let names = Names::new();
    let registrar = &names.registrar;
    let calls = handlers.iter().map(|handler| {
        let of = Some((&block.generics, block.self_ty.span()));
        Of { private: &private, names: &names, block: of }.handler(handler)
    });
    let implementation = implementation(
        block,
        &private,
        &quote! {
            fn handlers(#registrar: &mut #private::Registrar<'_, Self>) {
                #(#calls)*
                let _ = #registrar;
            }
        },
    );
    quote! {
        #block
        #implementation
    }
}

/// `Handlers` for the type of a block, with this method.
pub(super) fn implementation(
    block: &ItemImpl,
    private: &TokenStream,
    method: &TokenStream,
) -> TokenStream {
    let ItemImpl { generics, self_ty, attrs, .. } = block;
    let kept = attrs
        .iter()
        .filter(|attr| ["cfg", "allow"].into_iter().any(|name| attr.path().is_ident(name)));
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let predicates = where_clause.map(|clause| &clause.predicates).into_iter().flatten();
    // What a type with parameters may hold depends on them, so it says so where it is registered. With lifetimes alone it
    // does not, and what is said of one lifetime would be asked of all by the future of an async handler.
    let is_lifetime = |param: &GenericParam| matches!(param, GenericParam::Lifetime(_));
    let bounds = if generics.params.is_empty() {
        None
    } else if generics.params.iter().all(is_lifetime) {
        Some(quote!(Self: 'static))
    } else {
        Some(quote!(Self: ::core::marker::Send + ::core::marker::Sync + 'static))
    };
    let handlers = rem_path::shown_at(self_ty.span(), quote!(#private::Handlers));
    quote! {
        #(#kept)*
        #[automatically_derived]
        impl #impl_generics #handlers for #self_ty
        where
            #(#predicates,)*
            #bounds
        {
            #method
        }
    }
}

/// The function as it was, and a type of its name to register it by.
pub(super) fn function(rem: &Path, function: &ItemFn, handler: &Handler) -> TokenStream {
    let private = rem_path::private(rem);
    let names = Names::new();
    let registrar = &names.registrar;
    let calls = Of { private: &private, names: &names, block: None }.handler(handler);
    let marker = marker(
        function,
        &private,
        &quote! {
            fn handlers(#registrar: &mut #private::Registrar<'_, ()>) {
                #calls
            }
        },
    );
    quote! {
        #function
        #marker
    }
}

/// A type of the function's name with `HandlerFn`. Types and functions do not share their names, so both are imported,
/// and seen, together.
pub(super) fn marker(
    function: &ItemFn,
    private: &TokenStream,
    method: &TokenStream,
) -> TokenStream {
    let ItemFn { vis, sig, attrs, .. } = function;
    let name = &sig.ident;
    let cfgs: Vec<_> = attrs.iter().filter(|attr| attr.path().is_ident("cfg")).collect();
    let doc = format!(
        "The handler [`{name}()`], by which a bus registers it: `bus.register_fn::<{name}>()`."
    );
    quote! {
        #(#cfgs)*
        #[doc = #doc]
        #[derive(::core::fmt::Debug, ::core::clone::Clone, ::core::marker::Copy)]
        #[allow(non_camel_case_types, reason = "it has the name of its function")]
        #[allow(clippy::empty_enums, reason = "nobody needs a value of it")]
        #vis enum #name {}

        #(#cfgs)*
        #[automatically_derived]
        impl #private::HandlerFn for #name {
            #method
        }
    }
}

/// The names that the expansion uses, which the user's code does not see.
struct Names {
    registrar: Ident,
    setup: Ident,
    this: Ident,
    event: Ident,
    call: Ident,
}

impl Names {
    fn new() -> Self {
        // Nobody sees them, but a constant of the user's would be taken for a pattern where they are bound.
        let name = |name: &str| format_ident!("__rem_{name}", span = Span::mixed_site());
        Self {
            registrar: name("registrar"),
            setup: name("setup"),
            this: name("this"),
            event: name("event"),
            call: name("call"),
        }
    }
}

/// What every handler of one item shares. `block`: its generics, and where its type stands; `None` for a function.
struct Of<'a> {
    private: &'a TokenStream,
    names: &'a Names,
    block: Option<(&'a Generics, Span)>,
}

impl Of<'_> {
    fn handler(&self, handler: &Handler) -> TokenStream {
        let cfgs = &handler.cfgs;
        // That it is registered where it is declared is not what the author warns of.
        let deprecated = handler.deprecated.then(|| {
            quote!(#[allow(deprecated, reason = "the handler is registered as long as it is there")])
        });
        let subscriptions = handler.ons.iter().map(|on| {
            let check = self.check(on, handler);
            let setup = self.setup(on, handler);
            let add = self.add(handler);
            quote!(#(#cfgs)* #deprecated { #check #setup #add })
        });
        quote!(#(#subscriptions)*)
    }

    /// What the compiler is asked of the pattern and the event type.
    fn check(&self, on: &On, handler: &Handler) -> Option<TokenStream> {
        let of = handler.takes.event.as_ref()?;
        let check = match &on.topics {
            Some(topics) => topics.check(of, self.private),
            None => topics::check_every_topic(of, self.private),
        };
        // An item is evaluated by `cargo check` too, but knows nothing of what is around it.
        Some(if self.depends(of.to_token_stream()) {
            quote!(const { #check };)
        } else {
            quote!(const _: () = #check;)
        })
    }

    /// Whether a type names `Self` or a parameter of the block.
    fn depends(&self, tokens: TokenStream) -> bool {
        let is_param = |ident: &Ident| {
            self.block.is_some_and(|(generics, _)| {
                generics.params.iter().any(|param| match param {
                    GenericParam::Type(param) => param.ident == *ident,
                    GenericParam::Const(param) => param.ident == *ident,
                    GenericParam::Lifetime(_) => false,
                })
            })
        };
        tokens.into_iter().any(|token| match token {
            TokenTree::Ident(ident) => ident == "Self" || is_param(&ident),
            TokenTree::Group(group) => self.depends(group.stream()),
            _ => false,
        })
    }

    fn setup(&self, on: &On, handler: &Handler) -> TokenStream {
        let Self { private, names, .. } = self;
        let Names { registrar, setup, .. } = names;
        let name = handler.name.to_string();
        let span = handler.name.span();
        // With the user's own span, so that the line that is told is the handler's.
        let here = quote_spanned!(span=> here());
        let begin = match (&on.topics, &handler.takes.event) {
            (None, of) if on.group.is_some() => {
                let group = &on.group;
                // What is of another type is shown at the group.
                let way = quote_spanned!(group.span()=> group::<#of>);
                quote!(#way(#name, #registrar.#here, #group))
            }
            (Some(topics), _) => {
                let text = &topics.text;
                quote!(topics(#name, #registrar.#here, #private::checked_pattern(#text)))
            }
            (None, of) => quote!(every_topic::<#of>(#name, #registrar.#here)),
        };
        let key = |key: &str, value: &Option<Expr>| {
            let key = format_ident!("{key}");
            value.as_ref().map(|value| quote_spanned!(value.span()=> .#key(#value)))
        };
        let (source, priority) = (key("source", &on.from), key("priority", &on.priority));
        let start = key("start", &on.start);
        let until = on.until.as_ref().map(|until| self.until(until));
        let traced = on.traced.as_ref().map(|traced| match traced {
            SpanName::Own(span) => quote_spanned!(*span=> .traced(#name)),
            SpanName::Other(name) => quote_spanned!(name.span()=> .traced(#name)),
        });
        let filter = on.filter.as_ref().map(|filter| self.filter(filter));
        let calls = on.calls.as_ref().map(|calls| match calls {
            Calls::Once(span) => quote_spanned!(*span=> .once()),
            Calls::Take(calls) => quote_spanned!(calls.span()=> .take(#calls)),
        });
        let task = handler.takes.is_async.then(|| {
            let (begin, keys) = (on.task.begin(), on.task.calls());
            quote!(#begin #(#keys)*)
        });
        let takes = handler.takes.arguments.iter().filter_map(|argument| match argument {
            Argument::Other { name, ty } => {
                let of = without_lifetimes(ty.to_token_stream());
                Some(quote_spanned!(ty.span()=> .takes::<#of>(#name)))
            }
            _ => None,
        });
        let predicates = quote!(#source #start #priority #filter #calls #until #traced);
        quote!(let #setup = #registrar.#begin #predicates #(#takes)* #task;)
    }

    /// A filter may look at the handler's value too; of a closure, the compiler is told by its arguments.
    fn filter(&self, filter: &Expr) -> TokenStream {
        let registrar = &self.names.registrar;
        let span = filter.span();
        let Some((_, at)) = self.block else { return quote_spanned!(span=> .filter(#filter)) };
        let way = match filter {
            Expr::Closure(closure) if closure.inputs.len() != 2 => {
                return quote_spanned!(span=> .filter(#filter));
            }
            Expr::Closure(_) => Ident::new("filter_with", at),
            _ => Ident::new("filter_named", at),
        };
        quote_spanned!(span=> .#way(#registrar, #filter))
    }

    /// What ends it may be known by the handler's value too; of a closure, the compiler is told by its arguments.
    fn until(&self, until: &Expr) -> TokenStream {
        let registrar = &self.names.registrar;
        let span = until.span();
        let Some((_, at)) = self.block else { return quote_spanned!(span=> .until(#until)) };
        let way = match until {
            Expr::Closure(closure) if closure.inputs.is_empty() => {
                return quote_spanned!(span=> .until(#until));
            }
            Expr::Closure(_) => Ident::new("until_with", at),
            _ => Ident::new("until_named", at),
        };
        quote_spanned!(span=> .#way(#registrar, #until))
    }

    fn add(&self, handler: &Handler) -> TokenStream {
        let Self { private, names, block } = self;
        let Names { registrar, setup, this, event, call } = names;
        let is_async = handler.takes.is_async;
        let keeps =
            handler.takes.arguments.iter().any(|argument| matches!(argument, Argument::Received));
        let arguments = handler.takes.arguments.iter().map(|argument| match argument {
            Argument::Event if is_async => quote!(&#event),
            Argument::Event => event.to_token_stream(),
            Argument::Received if is_async => quote!(#call.receive(&#event)),
            Argument::Received => quote!(#call.receive(#event)),
            Argument::Other { name, ty } => {
                // The type is named, as it is to the setup: of what cannot be taken the compiler then speaks once.
                let of = without_lifetimes(ty.to_token_stream());
                quote!(#private::take::<#of>(#call, #name)?)
            }
        });
        let name = &handler.name;
        // What is returned is shown where the type of it stands, and what cannot be shared at the block's type.
        let (path, passed) = if block.is_some() {
            // The future of an async handler owns what it is called with, and lends it.
            let lent = is_async.then(|| quote!(&));
            (quote!(Self::#name), quote!((#lent #this, #(#arguments),*)))
        } else {
            (quote!(#name), quote!((#(#arguments),*)))
        };
        let returns = handler.takes.returns;
        let path = rem_path::shown_at(returns, path);
        let passed = passed.into_iter().map(|mut group| {
            group.set_span(group.span().located_at(returns));
            group
        });
        let outcome = rem_path::shown_at(returns, quote!(#private::Outcome::outcome));
        let at = block.map_or_else(Span::call_site, |(_, at)| at);
        let any = || quote!(dyn #private::Payload);
        let of = handler.takes.event.as_ref().map_or_else(any, ToTokens::to_token_stream);
        // What is not looked at has no name.
        let looks = handler.takes.event.is_some();
        let takes =
            handler.takes.arguments.iter().any(|argument| !matches!(argument, Argument::Event));
        let pattern = |used: bool, name: &Ident| if used { quote!(#name) } else { quote!(_) };
        let this = pattern(block.is_some(), this);
        let event = pattern(looks, event);
        if is_async {
            let lent = takes.then(|| quote!(let #call = &#call.call();));
            let call = pattern(takes, call);
            // A future that cannot go to another thread is shown at the handler's name.
            let way = Ident::new("task", handler.name.span());
            let wait = rem_path::shown_at(returns, quote!(.await));
            return quote! {
                #registrar.#way::<#of, _, _>(#setup, |#this, #event, #call| async move {
                    #lent
                    #outcome(#path #(#passed)* #wait)
                });
            };
        }
        let call = pattern(takes, call);
        let way = Ident::new(if keeps { "share" } else { "see" }, at);
        quote! {
            #registrar.#way::<#of, _>(#setup, |#this, #event, #call| #outcome(#path #(#passed)*));
        }
    }
}

/// The type with every lifetime left to the compiler, for the names of a method's own are not known outside of it.
fn without_lifetimes(tokens: TokenStream) -> TokenStream {
    let mut name_follows = false;
    let elided = |token: TokenTree| {
        let after_quote = std::mem::take(&mut name_follows);
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '\'' => {
                name_follows = true;
                TokenTree::Punct(punct)
            }
            TokenTree::Ident(ident) if after_quote && ident != "static" => {
                Ident::new("_", ident.span()).into()
            }
            TokenTree::Group(group) => {
                let mut elided = Group::new(group.delimiter(), without_lifetimes(group.stream()));
                elided.set_span(group.span());
                elided.into()
            }
            other => other,
        }
    };
    tokens.into_iter().map(elided).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_are_left_to_the_compiler() {
        for (ty, expected) in [
            ("&'a Metadata", "&'_ Metadata"),
            ("Captures<'c>", "Captures<'_>"),
            ("Option<(&'a Topic, &'static str)>", "Option<(&'_ Topic, &'static str)>"),
        ] {
            let parse = |text: &str| text.parse::<TokenStream>().expect("tokens");
            let found = without_lifetimes(parse(ty));
            assert_eq!(found.to_string(), parse(expected).to_string());
        }
    }
}
