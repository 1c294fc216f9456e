//! Mutants behind switches: each change stands in the code beside what it changes, and a variable of the environment says, when a
//! program runs, which one is on.
//!
//! Everything is inserted and nothing replaced, so that switches stand in one another:
//! `a == b && c` becomes `(if on(1) { a == b || c } else { (if on(0) { a != b } else { a == b }) && c })`.

use std::collections::HashMap;
use std::ops::Range;

use anyhow::{Context, Result};
use proc_macro2::LineColumn;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::list::{Genre, Mutant, Place};

/// The number of the mutant that is on.
pub(super) const ON: &str = "REM_MUTANT";

/// A file in which a program writes the numbers of the mutants that it comes to.
pub(super) const REACHED: &str = "REM_MUTANTS_REACHED";

/// What is put at the end of a crate's root. It takes the standard library also where the crate does without.
pub(super) const MODULE: &str = r#"
#[doc(hidden)]
#[allow(warnings, clippy::all, clippy::pedantic)]
pub(crate) mod rem_mutants {
    extern crate std;
    use std::io::Write as _;
    use std::string::String;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicBool, Ordering};

    pub(crate) fn on(mutant: usize) -> bool {
        static ON: OnceLock<(Option<usize>, Option<String>)> = OnceLock::new();
        static SEEN: [AtomicBool; 4096] = [const { AtomicBool::new(false) }; 4096];
        let (on, file) = ON.get_or_init(|| {
            let on = std::env::var("REM_MUTANT").ok().and_then(|on| on.parse().ok());
            (on, std::env::var("REM_MUTANTS_REACHED").ok())
        });
        if let Some(file) = file {
            if !SEEN[mutant].swap(true, Ordering::Relaxed) {
                let file = std::fs::File::options().append(true).create(true).open(file);
                file.unwrap().write_all(std::format!("{mutant}\n").as_bytes()).unwrap();
            }
        }
        *on == Some(mutant)
    }
}
"#;

/// A text with its switches.
#[derive(Debug, PartialEq)]
pub(super) struct Switched {
    pub(super) text: String,
    /// Where in it each mutant stands, with what it changes.
    pub(super) places: Vec<(usize, Range<usize>)>,
    /// Those that cannot stand behind a switch.
    pub(super) left: Vec<usize>,
}

/// Puts mutants of one file, by their numbers, behind switches.
pub(super) fn switched(text: &str, mutants: &[(usize, &Mutant)]) -> Result<Switched> {
    let file = syn::parse_file(text).context("the file is no Rust")?;
    let mut wanted: HashMap<_, Vec<_>> = HashMap::new();
    for (number, mutant) in mutants {
        wanted.entry((mutant.genre, mutant.span.start)).or_default().push((*number, *mutant));
    }
    let mut finder = Finder { text, wanted, constant: 0, found: Vec::new() };
    finder.visit_file(&file);
    let done: Vec<_> = finder.found.iter().map(|wrap| wrap.number).collect();
    let left = mutants.iter().map(|(number, _)| *number).filter(|number| !done.contains(number));
    let left = left.collect();
    let (text, places) = insert(text, &finder.found);
    Ok(Switched { text, places, left })
}

/// What is put around one place; outer ones come first.
struct Wrap {
    number: usize,
    range: Range<usize>,
    before: String,
    after: String,
}

fn insert(text: &str, wraps: &[Wrap]) -> (String, Vec<(usize, Range<usize>)>) {
    // At one place what ends comes before what begins; what began last ends first.
    let ends = wraps.iter().rev().filter(|wrap| !wrap.range.is_empty());
    let ends = ends.map(|wrap| (wrap.range.end, wrap, false));
    let starts = wraps.iter().map(|wrap| (wrap.range.start, wrap, true));
    let mut edits: Vec<_> = ends.chain(starts).collect();
    edits.sort_by_key(|(at, _, begins)| (*at, *begins));
    let (mut out, mut last, mut open) = (String::with_capacity(text.len() * 2), 0, HashMap::new());
    let mut places = Vec::new();
    for (at, wrap, begins) in edits {
        out.push_str(&text[last..at]);
        last = at;
        let begun = out.len();
        if begins {
            out.push_str(&wrap.before);
            if wrap.range.is_empty() {
                places.push((wrap.number, begun..out.len()));
            } else {
                open.insert(wrap.number, begun);
            }
        } else {
            out.push_str(&wrap.after);
            places.push((wrap.number, open[&wrap.number]..out.len()));
        }
    }
    out.push_str(&text[last..]);
    (out, places)
}

/// Finds the places of mutants, where a program and not the compiler runs.
struct Finder<'a> {
    text: &'a str,
    wanted: HashMap<(Genre, Place), Vec<(usize, &'a Mutant)>>,
    /// Within how many things that the compiler runs.
    constant: usize,
    found: Vec<Wrap>,
}

