//! [`Table`] and its [`Row`]s: what came of an analysis.

use std::fmt;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::measure::Measure;
use crate::percentiles::Percentiles;
use crate::window::Window;

/// What stands for a group: `None` for events that have no such thing.
pub(crate) type Label = Option<Box<str>>;

/// What came of an analysis: a row for each group in each window, by time and then by group.
///
/// It shows itself as aligned text, is written by serde as a list of objects, and by [`csv`](Self::csv) for spreadsheets.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// What the number is called.
    pub(crate) number: Option<Box<str>>,
    pub(crate) groups: Vec<String>,
    pub(crate) windowed: bool,
    pub(crate) percentiles: Vec<f64>,
    pub(crate) rows: Vec<Row>,
    pub(crate) events: u64,
    pub(crate) absent: u64,
    pub(crate) not_numbers: u64,
    pub(crate) unreadable: u64,
    pub(crate) in_others: u64,
}

/// One group in one window.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    window: Option<Window>,
    group: Box<[Label]>,
    others: bool,
    events: u64,
    numbers: u64,
    rate: Option<f64>,
    sum: f64,
    mean: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
    percentiles: Box<[(f64, Option<f64>)]>,
}

impl Table {
    pub(crate) fn new(
        number: Option<Box<str>>,
        groups: Vec<String>,
        windowed: bool,
        percentiles: Vec<f64>,
    ) -> Self {
        Self {
            number,
            groups,
            windowed,
            percentiles,
            rows: Vec::new(),
            events: 0,
            absent: 0,
            not_numbers: 0,
            unreadable: 0,
            in_others: 0,
        }
    }

    /// The rows, by time and then by group, the others last.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// How many events there were.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// How many of them had no such number: the field was not there or `null`, or the closure said `None`.
    pub fn absent(&self) -> u64 {
        self.absent
    }

    /// How many had something there that is no finite number.
    pub fn not_numbers(&self) -> u64 {
        self.not_numbers
    }

    /// How many had data that cannot be written, or that is no document of its codec.
    pub fn unreadable(&self) -> u64 {
        self.unreadable
    }

    /// How many were counted among the others, for there were too many groups.
    pub fn in_others(&self) -> u64 {
        self.in_others
    }

    /// The same as CSV (RFC 4180), with a line of names first. Times are RFC 3339; what is not there is empty.
    ///
    /// ```
    /// use rem_analysis::Analysis;
    ///
    /// let table = Analysis::of("price").run([])?;
    /// assert_eq!(table.csv().to_string(), "events,rate,numbers,sum,mean,min,max\n");
    /// # Ok::<(), rem_analysis::AnalysisError>(())
    /// ```
    pub fn csv(&self) -> Csv<'_> {
        Csv(self)
    }
}

impl Row {
    pub(crate) fn new(
        window: Option<Window>,
        group: Box<[Label]>,
        others: bool,
        measure: &Measure,
        percentiles: &Percentiles,
    ) -> Self {
        let seconds = match (window, measure.times) {
            (Some(window), _) => window.seconds(),
            (None, Some((first, last))) => {
                std::time::Duration::from_nanos(last - first).as_secs_f64()
            }
            (None, None) => 0.0,
        };
        #[expect(clippy::cast_precision_loss, reason = "nobody counts to 2^53 events")]
        let rate = (seconds > 0.0).then(|| measure.events as f64 / seconds);
        let of = |wanted| measure.distribution.as_ref().and_then(|all| percentiles.of(all, wanted));
        Self {
            window,
            group,
            others,
            events: measure.events,
            numbers: measure.numbers,
            rate,
            sum: measure.sum(),
            mean: measure.mean(),
            min: measure.min,
            max: measure.max,
            percentiles: percentiles.wanted.iter().map(|wanted| (*wanted, of(*wanted))).collect(),
        }
    }

    /// The span of time, if windows were asked for.
    pub fn window(&self) -> Option<Window> {
        self.window
    }

    /// What its events have in common, in the order in which it was asked for; `None` where they have no such thing.
    pub fn group(&self) -> &[Option<Box<str>>] {
        &self.group
    }

    /// Whether it is that of the groups over the limit: its labels are all `None`.
    pub fn is_others(&self) -> bool {
        self.others
    }

    /// How many events.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// How many of them have the number.
    pub fn numbers(&self) -> u64 {
        self.numbers
    }

    /// Events a second, over the window; without windows from the group's first event to its last, and `None` if that is no time.
    pub fn rate(&self) -> Option<f64> {
        self.rate
    }

    /// The numbers added up: 0 if there are none.
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// Their mean.
    pub fn mean(&self) -> Option<f64> {
        self.mean
    }

    /// The least.
    pub fn min(&self) -> Option<f64> {
        self.min
    }

    /// The greatest.
    pub fn max(&self) -> Option<f64> {
        self.max
    }

    /// One of the percentiles that were asked for: the least number that so many of a hundred are not above, to the
    /// [digits](crate::Analysis::digits) that are kept.
    pub fn percentile(&self, percentile: f64) -> Option<f64> {
        self.percentiles.iter().find(|(wanted, _)| wanted.total_cmp(&percentile).is_eq())?.1
    }

    pub(crate) fn percentiles(&self) -> impl Iterator<Item = Option<f64>> {
        self.percentiles.iter().map(|(_, found)| *found)
    }
}

/// A list of objects, one a row.
impl Serialize for Table {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.rows.iter().map(|row| Named { table: self, row }))
    }
}

/// A row with the names of its columns.
struct Named<'a> {
    table: &'a Table,
    row: &'a Row,
}

/// The labels of a row, by name.
struct Labels<'a>(&'a Table, &'a Row);

impl Serialize for Named<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { table, row } = self;
        let mut map = serializer.serialize_map(None)?;
        if let Some(window) = row.window {
            map.serialize_entry("start", &window.start())?;
            map.serialize_entry("end", &window.end())?;
        }
        if !table.groups.is_empty() {
            map.serialize_entry("group", &Labels(table, row))?;
        }
        if row.others {
            map.serialize_entry("others", &true)?;
        }
        map.serialize_entry("events", &row.events)?;
        map.serialize_entry("rate", &row.rate)?;
        if table.number.is_some() {
            map.serialize_entry("numbers", &row.numbers)?;
            map.serialize_entry("sum", &row.sum)?;
            map.serialize_entry("mean", &row.mean)?;
            map.serialize_entry("min", &row.min)?;
            map.serialize_entry("max", &row.max)?;
            for (wanted, found) in &row.percentiles {
                map.serialize_entry(&format!("p{wanted}"), found)?;
            }
        }
        map.end()
    }
}

impl Serialize for Labels<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.groups.iter().zip(&self.1.group))
    }
}

/// A table as CSV: written by `Display`.
#[derive(Debug, Clone, Copy)]
pub struct Csv<'a>(pub(crate) &'a Table);

impl fmt::Display for Csv<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::show::csv(self.0, f)
    }
}
