//! Whole-system tests.
#![forbid(unsafe_code)]

pub mod crash;
pub mod mesh;
pub mod shop;

/// The examples in the documentation of the macros, whose crate cannot depend on the facade.
#[cfg(doctest)]
mod macros {
    #[doc = include_str!("../../rem-macros/docs/event_type.md")]
    mod event_type {}
    #[doc = include_str!("../../rem-macros/docs/topic.md")]
    mod topic {}
    #[doc = include_str!("../../rem-macros/docs/pattern.md")]
    mod pattern {}
    #[doc = include_str!("../../rem-macros/docs/handlers.md")]
    mod handlers {}
    #[doc = include_str!("../../rem-macros/docs/on.md")]
    mod on {}
}
