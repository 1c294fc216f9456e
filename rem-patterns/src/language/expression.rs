//! The automaton of a regular expression, from what `regex-syntax` makes of its text.

use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::TooLarge;
use super::nfa::{Builder, By};
use crate::pattern::Inner;

impl Builder<'_> {
    /// The states of a regular expression that begins at `from`; gives the one where it ends.
    pub(super) fn expression(
        &mut self,
        pattern: &Inner,
        number: u16,
        from: u32,
    ) -> Result<u32, TooLarge> {
        let text = pattern.regexes[usize::from(number)].source();
        // It parsed before, by the same syntax.
        let hir = regex_syntax::parse(text).map_err(|_| TooLarge)?;
        self.nfa.states[from as usize].begins = true;
        let to = self.state()?;
        self.hir(&hir, from, to)?;
        Ok(to)
    }

    fn hir(&mut self, hir: &Hir, from: u32, to: u32) -> Result<(), TooLarge> {
        match hir.kind() {
            HirKind::Empty => self.edge(from, By::Free, to)?,
            HirKind::Literal(literal) => {
                let text = core::str::from_utf8(&literal.0).map_err(|_| TooLarge)?;
                let mut state = from;
                for character in text.chars() {
                    let next = self.state()?;
                    self.edge(state, By::Range(u32::from(character), u32::from(character)), next)?;
                    state = next;
                }
                self.edge(state, By::Free, to)?;
            }
            HirKind::Class(Class::Unicode(class)) => {
                for range in class.ranges() {
                    self.edge(
                        from,
                        By::Range(u32::from(range.start()), u32::from(range.end())),
                        to,
                    )?;
                }
            }
            HirKind::Class(Class::Bytes(class)) => {
                for range in class.ranges() {
                    self.edge(
                        from,
                        By::Range(u32::from(range.start()), u32::from(range.end())),
                        to,
                    )?;
                }
            }
            // No topic has a line break: lines begin and end where the text does.
            HirKind::Look(Look::Start | Look::StartLF | Look::StartCRLF) => {
                self.edge(from, By::AtStart, to)?;
            }
            HirKind::Look(Look::End | Look::EndLF | Look::EndCRLF) => {
                self.edge(from, By::AtEnd, to)?;
            }
            HirKind::Look(_) => return Err(TooLarge),
            HirKind::Capture(capture) => return self.hir(&capture.sub, from, to),
            HirKind::Concat(parts) => {
                let mut state = from;
                for part in parts {
                    let next = self.state()?;
                    self.hir(part, state, next)?;
                    state = next;
                }
                self.edge(state, By::Free, to)?;
            }
            HirKind::Alternation(ways) => {
                for way in ways {
                    // A way begins at its own state, so that a loop in it does not lead into the others.
                    let begin = self.state()?;
                    self.edge(from, By::Free, begin)?;
                    self.hir(way, begin, to)?;
                }
            }
            HirKind::Repetition(repetition) => {
                let mut state = from;
                for _ in 0..repetition.min {
                    let next = self.state()?;
                    self.hir(&repetition.sub, state, next)?;
                    state = next;
                }
                match repetition.max {
                    None => {
                        let (begin, end) = (self.state()?, self.state()?);
                        self.edge(state, By::Free, begin)?;
                        self.hir(&repetition.sub, begin, end)?;
                        self.edge(end, By::Free, begin)?;
                        self.edge(begin, By::Free, to)?;
                    }
                    Some(max) => {
                        for _ in repetition.min..max {
                            let next = self.state()?;
                            self.edge(state, By::Free, to)?;
                            self.hir(&repetition.sub, state, next)?;
                            state = next;
                        }
                        self.edge(state, By::Free, to)?;
                    }
                }
            }
        }
        Ok(())
    }
}
