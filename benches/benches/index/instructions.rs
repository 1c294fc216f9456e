//! Instructions a match, counted by callgrind: this program again, with nothing but an index and matches.

use std::process::Command;

/// Enough that the filling, which differs from run to run with the seeds of its hashes, does not show.
const MATCHES: u64 = 1_024_000;

pub(crate) fn run() {
    let mut before = None;
    for patterns in [10_000, 1_000_000] {
        let counted = count(patterns, 0).and_then(|filling| {
            let all = count(patterns, MATCHES)?;
            Ok(all.saturating_sub(filling) as f64 / MATCHES as f64)
        });
        match counted {
            Ok(each) => {
                let ratio = before.map_or_else(String::new, |before| {
                    format!(", {:.2} × that at 10,000", each / before)
                });
                println!("{patterns} patterns: {each:.0} instructions a match{ratio}");
                before = Some(each);
            }
            Err(error) => return println!("instructions a match were NOT counted: {error}"),
        }
    }
}

/// What callgrind collected in one run.
fn count(patterns: u64, matches: u64) -> Result<u64, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["--one", &patterns.to_string(), &matches.to_string()])
        .output()
        .map_err(|error| {
            format!("valgrind did not start ({error}); install it, as the package `valgrind`")
        })?;
    let said = String::from_utf8_lossy(&output.stderr);
    let collected = said.lines().find_map(|line| line.split_once("Collected : "));
    let collected = collected.and_then(|(_, number)| number.trim().parse().ok());
    collected.ok_or_else(|| format!("callgrind named no number:\n{said}"))
}
