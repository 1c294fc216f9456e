//! The parts of a run, in the order in which they are run and told.

/// The package of the benchmarks.
pub(crate) const PACKAGE: &str = "rem-benches";

/// One benchmark with its arguments.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) name: &'static str,
    /// What it measures, in a few words.
    pub(crate) what: &'static str,
    /// Its target; the one part without runs in other runtimes.
    pub(crate) bench: Option<&'static str>,
    pub(crate) arguments: &'static [&'static str],
    /// About how long it takes, in seconds, for the progress bar.
    pub(crate) about: u64,
    /// Whether it runs only when it is asked for.
    pub(crate) long: bool,
}

const fn part(name: &'static str, what: &'static str, about: u64) -> Part {
    Part { name, what, bench: Some(name), arguments: &[], about, long: false }
}

impl Part {
    const fn with(mut self, arguments: &'static [&'static str]) -> Self {
        self.arguments = arguments;
        self
    }

    const fn of(mut self, bench: &'static str) -> Self {
        self.bench = Some(bench);
        self
    }

    const fn long(mut self) -> Self {
        self.long = true;
        self
    }
}

pub(crate) const PARTS: &[Part] = &[
    part("peers", "the bus beside the crates that programs use in its place", 40),
    part("growth", "how the cost of an event grows", 60),
    Part {
        bench: None,
        ..part("elsewhere", "event libraries of Python and Node.js, each in its own runtime", 20)
    },
    part("publish", "a publish, beside what programs write by hand", 40).with(&["--bars"]),
    part("index", "patterns, beside the topic trees of others", 120),
    part("subscriptions", "a bus with up to a million subscriptions", 30),
    part("signals", "signals, beside a loop over closures", 30).with(&["--bars"]),
    part("tasks", "tasks, beside tokio's broadcast", 10),
    part("causes", "what it costs to know causes", 10),
    part("middleware", "what each middleware costs", 50),
    part("cloud_events", "cloud events, beside serde_json", 15).with(&["--ratios"]),
    part("files", "analysis, export and import, beside code by hand", 20),
    part("journal", "the journal, beside the database below it", 45),
    part("projections", "projections over 10,000,000 events in a ring", 30),
    // A fifth of the units: whole, it takes five minutes.
    part("partition", "units of work", 70).with(&["200000"]),
    part("mesh", "a mesh through a broker in memory", 45),
    part("nats", "a mesh over a server of NATS, beside its client alone", 110),
    part("inspector", "what an inspector costs", 110),
    part("large-journal", "a journal of 10,000,000 events on 10,000 topics", 240)
        .of("journal")
        .with(&["--large", "10000000"])
        .long(),
    part("projected-journal", "projections over 10,000,000 events in a journal", 240)
        .of("projections")
        .with(&["--journal"])
        .long(),
    part("scale", "what 1,000 nodes with 10,000 subscriptions each ask of their brokers", 300)
        .long(),
];
