//! The automaton of a language: characters lead from state to state; each state knows whose it is.

use alloc::vec::Vec;

use super::{Language, Member, TooLarge};
use crate::glob::{alternative_end, class, closing, range};
use crate::pattern::Inner;
use crate::segment::{Kind, Segment};
use crate::topic::rules::decode;

/// The highest code point.
pub(super) const LAST: u32 = char::MAX as u32;

/// What leads from one state to another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum By {
    /// A character from the first to the second, a dot among them if they enclose it.
    Range(u32, u32),
    /// The same, but no dot: within a segment.
    Within(u32, u32),
    /// Nothing.
    Free,
    /// Nothing, where the regular expression begins.
    AtStart,
    /// Nothing, at the end.
    #[cfg_attr(
        not(feature = "regex"),
        expect(dead_code, reason = "regular expressions alone have anchors")
    )]
    AtEnd,
}

impl By {
    pub(super) fn takes(self, character: u32) -> bool {
        match self {
            Self::Range(low, high) => low <= character && character <= high,
            Self::Within(low, high) => character != DOT && low <= character && character <= high,
            Self::Free | Self::AtStart | Self::AtEnd => false,
        }
    }
}

pub(super) const DOT: u32 = '.' as u32;

/// Which of the two languages of a question, and what it means to be there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Owner {
    pub(super) second: bool,
    pub(super) exclude: bool,
    pub(super) system: bool,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) owner: Owner,
    pub(super) edges: Vec<(By, u32)>,
    /// A regular expression begins here.
    pub(super) begins: bool,
}

/// States by number, where topics begin, and where they may end.
#[derive(Default)]
pub(super) struct Nfa {
    pub(super) states: Vec<State>,
    pub(super) starts: Vec<u32>,
    /// Ordered, for each element adds its own last.
    pub(super) ends: Vec<u32>,
    /// How many edges all states have.
    edges: usize,
}

impl Nfa {
    pub(super) fn add(&mut self, language: &Language<'_>, second: bool) -> Result<(), TooLarge> {
        language.members.iter().try_for_each(|member| {
            let owner = Owner { second, exclude: member.exclude, system: member.element.system };
            Builder { nfa: self, owner }.element(member)
        })
    }
}

/// Adds the states of one element.
pub(super) struct Builder<'n> {
    pub(super) nfa: &'n mut Nfa,
    pub(super) owner: Owner,
}

