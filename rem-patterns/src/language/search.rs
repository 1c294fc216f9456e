//! The shortest topic with a property, by exploring sets of states, fewest bytes first.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::nfa::{By, DOT, LAST, Nfa, Owner};
use super::{Language, TooLarge};
use crate::topic::Topic;
use crate::topic::rules::{MAX_BYTES, MAX_SEGMENTS, is_forbidden};

/// What is asked about two languages.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    /// A topic of both.
    Both,
    /// A topic of the first and not of the second.
    FirstAlone,
}

/// A topic that the goal asks for, of the fewest bytes; `None` if there is none.
pub(super) fn shortest(
    first: &Language<'_>,
    second: &Language<'_>,
    goal: Goal,
) -> Result<Option<Topic>, TooLarge> {
    let (first, second) = match goal {
        Goal::Both => (first.relevant_to(second)?, second.relevant_to(first)?),
        Goal::FirstAlone => (first.clone(), second.relevant_to(first)?),
    };
    let mut nfa = Nfa::default();
    nfa.add(&first, false)?;
    nfa.add(&second, true)?;
    Search::new(&nfa, goal)?.run()
}

/// A text of the automaton's alphabet, and what it leads to.
struct Reached {
    /// The states, after all steps without a character, sorted.
    states: Box<[u32]>,
    /// Whether the text is empty or ends in a dot.
    open: bool,
    dots: usize,
    /// The text: of what was reached before, and one character more.
    before: usize,
    character: char,
    /// Its place among the costs.
    place: usize,
}

/// The states of what was reached, whether it is open, and whether it is the beginning: what leads on in the same way.
type Key = (Box<[u32]>, bool, bool);

struct Search<'n> {
    nfa: &'n Nfa,
    goal: Goal,
    /// One character for all that no edge tells apart.
    alphabet: Vec<char>,
    reached: Vec<Reached>,
    /// What was reached with so many bytes and is still to be looked at.
    queues: Vec<Vec<usize>>,
    /// The place of each key among the costs.
    places: BTreeMap<Key, usize>,
    /// For each key the bytes and dots with which it was reached, where no other has at most as many of both.
    costs: Vec<Vec<(usize, usize)>>,
    steps: usize,
}

impl<'n> Search<'n> {
    fn new(nfa: &'n Nfa, goal: Goal) -> Result<Self, TooLarge> {
        Ok(Self {
            nfa,
            goal,
            alphabet: alphabet(nfa)?,
            reached: Vec::new(),
            queues: (0..=MAX_BYTES).map(|_| Vec::new()).collect(),
            places: BTreeMap::new(),
            costs: Vec::new(),
            steps: 0,
        })
    }

    fn run(mut self) -> Result<Option<Topic>, TooLarge> {
        let starts = self.nfa.starts.iter().copied();
        let states = self.closure(starts)?;
        let start = Reached { states, open: true, dots: 0, before: 0, character: '.', place: 0 };
        self.reach(start, 0)?;
        for bytes in 0..=MAX_BYTES {
            while let Some(number) = self.queues[bytes].pop() {
                let here = &self.reached[number];
                if !self.costs[here.place].contains(&(bytes, here.dots)) {
                    continue; // The same was reached at less cost since.
                }
                if !here.open && self.is_goal(&here.states) {
                    return Ok(Some(self.spell(number)));
                }
                for at in 0..self.alphabet.len() {
                    self.advance(number, self.alphabet[at], bytes)?;
                }
            }
        }
        Ok(None)
    }

    /// Reads one character more.
    fn advance(&mut self, number: usize, character: char, bytes: usize) -> Result<(), TooLarge> {
        let here = &self.reached[number];
        let bytes = bytes + character.len_utf8();
        let dots = here.dots + usize::from(character == '.');
        if bytes > MAX_BYTES || dots >= MAX_SEGMENTS || here.open && character == '.' {
            return Ok(());
        }
        // Only what begins with a literal `$` goes on where a topic does.
        let system = number == 0 && character == '$';
        let mut targets = Vec::new();
        for &state in &here.states {
            let state = &self.nfa.states[state as usize];
            // To look at one that leads nowhere is a step too: there may be thousands.
            self.steps += 1 + state.edges.len();
            if !system || state.owner.system {
                let taken = state.edges.iter().filter(|(by, _)| by.takes(u32::from(character)));
                targets.extend(taken.map(|&(_, target)| target));
            }
        }
        if self.steps > TooLarge::STEPS {
            return Err(TooLarge);
        }
        if targets.is_empty() {
            return Ok(());
        }
        let states = self.closure(targets)?;
        let open = character == '.';
        self.reach(Reached { states, open, dots, before: number, character, place: 0 }, bytes)
    }

