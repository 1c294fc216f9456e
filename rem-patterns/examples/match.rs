//! Which topics do these patterns select, and why? `match PATTERN… < topics`: a line a topic, and under it a line a pattern.

use std::io::{BufRead, Write};
use std::process::ExitCode;

use rem_patterns::{Pattern, Topic};

const USAGE: &str = "usage: match PATTERN… < topics
Reads a topic a line, and says which of the patterns select it, what they capture, and why the others do not.
Exit status: 0 if every topic was selected by some pattern, 1 if one was not, 2 if something could not be read.";

fn main() -> ExitCode {
    let texts: Vec<String> = std::env::args().skip(1).collect();
    if texts.is_empty() || texts.iter().any(|text| text == "--help") {
        return fail(USAGE);
    }
    let mut patterns = Vec::new();
    for text in texts {
        match Pattern::parse(&text) {
            Ok(pattern) => patterns.push(pattern),
            Err(error) => return fail(&error.to_string()),
        }
    }
    match explain_all(&patterns) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        // Whoever reads the answer has heard enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => fail(&format!("cannot go on: {error}")),
    }
}

fn fail(message: &str) -> ExitCode {
    // If there is nowhere to say it, the status says it.
    let _ = writeln!(std::io::stderr(), "{message}");
    ExitCode::from(2)
}

/// Whether every line was a topic that some pattern selects.
fn explain_all(patterns: &[Pattern]) -> std::io::Result<bool> {
    let mut out = std::io::stdout().lock();
    let mut all = true;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        writeln!(out, "{line}")?;
        match Topic::parse(&line) {
            Ok(topic) => {
                for pattern in patterns {
                    writeln!(
                        out,
                        "  {} {pattern}: {}",
                        mark(pattern, &topic),
                        pattern.explain(&topic)
                    )?;
                }
                all &= patterns.iter().any(|pattern| pattern.matches(&topic));
            }
            Err(error) => {
                writeln!(out, "  ✗ no topic: {error}")?;
                all = false;
            }
        }
    }
    out.flush()?;
    Ok(all)
}

fn mark(pattern: &Pattern, topic: &Topic) -> char {
    if pattern.matches(topic) { '✓' } else { '✗' }
}