impl<'a> Finder<'a> {
    fn take(&mut self, genre: Genre, start: LineColumn) -> Vec<(usize, &'a Mutant)> {
        if self.constant > 0 {
            return Vec::new();
        }
        let start = Place { line: start.line, column: start.column + 1 };
        self.wanted.remove(&(genre, start)).unwrap_or_default()
    }

    fn wrap(&mut self, number: usize, range: Range<usize>, before: String, after: &str) {
        self.found.push(Wrap { number, range, before, after: after.to_owned() });
    }

    fn constant(&mut self, visit: impl FnOnce(&mut Self)) {
        self.constant += 1;
        visit(self);
        self.constant -= 1;
    }

    fn body(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let Some(first) = block.stmts.first().map(Spanned::span) else { return };
        // An `impl Trait` is of one type, and another one's value cannot stand beside it.
        let output = &self.text[signature.output.span().byte_range()];
        if signature.constness.is_some() || output.contains("impl ") {
            return;
        }
        let at = first.byte_range().start;
        for (number, mutant) in self.take(Genre::FnValue, first.start()) {
            let change = &mutant.replacement;
            let before = format!("if crate::rem_mutants::on({number}) {{ return {change}; }} ");
            self.wrap(number, at..at, before, "");
        }
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.body(&item.sig, &item.block);
        let visit = |this: &mut Self| visit::visit_item_fn(this, item);
        if item.sig.constness.is_some() { self.constant(visit) } else { visit(self) }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.body(&item.sig, &item.block);
        let visit = |this: &mut Self| visit::visit_impl_item_fn(this, item);
        if item.sig.constness.is_some() { self.constant(visit) } else { visit(self) }
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.body(&item.sig, block);
        }
        let visit = |this: &mut Self| visit::visit_trait_item_fn(this, item);
        if item.sig.constness.is_some() { self.constant(visit) } else { visit(self) }
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        self.constant(|this| visit::visit_item_const(this, item));
    }

    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        self.constant(|this| visit::visit_item_static(this, item));
    }

    fn visit_impl_item_const(&mut self, item: &'ast syn::ImplItemConst) {
        self.constant(|this| visit::visit_impl_item_const(this, item));
    }

    fn visit_trait_item_const(&mut self, item: &'ast syn::TraitItemConst) {
        self.constant(|this| visit::visit_trait_item_const(this, item));
    }

    fn visit_expr_const(&mut self, expr: &'ast syn::ExprConst) {
        self.constant(|this| visit::visit_expr_const(this, expr));
    }

    fn visit_type(&mut self, of: &'ast syn::Type) {
        self.constant(|this| visit::visit_type(this, of));
    }

    fn visit_expr_binary(&mut self, expr: &'ast syn::ExprBinary) {
        let (left, right) = (expr.left.span().byte_range(), expr.right.span().byte_range());
        if !holds_let(&expr.left) && !holds_let(&expr.right) {
            for (number, mutant) in self.take(Genre::BinaryOperator, expr.op.span().start()) {
                let (one, other) = (&self.text[left.clone()], &self.text[right.clone()]);
                let change = format!("{one} {} {other}", mutant.replacement);
                let before =
                    format!("(if crate::rem_mutants::on({number}) {{ {change} }} else {{ ");
                self.wrap(number, left.start..right.end, before, " })");
            }
        }
        visit::visit_expr_binary(self, expr);
    }

    fn visit_expr_unary(&mut self, expr: &'ast syn::ExprUnary) {
        let (whole, inner) = (expr.span().byte_range(), expr.expr.span().byte_range());
        for (number, _) in self.take(Genre::UnaryOperator, expr.op.span().start()) {
            let change = &self.text[inner.clone()];
            let before = format!("(if crate::rem_mutants::on({number}) {{ {change} }} else {{ ");
            self.wrap(number, whole.start..inner.end, before, " })");
        }
        visit::visit_expr_unary(self, expr);
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        match &arm.pat {
            syn::Pat::Guard(guarded) => {
                let guard = &guarded.guard;
                let range = guard.span().byte_range();
                if !holds_let(guard) {
                    for (number, mutant) in self.take(Genre::MatchArmGuard, guard.span().start()) {
                        let change = &mutant.replacement;
                        let before =
                            format!("(if crate::rem_mutants::on({number}) {{ {change} }} else {{ ");
                        self.wrap(number, range.clone(), before, " })");
                    }
                }
            }
            pattern => {
                let at = pattern.span().byte_range().end;
                for (number, _) in self.take(Genre::MatchArm, arm.span().start()) {
                    let before = format!(" if !crate::rem_mutants::on({number})");
                    self.wrap(number, at..at, before, "");
                }
            }
        }
        visit::visit_arm(self, arm);
    }
}

/// Whether a condition binds names, which cannot stand in braces of its own.
fn holds_let(expr: &syn::Expr) -> bool {
    match expr {
        syn::Expr::Let(_) => true,
        syn::Expr::Binary(binary) => holds_let(&binary.left) || holds_let(&binary.right),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