    /// Remembers what was reached, unless it is hopeless or was reached at no more cost before.
    fn reach(&mut self, mut reached: Reached, bytes: usize) -> Result<(), TooLarge> {
        let alive = |second| {
            let wanted = |state: &u32| {
                let owner = self.nfa.states[*state as usize].owner;
                owner.second == second && !owner.exclude
            };
            reached.states.iter().any(wanted)
        };
        if !alive(false) || self.goal == Goal::Both && !alive(true) {
            return Ok(());
        }
        // A topic's first character means more than those that begin other segments.
        let key = (reached.states.clone(), reached.open, bytes == 0);
        let new = self.costs.len();
        reached.place = *self.places.entry(key).or_insert(new);
        if reached.place == new {
            self.costs.push(Vec::new());
        }
        let costs = &mut self.costs[reached.place];
        if costs.iter().any(|&(fewer, dots)| fewer <= bytes && dots <= reached.dots) {
            return Ok(());
        }
        // What was reached by characters of several bytes may be reached later by as many of one.
        costs.retain(|&(more, dots)| more < bytes || dots < reached.dots);
        costs.push((bytes, reached.dots));
        if self.reached.len() >= TooLarge::STATES {
            return Err(TooLarge);
        }
        self.queues[bytes].push(self.reached.len());
        self.reached.push(reached);
        Ok(())
    }

    /// The states, and those that they lead to without a character.
    fn closure(&mut self, from: impl IntoIterator<Item = u32>) -> Result<Box<[u32]>, TooLarge> {
        let mut states: Vec<u32> = from.into_iter().collect();
        states.sort_unstable();
        states.dedup();
        let mut open: Vec<(u32, bool)> =
            states.iter().map(|&state| (state, self.nfa.states[state as usize].begins)).collect();
        let mut seen: alloc::collections::BTreeSet<u32> = states.iter().copied().collect();
        while let Some((state, begins)) = open.pop() {
            for &(by, target) in &self.nfa.states[state as usize].edges {
                self.steps += 1;
                let free = by == By::Free || by == By::AtStart && begins;
                if free && seen.insert(target) {
                    open.push((target, begins || self.nfa.states[target as usize].begins));
                }
            }
        }
        if self.steps > TooLarge::STEPS {
            return Err(TooLarge);
        }
        Ok(seen.into_iter().collect())
    }

    /// Whether a topic may end here, and is one of those that are asked for.
    fn is_goal(&self, states: &[u32]) -> bool {
        let (mut first, mut second) = (Verdict::default(), Verdict::default());
        let mut open: Vec<u32> = states.to_vec();
        let mut seen: alloc::collections::BTreeSet<u32> = states.iter().copied().collect();
        while let Some(state) = open.pop() {
            let Owner { second: of_second, exclude, .. } = self.nfa.states[state as usize].owner;
            if self.nfa.ends.binary_search(&state).is_ok() {
                let verdict = if of_second { &mut second } else { &mut first };
                *(if exclude { &mut verdict.excluded } else { &mut verdict.selected }) = true;
            }
            for &(by, target) in &self.nfa.states[state as usize].edges {
                if matches!(by, By::Free | By::AtEnd) && seen.insert(target) {
                    open.push(target);
                }
            }
        }
        match self.goal {
            Goal::Both => first.holds() && second.holds(),
            Goal::FirstAlone => first.holds() && !second.holds(),
        }
    }

    /// The text that leads there.
    fn spell(&self, mut number: usize) -> Topic {
        let mut characters = Vec::new();
        while number != 0 {
            characters.push(self.reached[number].character);
            number = self.reached[number].before;
        }
        let text: String = characters.into_iter().rev().collect();
        Topic::checked(&text)
    }
}

/// What one language says of a text.
#[derive(Default)]
struct Verdict {
    selected: bool,
    excluded: bool,
}

impl Verdict {
    fn holds(&self) -> bool {
        self.selected && !self.excluded
    }
}

/// For all characters that no edge tells apart, one: of the fewest bytes, and a letter where that may be.
fn alphabet(nfa: &Nfa) -> Result<Vec<char>, TooLarge> {
    let mut kinds: Vec<By> =
        nfa.states.iter().flat_map(|state| state.edges.iter().map(|&(by, _)| by)).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let mut cuts = alloc::vec![0, DOT, DOT + 1, u32::from('$'), u32::from('$') + 1];
    // Where characters grow by a byte, and the letters that are nicest to read.
    cuts.extend([0x80, 0x800, 0x1_0000, u32::from('a'), u32::from('z') + 1]);
    for kind in &kinds {
        if let By::Range(low, high) | By::Within(low, high) = kind {
            cuts.extend([*low, high + 1]);
        }
    }
    cuts.sort_unstable();
    cuts.dedup();
    // What follows asks each kind about each cut, and may remember all answers.
    if kinds.len().saturating_mul(cuts.len()) > TooLarge::STEPS {
        return Err(TooLarge);
    }
    let mut best: BTreeMap<Vec<bool>, (usize, bool, char)> = BTreeMap::new();
    for (at, &low) in cuts.iter().enumerate() {
        let high = cuts.get(at + 1).map_or(LAST, |next| next - 1);
        let allowed = |point: &u32| *point == DOT || !is_forbidden(*point);
        let Some(character) = (low..=high).filter(allowed).find_map(char::from_u32) else {
            continue;
        };
        let mut told: Vec<bool> =
            kinds.iter().map(|kind| kind.takes(u32::from(character))).collect();
        // These two mean more than their edges say.
        told.extend([character == '.', character == '$']);
        let rank = (character.len_utf8(), !character.is_ascii_lowercase(), character);
        let known = best.entry(told).or_insert(rank);
        *known = rank.min(*known);
    }
    let mut alphabet: Vec<_> = best.into_values().collect();
    // What is put last is looked at first.
    alphabet.sort_unstable_by(|one, other| other.cmp(one));
    Ok(alphabet.into_iter().map(|(_, _, character)| character).collect())
}
