//! [`Import`]: JSON lines read and published again, or taken one by one.

use std::fmt;
use std::io::{BufReader, Read};

use super::export::widened;
use super::import_report::{BadKind, BadRecord, ImportError, ImportReport};
use super::lines::Lines;
use super::progress::{Progress, Tell};
use super::{CloudEvent, Decoder};
use crate::bus::Bus;
use crate::error::PublishErrorKind;
use crate::wire::Body;

/// Reads JSON lines: each line a cloud event in structured mode, empty lines passed over. What [`Export`](super::Export) writes,
/// and any program that knows CloudEvents 1.0. A file that is packed is read through a reader that unpacks it.
///
/// One line is in memory at a time, and no more of it than the [`limit`](Self::limit).
///
/// The first bad record ends it, and the error says where it is, what is wrong and from which line to go on; everything before
/// it is imported. [`skip_bad`](Self::skip_bad) goes on instead.
///
/// # Cost
/// An event of 100 bytes of data takes 1.9 µs (24,000 instructions) until it is published on a bus with a history; to be read as a
/// struct by `serde_json` alone, 0.9 µs (12,000). Measured on 2026-11-28, AMD EPYC, 2 busy cores, by `cargo bench --bench files`.
///
/// ```
/// use rem_core::{Bus, cloudevents::Import};
///
/// let file = r#"
/// {"specversion":"1.0","id":"1","source":"/shop","type":"order.placed","data":{"order":42}}
/// {"specversion":"1.0","id":"2","source":"/shop","type":"order.pa
/// {"specversion":"1.0","id":"3","source":"/shop","type":"order.sent","data":{"order":42}}
/// "#;
/// let bus = Bus::new();
/// let error = Import::new(file.as_bytes()).publish(&bus).unwrap_err();
/// assert_eq!((error.line(), error.column(), error.report().events()), (3, 63, 1));
/// assert!(error.to_string().contains("go on by `Import::from_line(4)`"));
///
/// let rest = Import::new(file.as_bytes()).from_line(4).publish(&bus)?;
/// assert_eq!(rest.events(), 1);
/// # Ok::<(), rem_core::cloudevents::ImportError>(())
/// ```
#[must_use = "an import reads nothing until `publish` is called or it is iterated"]
pub struct Import<'a, R> {
    lines: Lines<BufReader<R>>,
    decoder: Decoder,
    from_line: u64,
    /// How many places of bad records are kept, if they are passed over.
    skips: Option<usize>,
    filter: Option<Filter<'a>>,
    tell: Option<Tell<'a>>,
    report: ImportReport,
    over: bool,
}

type Filter<'a> = Box<dyn FnMut(&CloudEvent) -> bool + 'a>;

/// Where a record begins.
#[derive(Clone, Copy)]
struct Place {
    line: u64,
    offset: u64,
}

impl<'a, R: Read> Import<'a, R> {
    /// Reads from there, when it is asked to.
    pub fn new(from: R) -> Self {
        Self {
            lines: Lines::new(BufReader::with_capacity(1 << 16, from), Body::LIMIT),
            decoder: Decoder::new(),
            from_line: 1,
            skips: None,
            filter: None,
            tell: None,
            report: ImportReport::default(),
            over: false,
        }
    }

    /// The most bytes that a line has: 1 MiB unless told. A longer one is a bad record.
    pub fn limit(mut self, bytes: usize) -> Self {
        self.lines.limit(bytes);
        self.decoder = Decoder::new().limit(bytes);
        self
    }

    /// Passes over what stands before that line, counted from 1, without looking at it.
    pub fn from_line(mut self, line: u64) -> Self {
        self.from_line = line;
        self
    }

    /// Passes over bad records, and events that the bus refuses, and counts them. The first `places` of them are kept for the
    /// report.
    pub fn skip_bad(mut self, places: usize) -> Self {
        self.skips = Some(places);
        self
    }

    /// Only events for which this is true; others are counted as left out.
    ///
    /// ```
    /// # use rem_core::{Pattern, cloudevents::Import};
    /// # let file: &[u8] = b"";
    /// let paid = Pattern::parse("*.order.paid")?;
    /// let import = Import::new(file)
    ///     .filter(|event| paid.matches(event.topic()) && event.sequence().is_some_and(|number| number > 1_000));
    /// # drop(import);
    /// # Ok::<(), rem_core::PatternError>(())
    /// ```
    pub fn filter(mut self, filter: impl FnMut(&CloudEvent) -> bool + 'a) -> Self {
        self.filter = Some(Box::new(filter));
        self
    }

