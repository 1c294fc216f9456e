//! `rem watch`: what is live, connected again where it was when the connection breaks.

use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use clap::ArgMatches;
use serde_json::json;

use crate::Ended;
use crate::failure::Failure;
use crate::nats::{Come, Nats};
use crate::output::{self, Out};
use crate::remote::Remote;
use crate::shown::value_of;
use crate::source::{Kind, inspector, named};
use crate::wanted::Wanted;

/// How long it waits before it connects again, and how often in a row it does in vain.
const AGAIN: Duration = Duration::from_millis(500);
const TIMES: u32 = 20;
/// How many events of a mesh it shows a second unless told, as an inspector does.
const USUAL: u16 = 50;

pub(crate) fn run(matches: &ArgMatches) -> Ended {
    let wanted = Wanted::read(matches)?;
    match Kind::of(named(matches)) {
        Kind::Inspector => program(matches, &inspector(matches)?, wanted),
        Kind::Mesh => mesh(matches, named(matches), &wanted),
        Kind::Journal => Err(Failure::usage(
            "a journal is not live: name a running inspector, as http://127.0.0.1:7878, or a server of NATS, as nats://127.0.0.1:4222; \
             or ask the journal by `rem query`",
        )),
    }
}

/// What a program publishes, by its inspector.
fn program(matches: &ArgMatches, remote: &Remote, wanted: Wanted) -> Ended {
    let mut query = vec![("pattern", wanted.pattern.clone())];
    query.extend(wanted.source.map(|source| ("from_source", source)));
    query.extend(wanted.story.map(|story| ("correlation", story.to_string())));
    query.extend(wanted.search.map(|search| ("search", search)));
    if matches.get_flag("all") {
        query.push(("all", "true".into()));
    }
    query.extend(matches.get_one::<u16>("rate").map(|rate| ("rate", rate.to_string())));
    let mut left = matches.get_one::<u64>("count").copied().unwrap_or(u64::MAX);
    let mut out = Out::new(matches.get_flag("json"));
    let (mut last, mut times) = (wanted.after, 0);
    while left > 0 {
        let mut stream = match remote.stream(&query, last) {
            Ok(stream) => stream,
            // The first time nobody is there to be waited for.
            Err(failure) if times == 0 || times == TIMES => return Err(failure),
            Err(_) => {
                times += 1;
                thread::sleep(AGAIN);
                continue;
            }
        };
        times = 1;
        while let Some(message) = stream.next() {
            last = message.id.or(last);
            match message.event.as_str() {
                "event" => {
                    out.event(&message.data)?;
                    out.flush()?;
                    left -= 1;
                    if left == 0 {
                        break;
                    }
                }
                "hello" => last = last.or(message.data["position"].as_u64()),
                "sampled" if !out.is_json => {
                    let data = &message.data;
                    out.told(&format!(
                        "of #{} to #{} {} are left out",
                        data["from"], data["to"], data["left_out"]
                    ))?;
                }
                "gap" if !out.is_json => {
                    let data = &message.data;
                    out.told(&format!(
                        "#{} to #{} cannot be had: {}",
                        data["from"], data["to"], data["why"]
                    ))?;
                }
                "sampled" | "gap" => {
                    out.json(&json!({ message.event.as_str(): message.data }))?;
                }
                "bye" => {
                    output::note("the program has closed its inspector");
                    return Ok(ExitCode::SUCCESS);
                }
                _ => {}
            }
        }
        if left > 0 {
            output::note("the connection is broken, and made again");
            thread::sleep(AGAIN);
        }
    }
    out.flush()?;
    Ok::<_, Failure>(ExitCode::SUCCESS)
}

/// What the nodes of a mesh publish, by a node of its own.
fn mesh(matches: &ArgMatches, url: &str, wanted: &Wanted) -> Ended {
    let mut left = matches.get_one::<u64>("count").copied().unwrap_or(u64::MAX);
    let mut out = Out::new(matches.get_flag("json"));
    let rate = matches.get_one::<u16>("rate").copied().unwrap_or(USUAL);
    let mut sample = Sample::new((!matches.get_flag("all")).then_some(rate));
    let mut nats = Nats::to_listen(matches, url, &wanted.pattern)?;
    if left == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    nats.listen(wanted, wanted.after.is_some(), |come| {
        if let Some(left_out) = sample.over() {
            if out.is_json {
                out.json(&json!({ "sampled": { "left_out": left_out } }))?;
            } else {
                out.told(&format!("{left_out} more came, and are left out"))?;
            }
        }
        match come {
            Come::Event(event) => {
                // What is past waits to be read: none of it has to be left out.
                if event.sequence().is_some() || sample.takes() {
                    out.event(&value_of(&event))?;
                    left -= 1;
                }
            }
            Come::Gap(why) if out.is_json => out.json(&json!({ "gap": { "why": why } }))?,
            Come::Gap(why) => out.told(&why)?,
            Come::Told(text) => output::note(&text),
            Come::Nothing => {}
        }
        out.flush()?;
        Ok(left > 0)
    })?;
    Ok(ExitCode::SUCCESS)
}

/// So many events a second.
struct Sample {
    rate: Option<u16>,
    begun: Instant,
    taken: u16,
    left_out: u64,
}

impl Sample {
    fn new(rate: Option<u16>) -> Self {
        Self { rate, begun: Instant::now(), taken: 0, left_out: 0 }
    }

    /// How many were left out in a second that is over, if any were.
    fn over(&mut self) -> Option<u64> {
        if self.begun.elapsed() < Duration::from_secs(1) {
            return None;
        }
        (self.begun, self.taken) = (Instant::now(), 0);
        Some(std::mem::take(&mut self.left_out)).filter(|left_out| *left_out > 0)
    }

    fn takes(&mut self) -> bool {
        let takes = self.rate.is_none_or(|rate| self.taken < rate);
        if takes {
            self.taken = self.taken.saturating_add(1);
        } else {
            self.left_out += 1;
        }
        takes
    }
}
