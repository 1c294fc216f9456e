//! How a mesh grows: what 1,000 nodes with 10,000 subscriptions each ask their brokers for, by the real minimisation; what a broker then
//! holds; and how many nodes each event reaches, of which how many want it. `docs/scale.md` says what follows from it. Where there is a
//! server of NATS (`cargo xtask servers`), also what a subject takes of its memory.
//!
//! `cargo bench --bench scale` takes some minutes; as a test it does it with few. `-- NODES SUBSCRIPTIONS` says how many.
#![expect(clippy::unwrap_used, reason = "what fails in a benchmark should end it")]
#![expect(clippy::print_stdout, reason = "a report")]

use std::collections::HashSet;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use rem::Pattern;
use rem::mesh::{Subject, SubjectFilter, subjects_for};
use rem_benches::results;
use rem_nats::testing::{Server, Version};

/// How many subjects a node asks for at most: what a mesh does unless told.
const MOST: usize = 1_000;
/// Orders that there are, for each subscription of a node.
const ORDERS: u64 = 1_000;
const REGIONS: u64 = 20;
const EVENTS: [&str; 5] = ["placed", "paid", "packed", "shipped", "returned"];
/// Events that are looked at for how far they go.
const SAMPLES: u64 = 200;

/// Numbers by a seed, as good as is needed here.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % limit
    }
}

/// How nodes subscribe.
struct Way {
    name: &'static str,
    /// The subscriptions of a node.
    subscribes: fn(Crowd, u64, &mut Random) -> Vec<String>,
    /// The topic of an event of that order.
    topic: fn(Crowd, u64, &mut Random) -> String,
}

#[derive(Clone, Copy)]
struct Crowd {
    nodes: u64,
    each: u64,
}

impl Crowd {
    fn orders(self) -> u64 {
        self.each * ORDERS
    }

    fn any(self, random: &mut Random) -> u64 {
        random.below(self.orders())
    }

    /// One of those that belong to that node.
    fn of_part(self, part: u64, random: &mut Random) -> u64 {
        let any = self.any(random);
        any - any % self.nodes + part
    }
}

fn event(random: &mut Random) -> &'static str {
    EVENTS[usize::try_from(random.below(5)).unwrap()]
}

const WAYS: &[Way] = &[
    Way {
        name: "kinds of event: every component of a node listens to one kind in one region",
        subscribes: |crowd, _, random| {
            let one = |_| format!("order.r{}.*.{}", random.below(REGIONS), event(random));
            (0..crowd.each).map(one).collect()
        },
        topic: |crowd, order, random| {
            format!("order.r{}.{order}.{}", order % REGIONS.min(crowd.nodes), event(random))
        },
    },
    Way {
        name: "things, anywhere: a node follows orders of its own choice",
        subscribes: |crowd, _, random| {
            (0..crowd.each).map(|_| format!("order.{}.**", crowd.any(random))).collect()
        },
        topic: |_, order, random| format!("order.{order}.{}", event(random)),
    },
    Way {
        name: "things, by partition: the same, where the topic names the node's part of them",
        subscribes: |crowd, node, random| {
            let part = format!("order.p{node}");
            (0..crowd.each).map(|_| format!("{part}.{}.**", crowd.of_part(node, random))).collect()
        },
        topic: |crowd, order, random| {
            format!("order.p{}.{order}.{}", order % crowd.nodes, event(random))
        },
    },
    Way {
        name: "things, by home: in a part each, and one in a hundred in another's",
        subscribes: |crowd, node, random| {
            let mut one = |number| {
                let part = if number % 100 == 0 { random.below(crowd.nodes) } else { node };
                format!("order.p{part}.{}.**", crowd.of_part(part, random))
            };
            (0..crowd.each).map(&mut one).collect()
        },
        topic: |crowd, order, random| {
            format!("order.p{}.{order}.{}", order % crowd.nodes, event(random))
        },
    },
];

/// What a crowd of nodes comes to.
#[derive(Default)]
struct Found {
    /// What all ask for.
    asked: usize,
    /// The most that one asks for.
    largest: usize,
    different: HashSet<SubjectFilter>,
    took: Duration,
    slowest: Duration,
    /// Of the events that were looked at: how many nodes are given them, and how many of these want them.
    given: usize,
    wanted: usize,
}

