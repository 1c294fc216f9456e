//! [`Unmet`]: an expectation that does not hold, told on one screen.

use std::error::Error;
use std::fmt::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use rem_patterns::PatternError;

use super::step::Step;
use crate::event::{Event, Shown};

/// How the events of an expectation are to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Exactly,
    InARow,
    Among,
}

/// What does not hold, by places in what was looked at.
#[derive(Default)]
pub(super) struct Fault {
    /// The events that steps were met by.
    pub(super) met: Vec<usize>,
    /// The step that was expected next; as many as there are, if something came behind all.
    pub(super) step: usize,
    /// What came instead, and why it is not the one.
    pub(super) other: Option<(usize, String)>,
    /// Whether it may hold when more has come.
    pub(super) may_come: bool,
}

/// An expectation that does not hold: what was expected next, what came instead, and what was met before.
#[derive(Clone, PartialEq, Eq)]
pub struct Unmet {
    kind: UnmetKind,
    step: usize,
    text: String,
}

/// Why an expectation does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnmetKind {
    /// Another event came than was expected next, or one behind all that were.
    Other,
    /// What was expected next has not come, or not within the limit.
    Missing,
    /// What was expected next has not come and will not: the bus is closed or gone, or the recorder is.
    Ended,
    /// The recorder had no room for all that came, so it cannot tell.
    Lost,
    /// What was expected is no pattern.
    Pattern,
}

impl Unmet {
    /// Why, to be matched.
    pub fn kind(&self) -> UnmetKind {
        self.kind
    }

    /// How many steps were met before.
    pub fn met(&self) -> usize {
        self.step
    }

    pub(super) fn pattern(error: &PatternError) -> Self {
        Self {
            kind: UnmetKind::Pattern,
            step: 0,
            text: format!("what is expected is no pattern: {error}"),
        }
    }

    pub(super) fn new(
        fault: &Fault,
        steps: &[Arc<Step>],
        events: &[Arc<Event>],
        first: u64,
        mode: Mode,
    ) -> Self {
        let kind = if fault.other.is_some() { UnmetKind::Other } else { UnmetKind::Missing };
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = tell(&mut text, fault, steps, events, first, mode);
        Self { kind, step: fault.step, text }
    }

    /// The same with how long was waited, and whether the bus is gone.
    pub(super) fn after(mut self, limit: Duration, ended: bool) -> Self {
        if self.kind == UnmetKind::Missing {
            if ended {
                self.kind = UnmetKind::Ended;
            }
            let _ = match (ended, limit.is_zero()) {
                (true, _) => write!(
                    self.text,
                    "\nnothing will come any more, for the bus is closed or gone, or the recorder is"
                ),
                (false, true) => write!(
                    self.text,
                    "\nif another thread publishes it, wait for it: `.within(limit)`"
                ),
                (false, false) => write!(self.text, "\nit did not come within {limit:?}"),
            };
        }
        self
    }

    /// The same with what was not kept.
    pub(super) fn without(mut self, lost: u64, limit: usize) -> Self {
        if lost > 0 {
            if matches!(self.kind, UnmetKind::Missing | UnmetKind::Ended) {
                self.kind = UnmetKind::Lost;
            }
            let _ = write!(
                self.text,
                "\n{lost} later events were not kept, for the recorder keeps {limit}: `take()` makes room, \
                 `Recorder::at_most` has more"
            );
        }
        self
    }
}

/// The most events that are shown before the fault and behind it.
const AROUND: usize = 8;
/// The most letters of an event that are shown.
const WIDTH: usize = 160;

fn tell(
    out: &mut String,
    fault: &Fault,
    steps: &[Arc<Step>],
    events: &[Arc<Event>],
    first: u64,
    mode: Mode,
) -> fmt::Result {
    let (step, all) = (fault.step, steps.len());
    match (steps.get(step), &fault.other) {
        (Some(next), Some((at, _))) => write!(
            out,
            "step {} of {all} is not met: expected next {}, but `{}` came",
            step + 1,
            next.what,
            events[*at].topic()
        )?,
        (Some(next), None) => {
            let among =
                if mode == Mode::Among { "no such event came" } else { "nothing more came" };
            write!(
                out,
                "step {} of {all} is not met: expected next {}, but {among}",
                step + 1,
                next.what
            )?;
        }
        (None, Some((at, _))) => {
            let topic = events[*at].topic();
            match all {
                0 => write!(out, "nothing was expected, but `{topic}` came")?,
                _ => write!(
                    out,
                    "nothing was expected behind the {all} that came, but `{topic}` did"
                )?,
            }
        }
        (None, None) => write!(out, "what was expected came, and more that was not kept")?,
    }
    if events.is_empty() {
        return write!(out, "\nnothing was recorded since the last expectation");
    }
    write!(out, "\nrecorded since the last expectation (= met, > came instead):")?;
    let fault_at =
        fault.other.as_ref().map_or_else(|| fault.met.last().map_or(0, |at| at + 1), |(at, _)| *at);
    let (from, to) = (fault_at.saturating_sub(AROUND), events.len().min(fault_at + AROUND));
    if from > 0 {
        write!(out, "\n    … {from} before these")?;
    }
    for (at, event) in events.iter().enumerate().take(to).skip(from) {
        let met = fault.met.iter().position(|met| *met == at);
        let other = fault.other.as_ref().filter(|(other, _)| *other == at);
        let mark = match (met, other) {
            (Some(_), _) => '=',
            (_, Some(_)) => '>',
            _ => ' ',
        };
        write!(out, "\n  {mark} {:3}  {}", first + at as u64 + 1, cut(event))?;
        if let Some(step) = met {
            write!(out, "\n         step {}: {}", step + 1, steps[step].what)?;
        }
        if let Some((_, why)) = other
            && let Some(next) = steps.get(step)
        {
            write!(out, "\n         expected step {}: {}", step + 1, next.what)?;
            for line in why.lines() {
                write!(out, "\n         {line}")?;
            }
        }
    }
    if to < events.len() {
        write!(out, "\n    … {} behind these", events.len() - to)?;
    }
    let later = steps.get(step + 1..).unwrap_or_default();
    if !later.is_empty() {
        write!(out, "\nand then was expected:")?;
        for (at, later) in later.iter().take(AROUND).enumerate() {
            write!(out, "\n         step {}: {}", step + 2 + at, later.what)?;
        }
        if later.len() > AROUND {
            write!(out, "\n         … {} more", later.len() - AROUND)?;
        }
    }
    Ok(())
}

/// Topic and data on one line, no longer than is read.
fn cut(event: &Event) -> String {
    let text = format!("{}: {:?}", event.topic(), Shown(&event.data));
    match text.char_indices().nth(WIDTH) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The text too, so that `unwrap` shows it as it is to be read.
impl fmt::Debug for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for Unmet {}
