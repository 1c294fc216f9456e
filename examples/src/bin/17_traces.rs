//! You will see one order go through a bus as traces and metrics show it: a span for each publish and each handling, a task's
//! two attempts among them, and what each follows from; that all are of one trace, also what the task publishes; and the
//! numbers that a monitoring system would be told.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program speaks in a terminal")]

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use rem::Retry;
use rem::metrics::Collector;
use rem::middleware::{Measure, Spans, Trace};
use rem::prelude::*;
use rem::testing::{Recorder, TestBus};
use rem::trace::{TraceParent, traced};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Metadata, Subscriber};

#[derive(EventType, Debug, Clone)]
#[event(namespace = "order", local)]
enum Order {
    Placed { cents: u64 },
    Reserved { cents: u64 },
    Paid,
}

fn main() -> Result<(), Box<dyn Error>> {
    // A program would set up what sends spans and metrics to its tools: a layer of tracing-subscriber, an exporter of metrics.
    let spans = Told::default();
    tracing::subscriber::set_global_default(spans.clone())?;
    let metrics = DebuggingRecorder::new();
    let numbers = metrics.snapshotter();
    metrics.install()?;

    // Ids that count from 1 and a clock that stands, so that every run says the same.
    let TestBus { bus, clock, .. } = TestBus::new();
    bus.middleware("**", Trace::new())?; // each event is of a trace
    bus.middleware("**", Spans::new())?; // each publish has a span
    bus.middleware("order.**", Measure::new("order.**"))?; // and is measured
    let mut collector = Collector::new(&bus);
    let recorder = Recorder::new(&bus);

    let inner = bus.downgrade();
    let reserve =
        traced("stock", move |order: &Event<Order>| match (&order.data, inner.upgrade()) {
            (Order::Placed { cents }, Some(bus)) => bus
                .publish(Order::Reserved { cents: *cents })
                .map(drop)
                .map_err(|error| error.to_string()),
            _ => Ok(()),
        });
    let _stock = bus.subscribe("order.placed", reserve)?;
    let _billing = bus
        .subscription("order.reserved")
        .retry(Retry::times(1))
        .traced("billing")
        .task_with(bus.downgrade(), async |bus, order: Received<Order>| {
            let (Some(bus), Order::Reserved { cents }) = (bus.upgrade(), &order.data) else {
                return Ok(());
            };
            if order.attempt() == 1 {
                return Err(format!("the bank is busy and did not take {cents} cents"));
            }
            bus.publish_async(Order::Paid).await.map(drop).map_err(|error| error.to_string())
        })?;

    bus.publish(Order::Placed { cents: 1_995 })?;
    // The second attempt is made when its time has come.
    let limit = Duration::from_secs(60);
    assert!(clock.wait_for_timers(1, limit), "the first attempt has failed");
    clock.advance(limit);
    bus.settle(limit)?;

    println!("Spans, by the event and then as they came:\n");
    print!("{}", spans.table());

    println!("\nThe trace of each event, and its own span in that:\n");
    for event in recorder.take() {
        if let Some(parent) = TraceParent::of(&*event)? {
            println!("{:<15} {} {}", event.topic(), parent.trace_id(), parent.span_id());
        }
    }

    assert!(collector.collect(), "the bus is there");
    println!("\nMetrics of what was published and handled:\n");
    for line in lines(numbers.snapshot().into_vec()) {
        println!("{line}");
    }
    Ok(())
}

/// One line a metric, without the label that names a line of this file.
fn lines<U, D>(told: Vec<(metrics_util::CompositeKey, U, D, DebugValue)>) -> Vec<String> {
    let mut lines = Vec::new();
    for (key, _, _, value) in told {
        let key = key.key();
        let labels = key.labels().filter(|label| label.key() != "at");
        let labels: Vec<_> =
            labels.map(|label| format!("{}=\"{}\"", label.key(), label.value())).collect();
        let value = match value {
            DebugValue::Counter(count) => count.to_string(),
            DebugValue::Histogram(times) => format!("{} times", times.len()),
            DebugValue::Gauge(_) => continue,
        };
        if matches!(
            key.name(),
            "rem_published_total" | "rem_delivered_total" | "rem_publish_seconds"
        ) {
            lines.push(format!("{}{{{}}} {value}", key.name(), labels.join(",")));
        }
    }
    lines.sort();
    lines
}

/// Keeps spans, where a program's subscriber would send them on.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<Span>>>);

#[derive(Default)]
struct Span {
    name: &'static str,
    within: Option<usize>,
    follows: Option<usize>,
    fields: BTreeMap<&'static str, String>,
}

thread_local! {
    /// The spans that this thread is in.
    static ENTERED: std::cell::RefCell<Vec<usize>> = const { std::cell::RefCell::new(Vec::new()) };
}

impl Told {
    fn with<R>(&self, look: impl FnOnce(&mut Vec<Span>) -> R) -> R {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn table(&self) -> String {
        self.with(|spans| {
            let mut order: Vec<_> = (0..spans.len()).collect();
            order.sort_by_key(|at| spans[*at].field("id"));
            order.into_iter().map(|at| spans[at].line(spans)).collect()
        })
    }
}

impl Span {
    fn field(&self, name: &str) -> &str {
        self.fields.get(name).map(String::as_str).unwrap_or_default()
    }

    fn line(&self, spans: &[Self]) -> String {
        let told = |name, before: &str| {
            let value = self.fields.get(name);
            value.map(|value| format!("{before}{value}")).unwrap_or_default()
        };
        let who = told("subscription", "") + &told("attempt", ", attempt ");
        let why = match (self.follows, self.within) {
            (Some(publish), _) => {
                format!(
                    "follows from the {} of {}",
                    spans[publish].name,
                    spans[publish].field("topic")
                )
            }
            (None, Some(handling)) => {
                format!("within what {} does", spans[handling].field("subscription"))
            }
            (None, None) => String::new(),
        };
        let said = why + &told("error", "; error: ");
        let line = format!("{} {:<14} {who:<18} {said}", self.name, self.field("topic"));
        line.trim_end().to_owned() + "\n"
    }
}

impl Visit for Span {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.insert(field.name(), value.to_owned());
    }
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.fields.insert(field.name(), format!("{value:?}"));
    }
}

fn place(id: &Id) -> usize {
    usize::try_from(id.into_u64()).unwrap_or(usize::MAX) - 1
}

impl Subscriber for Told {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "rem"
    }
    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let entered = ENTERED.with_borrow(|entered| entered.last().copied());
        let within = entered.filter(|_| attributes.is_contextual());
        let mut span = Span { name: attributes.metadata().name(), within, ..Span::default() };
        attributes.record(&mut span);
        self.with(|spans| {
            spans.push(span);
            Id::from_u64(spans.len() as u64)
        })
    }
    fn record(&self, span: &Id, values: &Record<'_>) {
        self.with(|spans| values.record(&mut spans[place(span)]));
    }
    fn record_follows_from(&self, span: &Id, follows: &Id) {
        self.with(|spans| spans[place(span)].follows = Some(place(follows)));
    }
    fn event(&self, _: &tracing::Event<'_>) {}
    fn enter(&self, span: &Id) {
        ENTERED.with_borrow_mut(|entered| entered.push(place(span)));
    }
    fn exit(&self, _: &Id) {
        ENTERED.with_borrow_mut(Vec::pop);
    }
}