impl Builder<'_> {
    pub(super) fn state(&mut self) -> Result<u32, TooLarge> {
        if self.nfa.states.len() >= TooLarge::STATES {
            return Err(TooLarge);
        }
        self.nfa.states.push(State { owner: self.owner, edges: Vec::new(), begins: false });
        u32::try_from(self.nfa.states.len() - 1).map_err(|_| TooLarge)
    }

    pub(super) fn edge(&mut self, from: u32, by: By, to: u32) -> Result<(), TooLarge> {
        if self.nfa.edges >= TooLarge::EDGES {
            return Err(TooLarge);
        }
        self.nfa.edges += 1;
        self.nfa.states[from as usize].edges.push((by, to));
        Ok(())
    }

    /// For each segment two states: where it begins, and where those before it have ended; a dot leads from the second to
    /// the first.
    fn element(mut self, member: &Member<'_>) -> Result<(), TooLarge> {
        let segments = member.pattern.segments(member.element);
        let mut begin = self.state()?;
        self.nfa.starts.push(begin);
        let mut ended = self.state()?;
        for segment in segments {
            let (next_begin, next_ended) = (self.state()?, self.state()?);
            if segment.kind == Kind::Many {
                self.edge(begin, By::Free, next_begin)?;
                self.edge(ended, By::Free, next_ended)?;
                self.any_segment(begin, ended)?;
            } else {
                self.segment(member.pattern, *segment, begin, next_ended)?;
            }
            self.edge(ended, By::Range(DOT, DOT), begin)?;
            (begin, ended) = (next_begin, next_ended);
        }
        match member.element.regex {
            None => self.nfa.ends.push(ended),
            // There is none: the parser refuses it.
            #[cfg(not(feature = "regex"))]
            Some(_) => return Err(TooLarge),
            #[cfg(feature = "regex")]
            Some(number) => {
                self.edge(ended, By::Range(DOT, DOT), begin)?;
                let end = self.expression(member.pattern, number, begin)?;
                self.nfa.ends.push(end);
            }
        }
        Ok(())
    }

    /// One or more characters of a segment.
    fn any_segment(&mut self, from: u32, to: u32) -> Result<(), TooLarge> {
        let inside = self.state()?;
        self.edge(from, By::Within(0, LAST), inside)?;
        self.edge(inside, By::Within(0, LAST), inside)?;
        self.edge(inside, By::Free, to)?;
        Ok(())
    }

    fn segment(
        &mut self,
        pattern: &Inner,
        segment: Segment,
        from: u32,
        to: u32,
    ) -> Result<(), TooLarge> {
        let text = segment.text(&pattern.text).as_bytes();
        match segment.kind {
            Kind::One | Kind::Many => self.any_segment(from, to),
            Kind::Literal => {
                let mut at = 0;
                let mut state = from;
                while at < text.len() {
                    let (character, next) = decode(text, at);
                    let target = if next == text.len() { to } else { self.state()? };
                    self.edge(state, By::Range(character, character), target)?;
                    (state, at) = (target, next);
                }
                Ok(())
            }
            Kind::Glob => self.glob(text, from, to),
        }
    }

    /// A state for every position in the glob.
    fn glob(&mut self, glob: &[u8], from: u32, to: u32) -> Result<(), TooLarge> {
        let mut places = Vec::with_capacity(glob.len() + 1);
        for _ in 0..glob.len() {
            places.push(self.state()?);
        }
        places.push(to);
        self.edge(from, By::Free, places[0])?;
        let mut at = 0;
        while at < glob.len() {
            let here = places[at];
            at = match glob[at] {
                b'*' => {
                    self.edge(here, By::Within(0, LAST), here)?;
                    self.edge(here, By::Free, places[at + 1])?;
                    at + 1
                }
                b'?' => {
                    self.edge(here, By::Within(0, LAST), places[at + 1])?;
                    at + 1
                }
                b'[' => {
                    let end = class(glob, at, 0).1;
                    self.class(glob, at, here, places[end])?;
                    end
                }
                b'{' => {
                    let close = closing(glob, at);
                    let mut start = at + 1;
                    while start <= close {
                        self.edge(here, By::Free, places[start])?;
                        start = alternative_end(glob, start) + 1;
                    }
                    at + 1
                }
                b',' => {
                    self.edge(here, By::Free, places[closing(glob, at) + 1])?;
                    at + 1
                }
                b'}' => {
                    self.edge(here, By::Free, places[at + 1])?;
                    at + 1
                }
                _ => {
                    let (character, next) = decode(glob, at);
                    self.edge(here, By::Range(character, character), places[next])?;
                    next
                }
            };
        }
        Ok(())
    }

    fn class(&mut self, glob: &[u8], at: usize, from: u32, to: u32) -> Result<(), TooLarge> {
        let negated = glob[at + 1] == b'!';
        let mut at = at + 1 + usize::from(negated);
        let mut ranges = Vec::new();
        while glob[at] != b']' {
            let (low, high, next) = range(glob, at);
            ranges.push((low, high));
            at = next;
        }
        if !negated {
            for (low, high) in ranges {
                self.edge(from, By::Within(low, high), to)?;
            }
            return Ok(());
        }
        ranges.sort_unstable();
        let mut free = 0;
        for (low, high) in ranges {
            if free < low {
                self.edge(from, By::Within(free, low - 1), to)?;
            }
            free = free.max(high + 1);
        }
        if free <= LAST {
            self.edge(from, By::Within(free, LAST), to)?;
        }
        Ok(())
    }
}
