//! [`PlanError`]: why units are no plan.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// How many mistakes are told.
const TOLD: usize = 100;
/// How many units of a cycle are told in a text.
const SHOWN: usize = 16;

/// Why units are no plan: all that is wrong with them, up to 100 mistakes. The kind is that of the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanError {
    mistakes: Vec<Mistake>,
    further: usize,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mistake {
    kind: PlanErrorKind,
    /// Of a cycle: each waits for the next, and the last for the first.
    units: Vec<Arc<str>>,
}

/// Why units are no plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PlanErrorKind {
    /// Two units have one name.
    Duplicate,
    /// A unit waits for one that is not in the plan.
    Unknown,
    /// A unit waits for itself.
    Itself,
    /// Units wait for each other in a circle: [`in_cycle`](PlanError::in_cycle).
    Cycle,
    /// More units or dependencies than a plan can number, 2³² of each.
    TooMany,
}

impl PlanError {
    pub(crate) fn none() -> Self {
        Self { mistakes: Vec::new(), further: 0 }
    }

    pub(crate) fn add(&mut self, kind: PlanErrorKind, units: impl IntoIterator<Item = Arc<str>>) {
        if self.mistakes.len() < TOLD {
            self.mistakes.push(Mistake { kind, units: units.into_iter().collect() });
        } else {
            self.further += 1;
        }
    }

    pub(crate) fn is_none(&self) -> bool {
        self.mistakes.is_empty()
    }

    /// Why, to be matched; of several, the first.
    pub fn kind(&self) -> PlanErrorKind {
        self.mistakes.first().map_or(PlanErrorKind::TooMany, |mistake| mistake.kind)
    }

    /// The kinds of all that is told.
    pub fn kinds(&self) -> impl ExactSizeIterator<Item = PlanErrorKind> + '_ {
        self.mistakes.iter().map(|mistake| mistake.kind)
    }

    /// The unit that is wrong: the one that is there twice, or that waits for what it cannot.
    pub fn unit(&self) -> Option<&str> {
        self.mistakes.first()?.units.first().map(|unit| &**unit)
    }

    /// The units of the cycle, each of which waits for the next and the last for the first; none if there is no cycle.
    pub fn in_cycle(&self) -> impl Iterator<Item = &str> + '_ {
        let cycle = self.mistakes.iter().find(|mistake| mistake.kind == PlanErrorKind::Cycle);
        cycle.into_iter().flat_map(|mistake| mistake.units.iter().map(|unit| &**unit))
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = |place: usize| self.units.get(place).map_or("", |unit| &**unit);
        match self.kind {
            PlanErrorKind::Duplicate => {
                write!(f, "unit `{}` is there twice: give each a name of its own", unit(0))
            }
            PlanErrorKind::Unknown => write!(
                f,
                "unit `{}` waits for `{}`, which is not in the plan: add it, or see how it is spelt",
                unit(0),
                unit(1)
            ),
            PlanErrorKind::Itself => {
                write!(f, "unit `{}` waits for itself: take it off its `after`", unit(0))
            }
            PlanErrorKind::Cycle => write!(
                f,
                "units wait for each other, {}: take off one of these dependencies",
                shown_cycle(&self.units)
            ),
            PlanErrorKind::TooMany => {
                f.write_str("more than 2³² units or dependencies: make several plans of them")
            }
        }
    }
}

/// `a → b → a`.
pub(super) fn shown_cycle(units: &[Arc<str>]) -> String {
    let mut text = String::new();
    for unit in units.iter().take(SHOWN) {
        text.push_str(unit);
        text.push_str(" → ");
    }
    if units.len() > SHOWN {
        text.extend(["… ", &(units.len() - SHOWN).to_string(), " more … → "]);
    }
    text.push_str(units.first().map_or("", |unit| unit));
    text
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, mistake) in self.mistakes.iter().enumerate() {
            write!(f, "{}{mistake}", if place == 0 { "" } else { "\n" })?;
        }
        if self.further > 0 { write!(f, "\nand {} mistakes more", self.further) } else { Ok(()) }
    }
}

impl Error for PlanError {}
