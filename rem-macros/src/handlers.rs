//! `#[handlers]` and `#[on("…")]`: parse, validate, expand; on a mistake, fall back.

mod attr;
mod delivery;
mod topics;
mod signature;
mod block;
mod function;
mod expand;
mod fallback;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::{Item, ItemFn};

use crate::errors::Errors;
use attr::On;

/// `#[handlers]` above `item`.
pub(crate) fn handlers(args: TokenStream, item: &TokenStream) -> TokenStream {
    let block = match syn::parse2::<Item>(item.clone()) {
        Ok(Item::Impl(block)) => block,
        Ok(other) => {
            let what = other.to_token_stream();
            let error = syn::Error::new(Span::call_site(), ON_IMPL);
            return fallback::beside(&error, &what);
        }
        Err(error) => return fallback::beside(&error, item),
    };
    let mut errors = Errors::default();
    let rem = errors.take(attr::parse_crate(args)).unwrap_or_else(crate::rem_path::default);
    let (plain, handlers) = block::read(block, &mut errors);
    match errors.finish() {
        Ok(()) => expand::block(&rem, &plain, &handlers),
        Err(error) => fallback::block(&rem, &error, &plain),
    }
}

/// `#[on("…")]` above `item`, outside of what `#[handlers]` takes in.
pub(crate) fn on(args: TokenStream, item: &TokenStream) -> TokenStream {
    let Ok(mut function) = syn::parse2::<ItemFn>(item.clone()) else {
        let error = syn::Error::new(Span::call_site(), ON_FUNCTION);
        return fallback::beside(&error, item);
    };
    if let Some(receiver) = function.sig.receiver() {
        let error = syn::Error::new_spanned(receiver.self_token, ON_METHOD);
        function.attrs.retain(|attr| !attr::is_on(attr));
        return fallback::beside(&error, &function);
    }
    let mut errors = Errors::default();
    let first = On::read(args, Span::call_site(), attr::Place::Function, &mut errors);
    let (rem, handler) = function::read(first, &mut function, &mut errors);
    match errors.finish() {
        Ok(()) => expand::function(&rem, &function, &handler),
        Err(error) => fallback::function(&rem, &error, &function),
    }
}

const ON_IMPL: &str = "`#[handlers]` stands above an `impl` block with methods marked `#[on(\"…\")]`; above a function \
                       write `#[rem::on(\"…\")]`";

const ON_FUNCTION: &str = "`#[on(\"…\")]` stands above a function, or above a method in an `impl` block marked \
                           `#[rem::handlers]`";

const ON_METHOD: &str = "this is a method: write `#[rem::handlers]` above its `impl` block, which reads every \
                         `#[on(\"…\")]` in it";

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> TokenStream {
        text.parse().expect("tokens")
    }

    #[test]
    fn what_safe_code_cannot_call_is_no_handler() {
        for (qualifier, refused) in [("", false), ("const", false), ("unsafe", true)] {
            let method = format!("{qualifier} fn paid(&self) {{}}");
            let block = format!("impl Billing {{ #[on(\"order\")] {method} }}");
            let written = handlers(TokenStream::new(), &tokens(&block)).to_string();
            assert_eq!(written.contains("remove `unsafe`"), refused, "{written}");
            assert!(written.contains("Handlers for Billing"), "{written}");
        }
    }
}
