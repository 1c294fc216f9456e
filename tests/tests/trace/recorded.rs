//! A subscriber of `tracing` that notes spans, of one thread or several: names, parents, links, fields.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// A span, as it was told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Noted {
    pub(crate) name: &'static str,
    pub(crate) parent: Option<usize>,
    pub(crate) follows: Vec<usize>,
    pub(crate) fields: BTreeMap<&'static str, String>,
    /// How many handles of it there are.
    handles: usize,
}

impl Noted {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }

    pub(crate) fn is_open(&self) -> bool {
        self.handles > 0
    }
}

impl Visit for Noted {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.insert(field.name(), value.to_owned());
    }
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.fields.insert(field.name(), format!("{value:?}"));
    }
}

#[derive(Default)]
struct State {
    spans: Vec<Noted>,
    /// Which each thread is in.
    entered: HashMap<ThreadId, Vec<usize>>,
    /// It panics when a span is over.
    is_broken: bool,
}

impl State {
    fn entered(&mut self) -> &mut Vec<usize> {
        self.entered.entry(thread::current().id()).or_default()
    }
}

/// Spans, in the order in which they were opened.
#[derive(Clone, Default)]
pub(crate) struct Spans(Arc<Mutex<State>>);

impl Spans {
    /// What is told while `run` runs.
    pub(crate) fn of(run: impl FnOnce()) -> Vec<Noted> {
        let spans = Self::default();
        spans.within(run);
        spans.take()
    }

    /// Notes what is told in this thread while `run` runs.
    pub(crate) fn within<R>(&self, run: impl FnOnce() -> R) -> R {
        tracing::subscriber::with_default(self.clone(), run)
    }

    /// From now on it panics when a span is over.
    pub(crate) fn break_down(&self) {
        self.0.lock().unwrap().is_broken = true;
    }

    /// What was told.
    pub(crate) fn take(&self) -> Vec<Noted> {
        std::mem::take(&mut self.0.lock().unwrap().spans)
    }
}

fn index(id: &Id) -> usize {
    usize::try_from(id.into_u64()).unwrap() - 1
}

impl Subscriber for Spans {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "rem" || metadata.target().starts_with("trace::")
    }
    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut state = self.0.lock().unwrap();
        let parent = if attributes.is_contextual() {
            state.entered().last().copied()
        } else {
            attributes.parent().map(index)
        };
        let name = attributes.metadata().name();
        let mut noted = Noted { name, parent, handles: 1, ..Noted::default() };
        attributes.record(&mut noted);
        state.spans.push(noted);
        Id::from_u64(state.spans.len() as u64)
    }
    fn record(&self, span: &Id, values: &Record<'_>) {
        values.record(&mut self.0.lock().unwrap().spans[index(span)]);
    }
    fn record_follows_from(&self, span: &Id, follows: &Id) {
        let mut state = self.0.lock().unwrap();
        assert!(state.spans[index(follows)].is_open(), "a link to what is over");
        state.spans[index(span)].follows.push(index(follows));
    }
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, span: &Id) {
        self.0.lock().unwrap().entered().push(index(span));
    }
    fn exit(&self, span: &Id) {
        assert_eq!(self.0.lock().unwrap().entered().pop(), Some(index(span)));
    }
    fn clone_span(&self, span: &Id) -> Id {
        self.0.lock().unwrap().spans[index(span)].handles += 1;
        span.clone()
    }
    fn try_close(&self, span: Id) -> bool {
        let mut state = self.0.lock().unwrap();
        let noted = &mut state.spans[index(&span)];
        noted.handles -= 1;
        let is_over = !noted.is_open();
        let panics = state.is_broken && is_over;
        drop(state);
        assert!(!panics, "a subscriber that panics");
        is_over
    }
}
