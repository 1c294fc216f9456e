//! [`Past`]: what a mesh's stream keeps, read page by page.

use std::collections::VecDeque;
use std::sync::Arc;

use rem_core::cloudevents::CloudEvent;
use rem_core::wire::RawEvent;
use rem_core::{Event, Pattern};
use rem_mesh::{MeshPast, StreamStart};

use super::Nats;
use crate::failure::Failure;
use crate::output;
use crate::shown::numbered;
use crate::wanted::{Wanted, parse};

/// How many parcels are read at once.
const PAGE: usize = 1_000;

/// Events of the past, oldest first, under the numbers of the stream.
pub(crate) struct Past<'n> {
    nats: &'n Nats,
    wanted: Wanted,
    pattern: Pattern,
    page: VecDeque<Arc<Event>>,
    /// Where to go on, if there is more.
    next: Option<StreamStart>,
    /// The last number that there was when it began.
    last: u64,
    left: u64,
    /// What is no event.
    bad: Bad,
}

/// Parcels that are no events: how many, and the first.
#[derive(Default)]
struct Bad {
    count: u64,
    first: Option<(u64, Box<str>)>,
}

impl Nats {
    /// What is wanted of what the stream has now.
    pub(crate) fn past(&self, wanted: &Wanted) -> Result<Past<'_>, Failure> {
        let state = self.state()?;
        let start = wanted.after.map(|after| after.saturating_add(1));
        if let Some(gone) = start.map(|start| state.first.saturating_sub(start)).filter(|n| *n > 0)
        {
            output::note(&format!(
                "the stream has let go of {gone} numbers behind that one: it keeps {} to {}",
                state.first, state.last
            ));
        }
        let mut past = Past {
            nats: self,
            wanted: wanted.clone(),
            pattern: parse(&wanted.pattern)?,
            page: VecDeque::new(),
            next: Some(start.map_or(StreamStart::First, StreamStart::Sequence)),
            last: wanted
                .before
                .map_or(state.last, |before| state.last.min(before.saturating_sub(1))),
            left: wanted.first.unwrap_or(u64::MAX),
            bad: Bad::default(),
        };
        if let Some(last) = wanted.last {
            past.newest(
                usize::try_from(last).unwrap_or(usize::MAX),
                start.unwrap_or(1).max(state.first),
            )?;
        }
        Ok(past)
    }
}

impl Past<'_> {
    /// Takes the newest so many of the numbers from `first` on, which are held: a stream is read forwards alone, so it is read in
    /// spans from its end, each twice as long as the one before.
    fn newest(&mut self, most: usize, first: u64) -> Result<(), Failure> {
        let (mut end, mut span) = (self.last, (most as u64).max(PAGE as u64));
        let mut found = VecDeque::new();
        while found.len() < most && end >= first {
            let begin = end.saturating_sub(span - 1).max(first);
            self.next = Some(StreamStart::Sequence(begin));
            self.last = end;
            let mut within = VecDeque::new();
            while self.turn()? {
                within.append(&mut self.page);
                // What is not among the newest of this span is not among the newest.
                within.drain(..within.len().saturating_sub(most));
            }
            within.append(&mut found);
            found = within;
            (end, span) = (begin - 1, span.saturating_mul(2));
        }
        found.drain(..found.len().saturating_sub(most));
        (self.page, self.next) = (found, None);
        Ok(())
    }

    /// Reads on until there is an event; whether there is.
    fn turn(&mut self) -> Result<bool, Failure> {
        while self.page.is_empty()
            && let Some(from) = self.next
        {
            let MeshPast { events, next, .. } = self.nats.page(&self.pattern, from, PAGE)?;
            self.next = next.filter(|next| *next <= self.last).map(StreamStart::Sequence);
            for kept in events.into_iter().take_while(|kept| kept.sequence <= self.last) {
                match kept.event {
                    Ok(event) => self.page.extend(
                        restored(kept.sequence, event).filter(|event| self.wanted.passes(event)),
                    ),
                    Err(why) => self.bad.add(kept.sequence, why),
                }
            }
        }
        Ok(!self.page.is_empty())
    }
}

impl Iterator for Past<'_> {
    type Item = Result<Arc<Event>, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        if let Err(failure) = self.turn() {
            (self.left, self.next) = (0, None);
            return Some(Err(failure));
        }
        self.left -= 1;
        self.page.pop_front().map(Ok)
    }
}

impl Bad {
    fn add(&mut self, number: u64, why: Box<str>) {
        self.count += 1;
        self.first.get_or_insert((number, why));
    }
}

/// Told when all is read.
impl Drop for Bad {
    fn drop(&mut self) {
        if let Some((number, why)) = &self.first {
            output::note(&format!(
                "{} of what the stream keeps are no events, and are left out; the first, number {number}: {why}",
                self.count
            ));
        }
    }
}

/// The event under a number of the stream, which orders what several nodes have sent.
fn restored(sequence: u64, event: CloudEvent) -> Option<Arc<Event>> {
    // The data stays as it came, so that nothing of it can be wrong.
    let event = event.into_event::<RawEvent>().ok()?;
    Some(numbered(sequence, &event, &event.data))
}
