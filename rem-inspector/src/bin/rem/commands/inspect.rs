//! `rem inspect`: the page of an inspector, upon a journal.

use std::path::PathBuf;

use clap::ArgMatches;
use rem_inspector::{Inspector, ServeErrorKind};
use serde_json::json;

use crate::Ended;
use crate::failure::Failure;
use crate::local::Local;
use crate::output::{GOOD, Out};

pub(crate) fn run(matches: &ArgMatches) -> Ended {
    let text = |name: &str| matches.get_one::<String>(name).map(String::as_str);
    let path = matches.get_one::<PathBuf>("JOURNAL").cloned().unwrap_or_default();
    let local = Local::open(&path)?;
    let title = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let mut builder = Inspector::builder(&local.bus).as_journal().title(title);
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
    // Until the process is ended.
    loop {
        std::thread::park();
    }
}
