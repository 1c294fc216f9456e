//! Letting events go, the oldest first, in transactions of bounded size.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::PoisonError;

use ::redb::{ReadableTable, Table, WriteTransaction};

use super::fault::Fault;
use super::index::Merged;
use super::tables::{self, Counts};
use super::{Redb, topics};
use crate::store::{
    Direction, LetGo, Moment, Part, Rule, State, Store, StoreError, Topic, TopicId,
};

/// How many events one transaction lets go at most.
const CHUNK: usize = 2_048;
/// How many rows of the index of time one transaction looks through at most.
const LOOKED_AT: usize = 65_536;

impl Redb {
    pub(super) fn let_go(
        &self,
        rules: &[Rule<'_>],
        proceed: &mut dyn FnMut() -> bool,
    ) -> Result<LetGo, StoreError> {
        // Patterns are asked before anything is locked.
        let rules: Vec<(&Rule<'_>, Option<HashSet<TopicId>>)> =
            rules.iter().map(|rule| (rule, self.selected(rule))).collect();
        let mut sum = LetGo::default();
        let mut rest = &*rules;
        while let Some((rule, selected)) = rest.first() {
            if !proceed() {
                return Ok(sum);
            }
            match self.let_some_go(rule, selected.as_ref(), &mut sum)? {
                Step::Again => {}
                Step::Kept => rest = &rest[1..],
            }
        }
        sum.complete = true;
        Ok(sum)
    }

    fn selected(&self, rule: &Rule<'_>) -> Option<HashSet<TopicId>> {
        let selects = rule.selects?;
        let mut selected = HashSet::new();
        topics::each(&self.topics, "", &mut |topic| {
            if selects(&topic.name) {
                selected.insert(topic.id);
            }
            ControlFlow::Continue(())
        });
        Some(selected)
    }

    /// One transaction for one rule.
    fn let_some_go(
        &self,
        rule: &Rule<'_>,
        selected: Option<&HashSet<TopicId>>,
        sum: &mut LetGo,
    ) -> Result<Step, StoreError> {
        let mut writer = self.writing()?;
        let state = self.state();
        let chosen: Vec<Topic> = selected.map_or_else(Vec::new, |selected| {
            let topics = self.topics.read().unwrap_or_else(PoisonError::into_inner);
            selected.iter().filter_map(|&id| topics.with(id).cloned()).collect()
        });
        let scope = selected.map(|selected| Scope { chosen: &chosen, selected });
        let mut excess = Excess::new(rule, scope.as_ref(), &state);
        if excess.is_none() && rule.since.is_none() {
            return Ok(Step::Kept);
        }
        let aged = writer.aged.get(rule.name).copied();
        let next_topic = writer.next_topic;
        let done = self.transact(&mut writer, |txn| {
            let mut victims = Vec::new();
            let mut looked = None;
            if !excess.is_none() {
                in_excess(txn, scope.as_ref(), &state, &mut excess, &mut victims)?;
            }
            if let (Some(since), true) = (rule.since, victims.is_empty()) {
                looked = too_old(txn, scope.as_ref(), since, aged, &mut victims)?;
            }
            if victims.is_empty() {
                return Ok((Gone::default(), looked));
            }
            let gone = remove(txn, &victims, |id| self.topic_with(id))?;
            let counts = gone.write(txn, rule.name, &state, next_topic)?;
            Ok((Gone { counts: Some(counts), ..gone }, looked))
        });
        let (gone, looked) = done?;
        if let Some(looked) = looked {
            writer.aged.insert(rule.name.to_owned(), looked.to);
        }
        let more = looked.is_some_and(|looked| looked.more);
        let Some(counts) = gone.counts else {
            return Ok(if more { Step::Again } else { Step::Kept });
        };
        sum.events += gone.events;
        sum.bytes += gone.bytes;
        drop(state);
        self.forget(rule, gone, counts);
        Ok(Step::Again)
    }

    fn topic_with(&self, id: u32) -> Option<Topic> {
        let topics = self.topics.read().unwrap_or_else(PoisonError::into_inner);
        topics.with(TopicId(id)).cloned()
    }

    fn forget(&self, rule: &Rule<'_>, gone: Gone, counts: Counts) {
        let mut topics = self.topics.write().unwrap_or_else(PoisonError::into_inner);
        gone.topics.into_values().for_each(|topic| topics.put(topic));
        self.change_state(|state| {
            state.topics = topics.len();
            (state.first, state.events, state.bytes) = (counts.first, counts.events, counts.bytes);
            state.holes.retain(|hole| *hole.end() >= counts.first);
            let highest = state.let_go.entry(rule.name.to_owned()).or_default();
            *highest = gone.highest.max(*highest);
        });
    }
}

/// What to do after a transaction.
enum Step {
    Again,
    Kept,
}

/// The topics of a rule.
struct Scope<'s> {
    chosen: &'s [Topic],
    selected: &'s HashSet<TopicId>,
}

/// What is kept beyond a rule's limits.
struct Excess {
    events: u64,
    bytes: u64,
}

impl Excess {
    fn new(rule: &Rule<'_>, scope: Option<&Scope<'_>>, state: &State) -> Self {
        let (events, bytes) = match scope {
            None => (state.events, state.bytes),
            Some(scope) => scope
                .chosen
                .iter()
                .fold((0, 0), |sum, topic| (sum.0 + topic.events, sum.1 + topic.bytes)),
        };
        let beyond = |limit: Option<u64>, kept: u64| kept.saturating_sub(limit.unwrap_or(kept));
        Self { events: beyond(rule.events, events), bytes: beyond(rule.bytes, bytes) }
    }

