//! The algebra of patterns: do two meet, does one hold the other, with a topic to show it.

use alloc::vec::Vec;
use core::fmt;

use crate::pattern::{Inner, Pattern};
use crate::segment::{Element, Kind};
use crate::topic::Topic;

mod nfa;
#[cfg(feature = "regex")]
mod expression;
mod search;
mod set;

pub use set::UnionError;

/// The question would have taken more steps than [`STEPS`](TooLarge::STEPS), more states than [`STATES`](TooLarge::STATES) or more
/// edges than [`EDGES`](TooLarge::EDGES), or asks about a regular expression with a word boundary.
///
/// Whether one pattern includes a set is hard in general: the answer can need exponentially many states. Rather than
/// take that long, or be wrong, the algebra stops here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TooLarge;

impl TooLarge {
    /// The most steps of automata that one question takes, some tenths of a second; and the most that it takes before, to leave
    /// out elements that surely cannot meet, and to find the characters that have to be told apart.
    pub const STEPS: usize = 1 << 24;
    /// The most states of the automaton of both patterns, and the most sets of them that are looked at.
    pub const STATES: usize = 1 << 16;
    /// The most edges of the automaton of both patterns: a class of characters has one for each of its ranges, and `\w` some 750.
    pub const EDGES: usize = 1 << 20;
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the patterns are too large to compare exactly: split the sets, or write fewer `**`, globs and classes of characters")
    }
}

impl core::error::Error for TooLarge {}

/// Whether a topic exists that both select is decided on automata of characters, built from the patterns and explored
/// together, shortest topic first: exact for the whole language, and for the limits of 32 segments and 255 bytes. (An
/// automaton of whole segments has fewer states, but no place for regular expressions, which cross dots.)
impl Pattern {
    /// A topic that both select, one of the shortest; `None` if there is none.
    ///
    /// ```
    /// use rem_patterns::Pattern;
    ///
    /// let paid = Pattern::parse("order.*.paid")?;
    /// let met = paid.intersects(&Pattern::parse("order.4?.**")?)?;
    /// assert!(met.is_some_and(|topic| paid.matches(&topic)));
    /// assert_eq!(paid.intersects(&Pattern::parse("=order.paid")?)?, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the answer would take too long.
    pub fn intersects(&self, other: &Self) -> Result<Option<Topic>, TooLarge> {
        search::shortest(&Language::of(self), &Language::of(other), search::Goal::Both)
    }

    /// A topic that `other` selects and this pattern does not, one of the shortest: the counter-example to
    /// [`includes`](Self::includes). `None` if there is none.
    ///
    /// ```
    /// use rem_patterns::Pattern;
    ///
    /// let calm = Pattern::parse("order,!order.*.heartbeat")?;
    /// let lost = calm.misses(&Pattern::parse("order.**")?)?;
    /// assert!(lost.is_some_and(|topic| topic.ends_with(".heartbeat")));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the answer would take too long.
    pub fn misses(&self, other: &Self) -> Result<Option<Topic>, TooLarge> {
        search::shortest(&Language::of(other), &Language::of(self), search::Goal::FirstAlone)
    }

    /// Whether this pattern selects every topic that `other` selects. [`misses`](Self::misses) says which it does not.
    ///
    /// # Errors
    /// If the answer would take too long.
    pub fn includes(&self, other: &Self) -> Result<bool, TooLarge> {
        Ok(self.misses(other)?.is_none())
    }

    /// Whether both select the same topics, however they are written.
    ///
    /// # Errors
    /// If the answer would take too long.
    pub fn equivalent(&self, other: &Self) -> Result<bool, TooLarge> {
        Ok(self.includes(other)? && other.includes(self)?)
    }

    /// A topic that this pattern selects, one of the shortest; `None` if it selects none, as `a,!**`.
    ///
    /// # Errors
    /// If the answer would take too long.
    pub fn example(&self) -> Result<Option<Topic>, TooLarge> {
        search::shortest(&Language::of(self), &Language::default(), search::Goal::FirstAlone)
    }
}

/// A set of topics: those of some elements without those of others.
#[derive(Default, Clone)]
struct Language<'p> {
    members: Vec<Member<'p>>,
}

/// One element, and whether it takes away.
#[derive(Clone, Copy)]
struct Member<'p> {
    pattern: &'p Inner,
    element: &'p Element,
    exclude: bool,
}

impl<'p> Language<'p> {
    fn of(pattern: &'p Pattern) -> Self {
        let pattern = pattern.inner();
        let member = |element: &'p Element| Member { pattern, element, exclude: element.exclude };
        Self { members: pattern.elements().map(member).collect() }
    }

    /// Without the members that can meet none of the other's: they make no difference, but cost states.
    fn relevant_to(&self, other: &Self) -> Result<Self, TooLarge> {
        let mut members = Vec::new();
        let mut steps = 0;
        for member in &self.members {
            let meets = other.members.iter().any(|other| {
                steps += 1;
                !other.exclude && !member.surely_apart(other)
            });
            if steps > TooLarge::STEPS {
                return Err(TooLarge);
            }
            if meets {
                members.push(*member);
            }
        }
        Ok(Self { members })
    }
}

impl Member<'_> {
    /// Whether different literals in one place keep both apart: a quick no, where the exact answer costs more.
    fn surely_apart(&self, other: &Member<'_>) -> bool {
        let ours = self.pattern.segments(self.element).iter();
        let theirs = other.pattern.segments(other.element).iter();
        ours.zip(theirs)
            .take_while(|(one, two)| one.kind != Kind::Many && two.kind != Kind::Many)
            .any(|(one, two)| {
                one.kind == Kind::Literal
                    && two.kind == Kind::Literal
                    && one.text(&self.pattern.text) != two.text(&other.pattern.text)
            })
    }
}
