//! [`Graph`]: which unit waits for which, frozen: the rows of petgraph's `Csr`, once in each direction.
//!
//! Why that one of petgraph's graphs: it takes 4 bytes an edge and 8 a unit, and those that follow a unit stand side by side. A
//! `Graph` takes 16 an edge and chains them through memory, a `GraphMap` hashes, `Acyclic` keeps two trees of the order to
//! keep it while edges come, which here they do not. It knows its edges in one direction only, so there are two; together
//! they can be walked both ways, which is what the topological order of petgraph asks for.

use std::collections::VecDeque;
use std::iter::Copied;
use std::slice;

use petgraph::Direction;
use petgraph::algo::toposort;
use petgraph::csr::Csr;
use petgraph::visit::{
    GraphBase, GraphRef, IntoNeighbors, IntoNeighborsDirected, IntoNodeIdentifiers, Visitable,
};

type Rows = Csr<(), (), petgraph::Directed, u32>;

/// Units by their numbers, with edges from what is waited for to who waits.
#[derive(Debug)]
pub(crate) struct Graph {
    onward: Rows,
    back: Rows,
}

impl Graph {
    /// Of edges in any order, some of them twice; none leads from a unit to itself.
    pub(crate) fn new(units: u32, mut edges: Vec<(u32, u32)>) -> Self {
        edges.sort_unstable();
        edges.dedup();
        let onward = rows(units, &edges);
        for (from, to) in &mut edges {
            std::mem::swap(from, to);
        }
        edges.sort_unstable();
        Self { onward, back: rows(units, &edges) }
    }

    /// Who waits for a unit, in the order of their numbers.
    pub(crate) fn onward(&self, unit: u32) -> &[u32] {
        self.onward.neighbors_slice(unit)
    }

    /// What a unit waits for, in the order of their numbers.
    pub(crate) fn back(&self, unit: u32) -> &[u32] {
        self.back.neighbors_slice(unit)
    }

    pub(crate) fn edges(&self) -> usize {
        self.onward.edge_count()
    }

    /// All units, each after what it waits for.
    ///
    /// # Errors
    /// With units that wait for each other: each for the next, and the last for the first.
    pub(crate) fn order(&self) -> Result<Vec<u32>, Vec<u32>> {
        toposort(Both(self), None).map_err(|cycle| self.cycle(cycle.node_id()))
    }

    /// The shortest way from a unit, of what it waits for, to itself.
    fn cycle(&self, unit: u32) -> Vec<u32> {
        let mut came_from = vec![u32::MAX; self.back.node_count()];
        let mut queue = VecDeque::from([unit]);
        while let Some(waits) = queue.pop_front() {
            for next in self.back(waits) {
                if *next == unit {
                    let mut way = vec![waits];
                    while way[way.len() - 1] != unit {
                        way.push(came_from[way[way.len() - 1] as usize]);
                    }
                    way.reverse();
                    return way;
                }
                if came_from[*next as usize] == u32::MAX {
                    came_from[*next as usize] = waits;
                    queue.push_back(*next);
                }
            }
        }
        vec![unit]
    }
}

/// Of edges in order, each once.
fn rows(units: u32, edges: &[(u32, u32)]) -> Rows {
    let mut rows = Rows::from_sorted_edges(edges).unwrap_or_default();
    for _ in rows.node_count()..units as usize {
        rows.add_node(()); // behind the last with an edge
    }
    rows
}

/// Both directions, as petgraph walks them.
#[derive(Clone, Copy)]
struct Both<'a>(&'a Graph);

impl GraphBase for Both<'_> {
    type NodeId = u32;
    type EdgeId = ();
}

impl GraphRef for Both<'_> {}

impl Visitable for Both<'_> {
    type Map = <Rows as Visitable>::Map;

    fn visit_map(&self) -> Self::Map {
        self.0.onward.visit_map()
    }

    fn reset_map(&self, map: &mut Self::Map) {
        self.0.onward.reset_map(map);
    }
}

impl IntoNodeIdentifiers for Both<'_> {
    type NodeIdentifiers = std::ops::Range<u32>;

    fn node_identifiers(self) -> Self::NodeIdentifiers {
        0..u32::try_from(self.0.onward.node_count()).unwrap_or(u32::MAX)
    }
}

impl<'a> IntoNeighbors for Both<'a> {
    type Neighbors = Copied<slice::Iter<'a, u32>>;

    fn neighbors(self, unit: u32) -> Self::Neighbors {
        self.0.onward(unit).iter().copied()
    }
}

impl<'a> IntoNeighborsDirected for Both<'a> {
    type NeighborsDirected = Copied<slice::Iter<'a, u32>>;

    fn neighbors_directed(self, unit: u32, direction: Direction) -> Self::NeighborsDirected {
        match direction {
            Direction::Outgoing => self.0.onward(unit).iter().copied(),
            Direction::Incoming => self.0.back(unit).iter().copied(),
        }
    }
}

#[cfg(all(test, not(rem_loom)))]
mod tests {
    use super::*;

    #[test]
    fn edges_go_both_ways_and_count_once() {
        let graph = Graph::new(5, vec![(2, 0), (0, 1), (2, 1), (0, 1)]);
        assert_eq!((graph.onward(0), graph.onward(2)), (&[1][..], &[0, 1][..]));
        assert_eq!((graph.back(1), graph.back(2)), (&[0, 2][..], &[][..]));
        assert_eq!((graph.onward(4), graph.edges()), (&[][..], 3));
        let order = graph.order().unwrap();
        let place = |unit| order.iter().position(|other| *other == unit).unwrap();
        assert!(place(2) < place(0) && place(0) < place(1));
    }

    #[test]
    fn a_cycle_is_told_as_short_as_it_is() {
        let graph = Graph::new(6, vec![(0, 1), (1, 2), (2, 3), (3, 1), (3, 4), (5, 2)]);
        let mut cycle = graph.order().unwrap_err();
        cycle.sort_unstable();
        assert_eq!(cycle, [1, 2, 3]);
        let ends = |cycle: &[u32]| {
            cycle.iter().zip(cycle.iter().cycle().skip(1)).all(|(a, b)| graph.back(*a).contains(b))
        };
        assert!(ends(&graph.order().unwrap_err()), "each waits for the next");
    }

    #[test]
    fn nothing_and_long_chains_take_no_stack() {
        assert!(Graph::new(0, Vec::new()).order().unwrap().is_empty());
        let chain = Graph::new(300_000, (1..300_000).map(|unit| (unit - 1, unit)).collect());
        assert_eq!(chain.order().unwrap().len(), 300_000);
        let mut ring: Vec<_> = (1..300_000).map(|unit| (unit - 1, unit)).collect();
        ring.push((299_999, 0));
        assert_eq!(Graph::new(300_000, ring).order().unwrap_err().len(), 300_000);
    }
}
