//! [`Group`]: what events are told apart by.

use std::fmt;
use std::sync::Arc;

use rem_core::{Event, Pattern, Shape};

use crate::error::{AnalysisError, AnalysisErrorKind as Kind};
use crate::field::{Field, Found};

type Say = dyn Fn(&Arc<Event>) -> Option<String> + Send + Sync;

/// What events are told apart by. Those that have no such thing are a group of their own.
#[derive(Clone)]
#[non_exhaustive]
pub enum Group {
    /// The whole topic.
    Topic,
    /// One segment of the topic, counted from 0, as it stands there.
    Segment(usize),
    /// What a pattern captures under a name: see [`Group::capture`].
    Capture(Pattern, Box<str>),
    /// The event's key.
    Key,
    /// Who says so.
    Source,
    /// A value of the metadata, by its name: a text, a number or a boolean.
    Metadata(Box<str>),
    /// A field of the data, by its path: a text, a number or a boolean. As for [`Analysis::of`](crate::Analysis::of).
    Field(Box<str>),
    /// Whatever is said of an event: see [`Group::with`].
    With(Box<str>, Arc<Say>),
}

impl Group {
    /// What a pattern captures under a name, unescaped.
    ///
    /// ```
    /// use rem_analysis::{Analysis, Group};
    /// use rem_core::Pattern;
    ///
    /// let group = Group::capture(Pattern::parse("shop.{region}.order.*")?, "region");
    /// let table = Analysis::events().by(group).run([])?;
    /// assert_eq!(table.rows().len(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn capture(pattern: Pattern, name: &str) -> Self {
        Self::Capture(pattern, name.into())
    }

    /// A value of the metadata.
    pub fn metadata(name: &str) -> Self {
        Self::Metadata(name.into())
    }

    /// A field of the data.
    pub fn field(path: &str) -> Self {
        Self::Field(path.into())
    }

    /// What is said of events that can be seen as `T`: an event type, or `dyn Payload` for any. `name` is the column's.
    ///
    /// ```
    /// use rem_analysis::Group;
    /// use rem_core::Event;
    ///
    /// let group = Group::with("depth", |event: &Event| Some(event.topic().depth().to_string()));
    /// # let _ = group;
    /// ```
    pub fn with<T: Shape + ?Sized>(
        name: &str,
        label: impl Fn(&Event<T>) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        let of = move |event: &Arc<Event>| T::share(event).and_then(|event| label(&event));
        Self::With(name.into(), Arc::new(of))
    }

    /// The same, ready to be asked.
    pub(crate) fn grouping(self) -> Result<Grouping, AnalysisError> {
        let field = match &self {
            Self::Field(path) => Some(Field::parse(path)?),
            Self::Capture(pattern, name) if !pattern.capture_names().any(|is| is == &**name) => {
                let said = format!(
                    "`{pattern}` captures nothing under `{name}`: write `{{{name}}}` for the segment that is meant, \
                     or `(?<{name}>…)` in a regular expression"
                );
                return Err(AnalysisError::new(Kind::Capture, said));
            }
            _ => None,
        };
        Ok(Grouping { group: self, field })
    }
}

/// A [`Group`] that was looked at.
pub(crate) struct Grouping {
    group: Group,
    field: Option<Field>,
}

impl Grouping {
    /// The name of its column.
    pub(crate) fn name(&self) -> String {
        match &self.group {
            Group::Topic => "topic".into(),
            Group::Segment(place) => format!("segment {place}"),
            Group::Key => "key".into(),
            Group::Source => "source".into(),
            Group::Capture(_, name)
            | Group::Metadata(name)
            | Group::Field(name)
            | Group::With(name, _) => name.as_ref().into(),
        }
    }

    /// Which group the event is of.
    pub(crate) fn label(&self, event: &Arc<Event>, buffer: &mut Vec<u8>) -> Option<Box<str>> {
        Some(match &self.group {
            Group::Topic => event.topic().as_str().into(),
            Group::Segment(place) => event.topic().segments().nth(*place)?.into(),
            Group::Capture(pattern, name) => {
                pattern.captures(event.topic())?.get(name)?.as_ref().into()
            }
            Group::Key => event.key()?.into(),
            Group::Source => event.source()?.into(),
            Group::Metadata(name) => match event.metadata().get(name)? {
                serde_json::Value::String(text) => text.as_str().into(),
                serde_json::Value::Bool(is) => is.to_string().into(),
                serde_json::Value::Number(number) => number.to_string().into(),
                _ => return None,
            },
            Group::Field(_) => match self.field.as_ref()?.find(event, buffer) {
                Found::Value(scalar) => scalar.label()?.into(),
                Found::Absent | Found::Unreadable => return None,
            },
            Group::With(_, label) => label(event)?.into(),
        })
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Topic => f.write_str("Topic"),
            Self::Segment(place) => write!(f, "Segment({place})"),
            Self::Capture(pattern, name) => write!(f, "Capture({pattern}, {name})"),
            Self::Key => f.write_str("Key"),
            Self::Source => f.write_str("Source"),
            Self::Metadata(name) => write!(f, "Metadata({name})"),
            Self::Field(path) => write!(f, "Field({path})"),
            Self::With(name, _) => write!(f, "With({name})"),
        }
    }
}
