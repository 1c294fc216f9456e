//! Pictures of a plan: DOT, as Graphviz reads it, and Mermaid, as Markdown shows it, both with the longest way marked.

use std::fmt::Write;

use crate::plan::{Frozen, Plan};

impl Plan {
    /// The plan in the language DOT of Graphviz: an arrow leads from each unit to those that wait for it, and the longest way by
    /// cost is red and bold. A cost other than 1 stands below the name.
    ///
    /// ```
    /// use rem_partition::{Plan, Unit};
    ///
    /// let mut units = Plan::builder();
    /// units.add(Unit::new("a").cost(3).run(|_| Ok(())));
    /// units.add(Unit::new("b").after("a").run(|_| Ok(())));
    /// let dot = units.build()?.dot();
    /// assert!(dot.contains("n0 -> n1 [color=red, penwidth=2];"));
    /// # Ok::<(), rem_partition::PlanError>(())
    /// ```
    pub fn dot(&self) -> String {
        let mut text = String::from("digraph plan {\n    rankdir=LR;\n    node [shape=box];\n");
        let marks = Marks::of(&self.0);
        for unit in marks.units() {
            let mark = if marks.is_on(unit) { ", color=red, penwidth=2" } else { "" };
            let label = label(&self.0, unit, "\\n", dot_text);
            line(&mut text, format_args!("    n{unit} [label=\"{label}\"{mark}];"));
        }
        for (from, to) in marks.edges() {
            let mark = if marks.is_between(from, to) { " [color=red, penwidth=2]" } else { "" };
            line(&mut text, format_args!("    n{from} -> n{to}{mark};"));
        }
        text.push_str("}\n");
        text
    }

    /// The plan as a flowchart of Mermaid, which Markdown shows in a block of that name: an arrow leads from each unit to those
    /// that wait for it, and the longest way by cost has thick arrows and units of the class `critical`. A cost other than 1
    /// stands below the name.
    ///
    /// ```
    /// use rem_partition::{Plan, Unit};
    ///
    /// let mut units = Plan::builder();
    /// units.add(Unit::new("a").cost(3).run(|_| Ok(())));
    /// units.add(Unit::new("b").after("a").run(|_| Ok(())));
    /// let mermaid = units.build()?.mermaid();
    /// assert!(mermaid.contains("n0 ==> n1\n"));
    /// # Ok::<(), rem_partition::PlanError>(())
    /// ```
    pub fn mermaid(&self) -> String {
        let mut text = String::from("flowchart LR\n");
        let marks = Marks::of(&self.0);
        for unit in marks.units() {
            let mark = if marks.is_on(unit) { ":::critical" } else { "" };
            let label = label(&self.0, unit, "<br/>", mermaid_text);
            line(&mut text, format_args!("    n{unit}[\"{label}\"]{mark}"));
        }
        for (from, to) in marks.edges() {
            let arrow = if marks.is_between(from, to) { "==>" } else { "-->" };
            line(&mut text, format_args!("    n{from} {arrow} n{to}"));
        }
        text.push_str("    classDef critical stroke:#c00,stroke-width:3px\n");
        text
    }
}

/// What is on the longest way.
struct Marks<'a> {
    plan: &'a Frozen,
    /// What follows each unit there.
    next: Vec<Option<u32>>,
    on: Vec<bool>,
}

impl<'a> Marks<'a> {
    fn of(plan: &'a Frozen) -> Self {
        let mut marks =
            Self { plan, next: vec![None; plan.work.len()], on: vec![false; plan.work.len()] };
        let way = plan.critical();
        for (unit, next) in way.iter().zip(way.iter().skip(1)) {
            marks.next[*unit as usize] = Some(*next);
        }
        for unit in &way {
            marks.on[*unit as usize] = true;
        }
        marks
    }

    fn units(&self) -> impl Iterator<Item = u32> + use<> {
        0..u32::try_from(self.on.len()).unwrap_or(u32::MAX)
    }

    fn edges(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.units().flat_map(|from| self.plan.graph.onward(from).iter().map(move |to| (from, *to)))
    }

    fn is_on(&self, unit: u32) -> bool {
        self.on[unit as usize]
    }

    fn is_between(&self, from: u32, to: u32) -> bool {
        self.next[from as usize] == Some(to)
    }
}

/// A unit's name and cost, as its language wants them.
fn label(plan: &Frozen, unit: u32, newline: &str, write: impl Fn(&str) -> String) -> String {
    let mut text = write(plan.name(unit));
    let cost = plan.costs[unit as usize];
    if cost != 1 {
        line_part(&mut text, format_args!("{newline}{cost}"));
    }
    text
}

/// A name as DOT has it between quotes.
pub(crate) fn dot_text(name: &str) -> String {
    let mut text = String::new();
    for character in name.chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            '\n' => text.push_str("\\n"),
            other => text.push(other),
        }
    }
    text
}

/// A name as Mermaid has it between quotes.
pub(crate) fn mermaid_text(name: &str) -> String {
    let mut text = String::new();
    for character in name.chars() {
        match character {
            // By their numbers, as Mermaid has it for what its grammar or HTML would take for its own.
            '"' | '#' | '<' | '>' | '&' | '`' | '\\' => {
                line_part(&mut text, format_args!("#{};", u32::from(character)));
            }
            '\n' => text.push_str("<br/>"),
            other => text.push(other),
        }
    }
    text
}

pub(crate) fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    line_part(text, line);
    text.push('\n');
}

fn line_part(text: &mut String, part: std::fmt::Arguments<'_>) {
    let Ok(()) = text.write_fmt(part) else { unreachable!("a string takes any text") };
}
