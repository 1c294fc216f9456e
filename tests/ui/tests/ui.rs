//! What the derive and the macros say to mistakes: one file a mistake in `wrong/`, the compiler's words beside it.
//!
//! The words are those of the pinned toolchain. `TRYBUILD=overwrite cargo xtask ui` writes them anew.

#[test]
fn mistakes_are_told_at_the_right_place_with_how_to_mend_them() {
    trybuild::TestCases::new().compile_fail("wrong/*.rs");
}