fn simulate(way: &Way, crowd: Crowd) -> Found {
    let mut random = Random(1);
    let samples: Vec<String> = (0..SAMPLES)
        .map(|_| {
            let order = crowd.any(&mut random);
            (way.topic)(crowd, order, &mut random)
        })
        .collect();
    let subjects: Vec<Subject> =
        samples.iter().map(|topic| Subject::parse(format!("rem.main.{topic}")).unwrap()).collect();
    let imports = [Pattern::parse("order").unwrap()];
    let mut found = Found::default();
    for node in 0..crowd.nodes {
        let texts = (way.subscribes)(crowd, node, &mut random);
        let patterns: Vec<_> = texts.iter().map(|text| Pattern::parse(text).unwrap()).collect();
        let start = Instant::now();
        let asked = subjects_for("main", &imports, &patterns, MOST).unwrap();
        let took = start.elapsed();
        found.took += took;
        found.slowest = found.slowest.max(took);
        found.asked += asked.len();
        found.largest = found.largest.max(asked.len());
        for (topic, subject) in samples.iter().zip(&subjects) {
            if asked.iter().any(|filter| filter.selects(subject)) {
                found.given += 1;
                found.wanted += usize::from(patterns.iter().any(|pattern| pattern.matches(topic)));
            }
        }
        found.different.extend(asked);
    }
    found
}

/// Bytes of a server's memory for a subject, of so many; `None` where there is no server, or nobody says what it has.
fn weight(subjects: u32) -> Option<f64> {
    let server = Server::start(Version::Modern).ok()?;
    let memory = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid()?)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok()
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (before, after) = runtime.block_on(async {
        let client = async_nats::connect(server.url()).await.unwrap();
        let mut known = client.subscribe("known").await.unwrap();
        let mut held = Vec::new();
        let before = memory();
        for subject in 0..subjects {
            held.push(client.subscribe(format!("rem.main.order.{subject}.>")).await.unwrap());
        }
        // Its own message comes back when the server knows all that was asked for before.
        client.publish("known", bytes::Bytes::new()).await.unwrap();
        known.next().await.unwrap();
        (before, memory())
    });
    Some((after? - before?) * 1_024.0 / f64::from(subjects))
}

fn main() {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let mut asked = std::env::args().skip(1).filter_map(|argument| argument.parse().ok());
    let (nodes, each) = if is_bench { (1_000, 10_000) } else { (10, 100) };
    let (nodes, each) = (asked.next().unwrap_or(nodes), asked.next().unwrap_or(each));
    let crowd = Crowd { nodes, each };
    let subjects = if is_bench { 200_000 } else { 1_000 };
    match weight(subjects) {
        Some(bytes) => println!("a subject of {subjects} takes {bytes:.0} bytes of a server"),
        None => println!("a subject's weight is not measured: there is no server, or no /proc"),
    }
    println!("{nodes} nodes with {each} subscriptions each, at most {MOST} subjects a node");
    #[expect(clippy::cast_precision_loss, reason = "counts far below what a float can tell apart")]
    for way in WAYS {
        let found = simulate(way, crowd);
        let (given, wanted) = (found.given as f64, found.wanted as f64);
        println!("{}", way.name);
        for (what, figure, unit) in [
            ("asked for", found.asked as f64 / nodes as f64, "subjects a node"),
            ("asked for, the most", found.largest as f64, "subjects"),
            ("an event is given to", given / SAMPLES as f64, "nodes"),
            ("an event is wanted by", wanted / SAMPLES as f64, "nodes"),
            ("to find them", found.took.as_secs_f64() * 1e3 / nodes as f64, "ms a node"),
        ] {
            results::median(&format!("{}: {what}", way.name), figure, unit);
        }
        println!(
            "  subjects: {:.1} a node, {} the most, {} in all, {} different",
            found.asked as f64 / nodes as f64,
            found.largest,
            found.asked,
            found.different.len()
        );
        println!(
            "  an event is given to {:.2} nodes, of which {:.2} want it",
            given / SAMPLES as f64,
            wanted / SAMPLES as f64,
        );
        println!(
            "  to find them: {:.1} ms a node, {:.1} ms the slowest",
            found.took.as_secs_f64() * 1e3 / nodes as f64,
            found.slowest.as_secs_f64() * 1e3
        );
    }
}
