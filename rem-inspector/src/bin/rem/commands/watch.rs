//! `rem watch`: what is live, connected again where it was when the connection breaks.

use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use clap::ArgMatches;

use crate::Ended;
use crate::failure::Failure;
use crate::output::{self, Out};
use crate::source::Source;
use crate::wanted::Wanted;

/// How long it waits before it connects again, and how often in a row it does in vain.
const AGAIN: Duration = Duration::from_millis(500);
const TIMES: u32 = 20;

pub(crate) fn run(matches: &ArgMatches) -> Ended {
    let remote = Source::inspector(matches)?;
    let wanted = Wanted::read(matches)?;
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
                    out.json(&serde_json::json!({ message.event.as_str(): message.data }))?;
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
