//! `rem inspect`: the page of an inspector, upon a journal or a mesh.

use std::path::Path;
use std::process::ExitCode;
use std::thread;

use clap::ArgMatches;
use rem_core::{Bus, Ring};
use rem_inspector::{Inspector, InspectorBuilder, ServeErrorKind};
use serde_json::json;

use super::replay::again;
use crate::Ended;
use crate::failure::Failure;
use crate::local::Local;
use crate::nats::{Come, Nats};
use crate::output::{self, GOOD, Out};
use crate::source::Kind;
use crate::wanted::Wanted;

/// How many events of a mesh are kept to be looked at, and how many of the past it begins with, unless told.
const KEPT: u64 = 100_000;
/// How many bytes of them, however large they are.
const BYTES: u64 = 1 << 30;
const LAST: u64 = 1_000;

pub(crate) fn run(matches: &ArgMatches) -> Ended {
    let text = |name: &str| matches.get_one::<String>(name).map(String::as_str);
    let given = text("nats").or(text("SOURCE")).unwrap_or_default();
    match Kind::of(given) {
        Kind::Mesh => mesh(matches, given),
        // It may hold a password, and is not shown.
        _ if text("nats").is_some() => Err(Failure::usage(
            "what `--nats` names is no address of a server of NATS: write it as nats://127.0.0.1:4222",
        )),
        Kind::Inspector => Err(Failure::usage(format!(
            "an inspector serves its page itself: open {given} in a browser"
        ))),
        Kind::Journal => {
            let (path, local) = (Path::new(given), Local::open(given.as_ref())?);
            let title = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
            let builder = Inspector::builder(&local.bus).as_journal().title(title);
            let _inspector = serve(matches, builder)?;
            // Until the process is ended.
            loop {
                thread::park();
            }
        }
    }
}

/// Serves a bus on which all is published that comes over the mesh, behind what its stream kept.
fn mesh(matches: &ArgMatches, url: &str) -> Ended {
    let number = |name: &str| matches.get_one::<u64>(name).copied();
    let wanted = Wanted {
        pattern: "**".into(),
        last: Some(number("last").unwrap_or(LAST)),
        ..Wanted::default()
    };
    let mut nats = Nats::to_listen(matches, url, &wanted.pattern)?;
    let from_the_past = match nats.state() {
        Ok(_) => wanted.last != Some(0),
        // Who asks for it is told that there is none.
        Err(failure) if number("last").is_some_and(|last| last > 0) => return Err(failure),
        Err(_) => {
            output::note("the mesh has no stream: what was published before is not shown");
            false
        }
    };
    let keep = usize::try_from(number("keep").unwrap_or(KEPT)).unwrap_or(usize::MAX);
    let bus = Bus::builder().history(Ring::events(keep.max(1)).bytes(BYTES)).build();
    let builder = Inspector::builder(&bus).title(format!("mesh {}", nats.name()));
    let _inspector = serve(matches, builder)?;
    nats.listen(&wanted, from_the_past, |come| {
        match come {
            // It was published elsewhere, and is shown as it was. One that this bus does not take is no reason to end.
            Come::Event(event) => {
                if let Err(failure) = again(&bus, &event) {
                    output::note(&failure.to_string());
                }
            }
            Come::Gap(why) | Come::Told(why) => output::note(&why),
            Come::Nothing => {}
        }
        Ok(true)
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Serves it, and tells where.
fn serve(matches: &ArgMatches, mut builder: InspectorBuilder) -> Result<Inspector, Failure> {
    let text = |name: &str| matches.get_one::<String>(name).map(String::as_str);
    if matches.get_flag("unmasked") {
        builder = builder.unmasked();
    }
    if let Some(token) = text("token") {
        builder = builder.token(token);
    }
    let served = builder.serve(text("address").unwrap_or_default());
    let inspector = served.map_err(|error| {
        let said = error.to_string();
        match error.kind() {
            ServeErrorKind::Bind(_) | ServeErrorKind::Thread => Failure::source(said),
            ServeErrorKind::NoToken(address) => Failure::usage(format!(
                "{address} can be reached from other machines, and whoever reaches the page sees every event: give it a token, by \
                 `--token` or in REM_TOKEN, or serve it on 127.0.0.1"
            )),
            _ => Failure::usage(said),
        }
    })?;
    let mut out = Out::new(matches.get_flag("json"));
    if out.is_json {
        out.json(&json!({ "url": inspector.url() }))?;
    } else {
        out.line(GOOD, "look at", &format!(" {}  (Ctrl-C ends it)", inspector.url()))?;
    }
    out.flush()?;
    Ok(inspector)
}
