//! [`Filter`]: which events a client asks for, beside the pattern.

use std::sync::Arc;

use rem_core::{Event, EventId, Query};

use crate::event_json::EventJson;
use crate::mask::Masking;
use crate::params::Params;
use crate::refusal::Refusal;

/// The most bytes of a text that is searched for.
const SEARCH: usize = 256;

/// Which events a client asks for, beside the pattern.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    /// In lower case.
    search: Option<String>,
    from_source: Option<String>,
    correlation: Option<EventId>,
}

impl Filter {
    /// The parameters that it reads.
    pub(crate) const KNOWN: [&'static str; 3] = ["search", "from_source", "correlation"];

    pub(crate) fn read(params: &Params) -> Result<Self, Refusal> {
        let search = params.text("search");
        if let Some(search) = search.filter(|search| search.len() > SEARCH) {
            let text = format!("`search` is a text of at most {SEARCH} bytes: search for less");
            return Err(Refusal::parameter("search", search, text));
        }
        Ok(Self {
            search: search.map(str::to_lowercase),
            from_source: params.text("from_source").map(Into::into),
            correlation: params.id("correlation")?,
        })
    }

    /// Whether it lets everything pass.
    pub(crate) fn is_open(&self) -> bool {
        self.search.is_none() && self.from_source.is_none() && self.correlation.is_none()
    }

    /// What a history can be asked of it.
    pub(crate) fn ask(&self, mut query: Query) -> Query {
        if let Some(source) = &self.from_source {
            query = query.source(source);
        }
        match self.correlation {
            Some(correlation) => query.correlation(correlation),
            None => query,
        }
    }

    /// The event as JSON, if it is asked for.
    pub(crate) fn pass(
        &self,
        event: &Arc<Event>,
        masking: &Masking,
        limit: usize,
    ) -> Option<EventJson> {
        if !self.by_head(event) {
            return None;
        }
        let json = EventJson::of(event, masking, limit);
        self.search.as_ref().is_none_or(|search| json.has(search)).then_some(json)
    }

    /// Whether it is asked for, as far as can be told without its data.
    pub(crate) fn by_head(&self, event: &Event) -> bool {
        self.from_source.as_ref().is_none_or(|source| event.source() == Some(source))
            && self.correlation.is_none_or(|correlation| event.correlation() == correlation)
    }

    /// Whether it looks into the data.
    pub(crate) fn searches(&self) -> bool {
        self.search.is_some()
    }
}
