//! [`Refusal`]: why a partitioner does not take a unit.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::plan::shown_cycle;

/// How many names are told in a text.
const SHOWN: usize = 16;

/// Why a partitioner does not take a unit, or not any longer. Clones share it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    kind: RefusalKind,
    unit: Arc<str>,
    units: Arc<[Arc<str>]>,
    said: Arc<str>,
}

/// Why a partitioner does not take a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RefusalKind {
    /// There is a unit of that name, which has not ended or is remembered.
    Duplicate,
    /// It waits for itself.
    Itself,
    /// It would wait for itself by others: [`Refusal::units`], each of which waits for the next and the last for the first.
    Cycle,
    /// It waited for units that did not come in the time for which it is held, or before the partitioner was closed:
    /// [`Refusal::units`].
    Unknown,
    /// It waits for units that are unknown, and as many are held as may be.
    TooManyHeld,
    /// It waits for units that ended so long ago that they are not remembered: [`Refusal::units`].
    LetGo,
    /// It calls a function that is not registered.
    NoSuchFunction,
    /// Its arguments are not those that its function takes.
    Arguments,
    /// As many units are open as may be.
    Full,
    /// The partitioner is being closed.
    Closed,
}

impl Refusal {
    pub(crate) fn new(kind: RefusalKind, unit: &Arc<str>) -> Self {
        let unit = Arc::clone(unit);
        Self { kind, unit, units: Arc::default(), said: Arc::default() }
    }

    /// Which units it is about.
    pub(crate) fn about(mut self, units: impl IntoIterator<Item = Arc<str>>) -> Self {
        self.units = units.into_iter().collect();
        self
    }

    /// What there is to say beside.
    pub(crate) fn saying(mut self, said: impl Into<Arc<str>>) -> Self {
        self.said = said.into();
        self
    }

    /// Why, to be matched.
    pub fn kind(&self) -> RefusalKind {
        self.kind
    }

    /// The unit that is refused.
    pub fn unit(&self) -> &str {
        &self.unit
    }

    /// The other units that it is about: those in a cycle, the unit itself first, or those that are not there.
    pub fn units(&self) -> impl ExactSizeIterator<Item = &str> + '_ {
        self.units.iter().map(|unit| &**unit)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, unit, units, said } = self;
        match kind {
            RefusalKind::Duplicate => write!(
                f,
                "unit `{unit}` is there already, or has been not long ago: give each a name of its own"
            ),
            RefusalKind::Itself => {
                write!(f, "unit `{unit}` waits for itself: take it off its `after`")
            }
            RefusalKind::Cycle => write!(
                f,
                "units would wait for each other, {}: take off one of these dependencies",
                shown_cycle(units)
            ),
            RefusalKind::Unknown => write!(
                f,
                "unit `{unit}` waited for {}, {said}: publish what it waits for, see how it is spelt, or let units be held for longer",
                shown(units)
            ),
            RefusalKind::TooManyHeld => write!(
                f,
                "unit `{unit}` waits for {}, which is unknown, and {said} units are held already: publish what units wait for \
                 before them, or let more be held",
                shown(units)
            ),
            RefusalKind::LetGo => write!(
                f,
                "unit `{unit}` waits for {}, which ended so long ago that it is not remembered: publish units sooner after what \
                 they wait for, or let more be remembered",
                shown(units)
            ),
            RefusalKind::NoSuchFunction => write!(
                f,
                "unit `{unit}` calls the function {said}: register it before the partitioner is attached, or see how it is spelt"
            ),
            RefusalKind::Arguments => {
                write!(f, "the arguments of unit `{unit}` are not those of its function: {said}")
            }
            RefusalKind::Full => write!(
                f,
                "unit `{unit}` is one too many, for {said} have not ended: publish slower than they end, or let more be open"
            ),
            RefusalKind::Closed => {
                write!(f, "unit `{unit}` comes too late: the partitioner is being closed")
            }
        }
    }
}

/// Names, so many of them.
fn shown(units: &[Arc<str>]) -> String {
    let mut text = String::new();
    for (place, unit) in units.iter().take(SHOWN).enumerate() {
        text.push_str(if place == 0 { "`" } else { ", `" });
        text.push_str(unit);
        text.push('`');
    }
    if units.len() > SHOWN {
        text.extend([" and ", &(units.len() - SHOWN).to_string(), " more"]);
    }
    text
}

impl Error for Refusal {}
