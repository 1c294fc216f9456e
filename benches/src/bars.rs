//! Bars: what a figure may be at the most, or must be at the least, and whether it is. Each is kept for programs too: [`crate::results`].

use std::fmt;

use crate::results::{Row, tell};

/// Figures beside their bars, as a table.
#[derive(Debug, Default)]
pub struct Bars(Vec<Bar>);

#[derive(Debug)]
struct Bar {
    work: String,
    figure: f64,
    limit: f64,
    at_most: bool,
    unit: &'static str,
}

impl Bars {
    /// A figure that may be so much at the most.
    pub fn at_most(&mut self, work: impl Into<String>, figure: f64, bar: f64, unit: &'static str) {
        self.add(Bar { work: work.into(), figure, limit: bar, at_most: true, unit });
    }

    /// A figure that must be so much at the least.
    pub fn at_least(&mut self, work: impl Into<String>, figure: f64, bar: f64, unit: &'static str) {
        self.add(Bar { work: work.into(), figure, limit: bar, at_most: false, unit });
    }

    fn add(&mut self, bar: Bar) {
        let Bar { work, figure, limit, at_most, unit } = &bar;
        tell(&Row::Bar { work, figure: *figure, limit: *limit, at_most: *at_most, unit });
        self.0.push(bar);
    }
}

impl fmt::Display for Bars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Bar { work, figure, limit, at_most, unit } in &self.0 {
            let (side, holds) =
                if *at_most { ("at most", figure <= limit) } else { ("at least", figure >= limit) };
            let verdict = if holds { "holds" } else { "MISSED" };
            writeln!(f, "{verdict:7} {work:62} {figure:9.2} {unit}, {side} {limit:.2}")?;
        }
        Ok(())
    }
}
