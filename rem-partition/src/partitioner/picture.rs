//! Pictures of what a partitioner has, in the languages of those of a plan.

use std::collections::HashMap;
use std::sync::Arc;

use super::EventDrivenPartitioner;
use crate::picture::{dot_text, line, mermaid_text};
use crate::state::State;

impl EventDrivenPartitioner {
    /// The units that are open or remembered, in the language DOT of Graphviz: an arrow leads from each to those that wait for
    /// it, and the colour says where it is: green if it has completed, red if it failed, grey and dashed if it was skipped,
    /// cancelled or refused, blue if it runs. What units are held for is dotted.
    ///
    /// It goes through all of them, a part of it under their lock.
    pub fn dot(&self) -> String {
        let picture = self.picture();
        let mut text = String::from("digraph units {\n    rankdir=LR;\n    node [shape=box];\n");
        for (number, (name, state)) in picture.units.iter().enumerate() {
            let mark = match state {
                Some(State::Completed) => ", color=darkgreen",
                Some(State::Failed) => ", color=red, penwidth=2",
                Some(State::Skipped | State::Cancelled | State::Refused) => {
                    ", color=gray, style=dashed"
                }
                Some(State::Running | State::Paused) => ", color=blue, penwidth=2",
                Some(State::Waiting | State::Ready) => "",
                None => ", style=dotted",
            };
            line(&mut text, format_args!("    n{number} [label=\"{}\"{mark}];", dot_text(name)));
        }
        for (from, to) in picture.edges {
            line(&mut text, format_args!("    n{from} -> n{to};"));
        }
        text.push_str("}\n");
        text
    }

    /// The same as a flowchart of Mermaid, with a class for each state.
    ///
    /// It goes through all of them, a part of it under their lock.
    pub fn mermaid(&self) -> String {
        let picture = self.picture();
        let mut text = String::from("flowchart LR\n");
        for (number, (name, state)) in picture.units.iter().enumerate() {
            let class = match state {
                Some(State::Completed) => ":::completed",
                Some(State::Failed) => ":::failed",
                Some(State::Skipped | State::Cancelled | State::Refused) => ":::dropped",
                Some(State::Running | State::Paused) => ":::running",
                Some(State::Waiting | State::Ready) => "",
                None => ":::unknown",
            };
            line(&mut text, format_args!("    n{number}[\"{}\"]{class}", mermaid_text(name)));
        }
        for (from, to) in picture.edges {
            line(&mut text, format_args!("    n{from} --> n{to}"));
        }
        text.push_str(CLASSES);
        text
    }

    fn picture(&self) -> Picture {
        let all: Vec<_> = self.0.flow.units.step(|units| units.all().cloned().collect());
        let mut places: HashMap<Arc<str>, usize> = HashMap::new();
        let mut units: Vec<_> = Vec::with_capacity(all.len());
        for known in &all {
            places.insert(Arc::clone(&known.name), units.len());
            units.push((Arc::clone(&known.name), Some(known.state())));
        }
        let mut edges = Vec::new();
        for (to, known) in all.iter().enumerate() {
            for before in &known.after {
                let from = *places.entry(Arc::clone(before)).or_insert_with(|| {
                    units.push((Arc::clone(before), None));
                    units.len() - 1
                });
                edges.push((from, to));
            }
        }
        Picture { units, edges }
    }
}

const CLASSES: &str = "    classDef completed stroke:#080
    classDef failed stroke:#c00,stroke-width:3px
    classDef dropped stroke:#999,stroke-dasharray:4
    classDef running stroke:#00c,stroke-width:3px
    classDef unknown stroke:#999,stroke-dasharray:1
";

/// What is to be drawn.
struct Picture {
    /// By their numbers; no state for one that is not there.
    units: Vec<(Arc<str>, Option<State>)>,
    /// From, to.
    edges: Vec<(usize, usize)>,
}
