//! Instructions, counted by valgrind's callgrind: they do not hang on what else the machine does.

use std::process::Command;

/// How many instructions this program takes when it is run with these arguments.
///
/// # Errors
/// When valgrind is not installed, or says no number.
pub fn count(arguments: &[&str]) -> Result<u64, String> {
    collected(&[], arguments)
}

/// How many it takes within a function of that name, which must not be inlined, in the threads that call it: what comes before is in no
/// count.
///
/// # Errors
/// As for [`count`].
pub fn within(function: &str, arguments: &[&str]) -> Result<u64, String> {
    let toggle = format!("--toggle-collect=*{function}*");
    collected(&["--collect-atstart=no", &toggle], arguments)
}

fn collected(options: &[&str], arguments: &[&str]) -> Result<u64, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .args(options)
        .arg(program)
        .args(arguments)
        .output()
        .map_err(|error| {
            format!("valgrind did not start ({error}); install it, as the package `valgrind`")
        })?;
    let said = String::from_utf8_lossy(&output.stderr);
    let collected = said.lines().find_map(|line| line.split_once("Collected : "));
    let collected = collected.and_then(|(_, number)| number.trim().parse().ok());
    collected.ok_or_else(|| format!("callgrind named no number:\n{said}"))
}

/// How many one call takes: what is left when the program's run without any is taken off.
///
/// # Errors
/// As for [`count`].
pub fn each(arguments: impl Fn(&str) -> Vec<String>, calls: u32) -> Result<f64, String> {
    let count = |calls: u32| {
        let arguments = arguments(&calls.to_string());
        count(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let (none, all) = (count(0)?, count(calls)?);
    // A count of instructions is far below what a float can tell apart.
    #[expect(clippy::cast_precision_loss, reason = "as above")]
    Ok(all.saturating_sub(none) as f64 / f64::from(calls))
}
