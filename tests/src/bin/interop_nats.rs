//! Talks over a server of NATS with a program in another language that knows CloudEvents and not REM, both ways:
//! `interop_nats MODES PROGRAM ARGUMENT…`, where MODES is how many of the two modes of CloudEvents the program reads and writes.
//!
//! F15: ends with a failure if what the program read, live and from a stream, is not what was published, if what it published did not
//! come whole, or if either side took what is no event.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program speaks in a terminal")]

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use rem::cloudevents::Encoder;
use rem::journal::Journal;
use rem::mesh::{Level, Mesh, MeshEvent, Mode, Parcel, Refusal, Subject, Transport};
use rem::nats::NatsTransport;
use rem::prelude::*;
use rem::testing::Recorder;
use rem_nats::testing::{Server, Version};
use serde::{Deserialize, Serialize};
use serde_json::Value;

const LIMIT: Duration = Duration::from_secs(30);

type Failure = Box<dyn Error>;

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(namespace = "order")]
enum Order {
    Placed {
        id: u64,
        text: String,
        amount: Option<f64>,
    },
    #[event(topic = "{region}.shipped")]
    Shipped {
        region: String,
        lines: Vec<u32>,
    },
}

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(namespace = "greeting")]
enum Greeting {
    Said { text: String },
}

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let modes: usize = arguments.next().ok_or("say how many modes")?.parse()?;
    let server = Server::builder(Version::Modern).jetstream().start()?;
    let peer = Peer::start(arguments, &server)?;
    peer.until(|said| said.get("ready").is_some())?;
    let control = NatsTransport::builder(server.url()).build()?;
    block_on(control.connect())?;
    let live = reads_what_is_published(&server, &peer, modes)?;
    let kept = reads_what_is_kept(&server, &control, &peer, modes)?;
    refuses_what_is_none(&control, &peer)?;
    let came = publishes_what_is_read(&server, &control, modes)?;
    tell(&control, "peer.stop", Parcel::with_body, "")?;
    block_on(control.flush())?;
    println!("{live} read, {kept} read from streams, {came} came, nothing wrong was taken");
    Ok(())
}

const MODES: [(Mode, &str); 2] = [(Mode::Structured, "structured"), (Mode::Binary, "binary")];

/// What there is to be read.
fn publish(bus: &Bus) -> Result<Receipt, Failure> {
    let text = "€ \"quoted\" %41 \n".to_owned();
    bus.event(Order::Placed { id: 7, text, amount: Some(0.1) })
        .metadata("tenant", "acme €")
        .publish()?;
    Ok(bus.event(Order::Shipped { region: "é u".into(), lines: vec![1, 2] }).publish()?)
}

/// What this side has published, held against what the other reads.
fn is_read(bus: &Bus, peer: &Peer, name: &str) -> Result<usize, Failure> {
    let events = bus.query("order")?.events();
    for event in &events {
        let wanted: Value = serde_json::from_slice(&Encoder::new().structured(event)?)?;
        let found = peer.until(|said| said.get("read").is_some())?;
        let found = &found["read"];
        if found["mode"] != name {
            return Err(format!("it took {name} for {}", found["mode"]).into());
        }
        same(&wanted, found)?;
    }
    Ok(events.len())
}

/// What this side publishes, in each mode, the other reads as it was.
fn reads_what_is_published(server: &Server, peer: &Peer, modes: usize) -> Result<usize, Failure> {
    let mut read = 0;
    for (mode, name) in MODES.into_iter().take(modes) {
        let bus = Bus::builder().source("/shop/ü x").history(Ring::events(10)).build();
        let mesh = Mesh::builder(&bus)
            .transport(NatsTransport::builder(server.url()).build()?)
            .node(name)
            .mode(mode)
            .export("order")
            .join_blocking()?;
        publish(&bus)?;
        read += is_read(&bus, peer, name)?;
        if !mesh.leave(LIMIT).is_complete() {
            return Err("the mesh has not sent all".into());
        }
    }
    Ok(read)
}

/// What this side has stored in the stream of a mesh, in each mode, the other reads there later.
fn reads_what_is_kept(
    server: &Server,
    control: &NatsTransport,
    peer: &Peer,
    modes: usize,
) -> Result<usize, Failure> {
    let mut read = 0;
    for (mode, name) in MODES.into_iter().take(modes) {
        let journal = Journal::open(server.folder().join(format!("{name}.rem")))?;
        let bus = Bus::builder().source("/shop/ü x").history(journal).build();
        let mesh = Mesh::builder(&bus)
            .transport(NatsTransport::builder(server.url()).jetstream().build()?)
            .name(name)
            .node(name)
            .mode(mode)
            .export_at(Level::Durable, "order")
            .join_blocking()?;
        mesh.replicated(&publish(&bus)?).wait(LIMIT)?;
        tell(control, "peer.stream", Parcel::with_body, name)?;
        read += is_read(&bus, peer, name)?;
        if !mesh.leave(LIMIT).is_complete() {
            return Err("the mesh has not sent all".into());
        }
    }
    Ok(read)
}