    /// Is told of after each event.
    pub fn progress(mut self, tell: impl FnMut(Progress) + 'a) -> Self {
        self.tell = Some(Box::new(tell));
        self
    }

    /// Publishes each, below the bus's prefix: with its id, time, source, metadata, cause, story and scope, its data as it came.
    /// Its sequence number is the bus's own.
    ///
    /// # Errors
    /// At the first bad record, at the first event that is refused, and when the reader fails. Everything before it is
    /// published.
    pub fn publish(mut self, bus: &Bus) -> Result<ImportReport, ImportError> {
        while let Some((place, event)) = self.read()? {
            let Err(refused) = event.publish(bus) else {
                self.done(&event);
                continue;
            };
            let said = format!("`{}` is not published: {refused}", event.topic());
            let bad = BadRecord::new(BadKind::Refused, place.line, 1, place.offset, said);
            // A bus that is closed takes none of the rest either.
            if matches!(refused.kind(), PublishErrorKind::Closed) {
                self.skips = None;
            }
            self.bad(bad)?;
        }
        Ok(self.report)
    }

    /// What was read until now.
    pub fn report(&self) -> &ImportReport {
        &self.report
    }

    /// The next event that is asked for.
    fn read(&mut self) -> Result<Option<(Place, CloudEvent)>, ImportError> {
        while !self.over {
            let (place, read) = match self.lines.read() {
                Ok(None) => break,
                Ok(Some(line)) if line.number < self.from_line => continue,
                Ok(Some(line)) => {
                    let place = Place { line: line.number, offset: line.offset };
                    let read = match line.too_long {
                        Some(length) => {
                            let limit = self.lines.most();
                            Err(BadRecord::too_long(place.line, place.offset, length, limit))
                        }
                        None => line.event(self.decoder).map_err(|fault| {
                            let offset = place.offset + fault.byte as u64;
                            let (line, column) = (place.line, fault.column);
                            BadRecord::new(BadKind::Record, line, column, offset, fault.said)
                        }),
                    };
                    (place, read)
                }
                Err(error) => {
                    self.over = true;
                    self.seen();
                    let (line, offset) = (self.lines.number() + 1, self.lines.offset());
                    return Err(ImportError::io(line, offset, error, self.report.clone()));
                }
            };
            self.seen();
            match read {
                Ok(event) if self.filter.as_mut().is_none_or(|filter| filter(&event)) => {
                    return Ok(Some((place, event)));
                }
                Ok(_) => self.report.left_out += 1,
                Err(bad) => self.bad(bad)?,
            }
        }
        self.over = true;
        self.seen();
        Ok(None)
    }

    fn seen(&mut self) {
        self.report.lines = self.lines.number();
        self.report.bytes = self.lines.offset();
    }

    fn done(&mut self, event: &CloudEvent) {
        self.report.events += 1;
        self.report.sequences = widened(self.report.sequences, event.sequence());
        if let Some(tell) = &mut self.tell {
            tell(Progress { events: self.report.events, bytes: self.report.bytes });
        }
    }

    fn bad(&mut self, bad: BadRecord) -> Result<(), ImportError> {
        let Some(places) = self.skips else {
            self.over = true;
            return Err(ImportError::bad(bad, self.report.clone()));
        };
        self.report.skipped += 1;
        if self.report.bad.len() < places {
            self.report.bad.push(bad);
        }
        Ok(())
    }
}

/// The events, decoded and not published. Behind an error there is none.
impl<R: Read> Iterator for Import<'_, R> {
    type Item = Result<CloudEvent, ImportError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.read() {
            Ok(read) => read.map(|(_, event)| {
                self.done(&event);
                Ok(event)
            }),
            Err(error) => Some(Err(error)),
        }
    }
}

impl<R> fmt::Debug for Import<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Import")
            .field("from_line", &self.from_line)
            .field("skips", &self.skips)
            .field("report", &self.report)
            .finish_non_exhaustive()
    }
}