    fn is_none(&self) -> bool {
        self.events == 0 && self.bytes == 0
    }

    fn less(&mut self, bytes: u64) {
        self.events = self.events.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
    }
}

/// The oldest events that are in excess.
fn in_excess(
    txn: &WriteTransaction,
    scope: Option<&Scope<'_>>,
    state: &State,
    excess: &mut Excess,
    victims: &mut Vec<u64>,
) -> Result<(), Fault> {
    let records = txn.open_table(tables::RECORDS)?;
    let length = |row: &[u8]| row.len().saturating_sub(tables::ROW_HEAD) as u64;
    let Some(scope) = scope else {
        let mut rows = records.range(state.first..)?;
        while victims.len() < CHUNK && !excess.is_none() {
            let Some(row) = rows.next() else { break };
            let (sequence, row) = row?;
            excess.less(length(row.value()));
            victims.push(sequence.value());
        }
        return Ok(());
    };
    let by_topic = txn.open_table(tables::BY_TOPIC)?;
    let range = state.first..=state.last;
    let mut merged = Merged::new(&by_topic, scope.chosen, &range, Direction::Forwards)?;
    while victims.len() < CHUNK && !excess.is_none() {
        let Some(sequence) = merged.next()? else { break };
        excess.less(records.get(sequence)?.map_or(0, |row| length(row.value())));
        victims.push(sequence);
    }
    Ok(())
}

/// How far the index of time was looked through.
#[derive(Clone, Copy)]
struct Looked {
    to: Moment,
    more: bool,
}

/// Events from before `since`.
fn too_old(
    txn: &WriteTransaction,
    scope: Option<&Scope<'_>>,
    since: u64,
    aged: Option<Moment>,
    victims: &mut Vec<u64>,
) -> Result<Option<Looked>, Fault> {
    let by_time = txn.open_table(tables::BY_TIME)?;
    let from = match scope {
        // Whatever is older goes, so there is nothing to pass over.
        None => tables::time_key(0, 0),
        Some(_) => aged.map_or([0; 16], |to| tables::time_key(to.timestamp, to.sequence)),
    };
    let to = tables::time_key(since, 0);
    if from >= to {
        return Ok(None);
    }
    for (looked, row) in by_time.range::<&[u8; 16]>(&from..&to)?.enumerate() {
        let (key, topic) = row?;
        let (timestamp, sequence) = tables::time_of_key(key.value());
        if victims.len() == CHUNK || looked == LOOKED_AT {
            let to = Moment { timestamp, sequence };
            return Ok(scope.map(|_| Looked { to, more: true }));
        }
        if scope.is_none_or(|scope| scope.selected.contains(&TopicId(topic.value()))) {
            victims.push(sequence);
        }
    }
    let to = Moment { timestamp: since, sequence: 0 };
    Ok(scope.map(|_| Looked { to, more: false }))
}

/// What a transaction let go.
#[derive(Default)]
struct Gone {
    events: u64,
    bytes: u64,
    highest: u64,
    /// The topics as they are without it.
    topics: HashMap<u32, Topic>,
    counts: Option<Counts>,
}

fn remove(
    txn: &WriteTransaction,
    victims: &[u64],
    topic_with: impl Fn(u32) -> Option<Topic>,
) -> Result<Gone, Fault> {
    let mut records = txn.open_table(tables::RECORDS)?;
    let mut ids = txn.open_table(tables::IDS)?;
    let mut by_time = txn.open_table(tables::BY_TIME)?;
    let mut by_topic = txn.open_table(tables::BY_TOPIC)?;
    let mut gone = Gone::default();
    let mut topic_rows = Vec::with_capacity(victims.len());
    let mut damaged = HashMap::new();
    for &sequence in victims {
        gone.highest = gone.highest.max(sequence);
        let Some(row) = records.remove(sequence)? else { continue };
        let bytes = row.value().len().saturating_sub(tables::ROW_HEAD) as u64;
        gone.events += 1;
        gone.bytes += bytes;
        let record = tables::read_record(sequence, row.value());
        let keys = record.and_then(|record| tables::keys_of(sequence, record));
        let Ok(keys) = keys else {
            damaged.insert(sequence, bytes);
            continue;
        };
        let newest = ids.get(&keys.id)?.is_some_and(|row| row.value() == sequence);
        if newest {
            ids.remove(&keys.id)?;
        }
        let topic = by_time.remove(&tables::time_key(keys.timestamp, sequence))?;
        match topic.map(|row| row.value()) {
            Some(topic) => topic_rows.push((topic, sequence, bytes)),
            None => drop(damaged.insert(sequence, bytes)),
        }
    }
    drop(records);
    if !damaged.is_empty() {
        purge(&damaged, &mut ids, &mut by_time, &mut by_topic, &mut topic_rows)?;
    }
    topic_rows.sort_unstable_by_key(|&(topic, sequence, _)| tables::topic_key(topic, sequence));
    for (topic, sequence, bytes) in topic_rows {
        by_topic.remove(&tables::topic_key(topic, sequence))?;
        let there = match gone.topics.entry(topic) {
            std::collections::hash_map::Entry::Occupied(there) => there.into_mut(),
            std::collections::hash_map::Entry::Vacant(free) => match topic_with(topic) {
                Some(topic) => free.insert(topic),
                None => continue,
            },
        };
        there.events = there.events.saturating_sub(1);
        there.bytes = there.bytes.saturating_sub(bytes);
        if there.first == sequence {
            there.first = sequence + 1;
        }
    }
    Ok(gone)
}

/// Removes the rows of damaged records from the indexes: what they were found by is not known, so all rows are looked
/// at.
fn purge(
    damaged: &HashMap<u64, u64>,
    ids: &mut Table<'_, &'static [u8; 16], u64>,
    by_time: &mut Table<'_, &'static [u8; 16], u32>,
    by_topic: &mut Table<'_, &'static [u8; 12], ()>,
    topic_rows: &mut Vec<(u32, u64, u64)>,
) -> Result<(), Fault> {
    ids.retain(|_, sequence| !damaged.contains_key(&sequence))?;
    by_time.retain(|key, _| !damaged.contains_key(&tables::time_of_key(key).1))?;
    by_topic.retain(|key, ()| {
        let (topic, sequence) = tables::topic_of_key(key);
        let bytes = damaged.get(&sequence);
        topic_rows.extend(bytes.map(|&bytes| (topic, sequence, bytes)));
        bytes.is_none()
    })?;
    Ok(())
}

impl Gone {
    fn write(
        &self,
        txn: &WriteTransaction,
        rule: &str,
        state: &State,
        next_topic: u32,
    ) -> Result<Counts, Fault> {
        let mut topics = txn.open_table(tables::TOPICS)?;
        for topic in self.topics.values() {
            if topic.events == 0 {
                topics.remove(topic.id.0)?;
            } else {
                topics.insert(topic.id.0, &*tables::topic_row(topic))?;
            }
        }
        let mut counts = Counts::of(state, next_topic);
        counts.events = counts.events.saturating_sub(self.events);
        counts.bytes = counts.bytes.saturating_sub(self.bytes);
        let records = txn.open_table(tables::RECORDS)?;
        let first = records.first()?.map(|(sequence, _)| sequence.value());
        counts.first = first.unwrap_or(counts.last + 1);
        counts.write(&mut txn.open_table(tables::COUNTS)?)?;
        let mut holes = txn.open_table(tables::HOLES)?;
        for hole in state.holes.iter().filter(|hole| *hole.end() < counts.first) {
            holes.remove(hole.start())?;
        }
        let before = state.let_go.get(rule).copied().unwrap_or(0);
        let highest = self.highest.max(before).to_le_bytes();
        let row = tables::sealed(Part::LetGo, rule.as_bytes(), &highest);
        txn.open_table(tables::LET_GO)?.insert(rule, &*row)?;
        Ok(counts)
    }
}