/// Each attribute and the data, but for what headers write otherwise: all as text.
fn same(wanted: &Value, found: &Value) -> Result<(), Failure> {
    for (name, value) in wanted.as_object().ok_or("no object")? {
        let other = if name == "data" { &found["data"] } else { &found["attributes"][name] };
        let is_same = match name.as_str() {
            // To the millisecond, which is all that one of them keeps.
            "time" => moment(value) == moment(other),
            // Headers have no types, and so it names them.
            "remmeta" => true,
            _ => value == other || other.as_str() == Some(&format!("{value}")),
        };
        if !is_same {
            return Err(format!("`{name}` is {value}, and was read as {other}").into());
        }
    }
    Ok(())
}

fn moment(text: &Value) -> Option<String> {
    let text = text.as_str()?;
    let (date, rest) = text.split_at_checked(19)?;
    let digits: String =
        rest.strip_prefix('.')?.chars().take_while(char::is_ascii_digit).take(3).collect();
    Some(format!("{date}.{digits:0<3}"))
}

/// A document with no id is refused by the other side, or its reading proves nothing.
fn refuses_what_is_none(control: &NatsTransport, peer: &Peer) -> Result<(), Failure> {
    let typed = |parcel: Parcel, body| {
        parcel.header("content-type", "application/cloudevents+json").with_body(body)
    };
    tell(
        control,
        "rem.main.order.placed",
        typed,
        r#"{"specversion":"1.0","type":"x","source":"/a"}"#,
    )?;
    peer.until(|said| said.get("refused").is_some()).map(drop)
}

/// What the other side publishes comes as events, and what is none is refused and counted.
fn publishes_what_is_read(
    server: &Server,
    control: &NatsTransport,
    modes: usize,
) -> Result<usize, Failure> {
    let bus = Bus::new();
    let recorder = Recorder::<Greeting>::of(&bus, "greeting")?;
    let told = Recorder::<MeshEvent>::of(&bus, "$rem.mesh.**")?;
    let mesh = Mesh::builder(&bus)
        .transport(NatsTransport::builder(server.url()).build()?)
        .node("reader")
        .import("greeting")
        .always("greeting")
        .foreign(true)
        .join_blocking()?;
    tell(control, "peer.publish", Parcel::with_body, "")?;
    recorder.wait_for_count("greeting", modes, LIMIT)?;
    told.wait_for("$rem.mesh.refused", LIMIT)?;
    if mesh.stats().refused(Refusal::Malformed) == 0 {
        return Err(format!("what is no event was not refused: {}", mesh.stats()).into());
    }
    let came = recorder.events();
    for (at, event) in came.iter().enumerate() {
        let wanted = Greeting::Said { text: format!("hello {} €", at + 1) };
        let source = event.source().unwrap_or_default();
        let time = event.timestamp().to_string();
        let is_whole = event.data == wanted
            && source.starts_with("/peer/")
            && time.starts_with("2026-05-17T08:30:00.123")
            && event.metadata().get("tenant").and_then(Value::as_str) == Some("t 1 €");
        if !is_whole {
            return Err(format!("{event:?} came, and {wanted:?} was to").into());
        }
    }
    if came.len() != modes {
        return Err(format!("{} came, and {modes} were published", came.len()).into());
    }
    Ok(modes)
}

fn tell(
    control: &NatsTransport,
    subject: &str,
    put: impl Fn(Parcel, &'static str) -> Parcel,
    body: &'static str,
) -> Result<(), Failure> {
    let parcel = put(Parcel::new(Subject::parse(subject)?), body);
    Ok(block_on(control.publish(parcel))?)
}

fn block_on<T>(doing: impl Future<Output = T>) -> T {
    smol::block_on(doing)
}

/// The other side, ended with its handle.
struct Peer {
    child: Child,
    said: Receiver<String>,
}

impl Peer {
    fn start(mut command: impl Iterator<Item = String>, server: &Server) -> Result<Self, Failure> {
        let mut program = Command::new(command.next().ok_or("say which program")?);
        program.args(command).arg(server.url()).stdout(Stdio::piped());
        let mut child = program.spawn()?;
        let out = child.stdout.take().ok_or("it has no standard output")?;
        let (say, said) = channel();
        thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if say.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(Self { child, said })
    }

    /// The next that it says, if that is it.
    fn until(&self, is_it: impl Fn(&Value) -> bool) -> Result<Value, Failure> {
        let line = self.said.recv_timeout(LIMIT).map_err(|_| "the other side says nothing")?;
        let said: Value = serde_json::from_str(&line)?;
        if is_it(&said) { Ok(said) } else { Err(format!("it says {line}").into()) }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // What it says ends with it.
        let ended = loop {
            match self.said.recv_timeout(Duration::from_secs(5)) {
                Ok(_) => {}
                Err(error) => break error == RecvTimeoutError::Disconnected,
            }
        };
        if ended && self.child.wait().is_ok() {
            return;
        }
        // It was told to end and did not.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
