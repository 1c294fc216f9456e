//! The function under `#[on("…")]`.

use syn::{ItemFn, Path};

use super::attr::{self, On, Place};
use super::block::{Handler, lints, refuse_same_positions};
use crate::errors::Errors;
use crate::rem_path;

/// Where REM is, and the handler that the function is; the function keeps none of our attributes. `first` is the
/// attribute that called us, others may stand below it.
pub(super) fn read(first: On, function: &mut ItemFn, errors: &mut Errors) -> (Path, Handler) {
    let (ons, others): (Vec<_>, Vec<_>) =
        std::mem::take(&mut function.attrs).into_iter().partition(attr::is_on);
    function.attrs = others;
    let mut all = vec![first];
    all.extend(ons.iter().map(|on| On::of(on, Place::Function, errors)));
    let rem = all.iter().find_map(|on| on.rem.clone()).unwrap_or_else(rem_path::default);
    let handler = Handler::new(all, &function.sig, &function.attrs, Place::Function, errors);
    refuse_same_positions(std::slice::from_ref(&handler), errors);
    function.attrs.push(lints());
    (rem, handler)
}
