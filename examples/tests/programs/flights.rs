//! The program `flights`: what it says, where, and how it ends.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use crate::text;

fn flights(arguments: &[&str], folder: &str) -> (Output, PathBuf) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(folder);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_flights"));
    let output = command.args(arguments).current_dir(&folder).output().unwrap();
    (output, folder)
}

#[test]
fn it_ends_well_and_says_where_the_plot_is() {
    let (output, folder) = flights(&["--limit", "3000"], "well");
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    assert_eq!(err, "", "no progress bar where nobody watches");
    for part in ["United", "6:00 ", "cancellations at EWR", "3,000 rows read", "events a second"] {
        assert!(out.contains(part), "`{part}` is not in: {out}");
    }
    assert!(out.contains("the plot is in target/flights.svg"), "{out}");
    assert!(folder.join("target/flights.svg").exists());
}

#[test]
fn a_damaged_file_ends_it_with_1_and_the_totals() {
    let year = fs::read(rem_examples::flights::YEAR).unwrap();
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("damaged.csv.gz");
    fs::write(&path, &year[..200_000]).unwrap();
    let (output, _) = flights(&[path.to_str().unwrap(), "--svg", "here.svg"], "damaged");
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{out}");
    assert!(out.contains("is damaged behind line"), "{out}");
    assert!(out.contains("0 rejected") && out.contains("United"), "{out}");
    assert!(text(&output.stderr).contains("is damaged behind line"));
}

#[test]
fn wrong_arguments_are_refused_with_what_is_right() {
    let cases = [
        (&["--pace", "0"][..], "--pace"),
        (&["--histry", "9"], "--history"),
        (&["no-such-file.csv"], "no-such-file.csv"),
    ];
    for (arguments, expected) in cases {
        let (output, _) = flights(arguments, "wrong");
        let err = text(&output.stderr);
        assert!(!output.status.success() && err.contains(expected), "{arguments:?}: {err}");
    }
    let (help, _) = flights(&["--help"], "help");
    let help = text(&help.stdout);
    for option in ["FILE", "--svg", "--pace", "--limit", "--history", "target/flights.svg", "20000"]
    {
        assert!(help.contains(option), "`{option}` is not in: {help}");
    }
}

#[cfg(feature = "inspect")]
mod inspected {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpStream;
    use std::process::{Child, Command, Stdio};
    use std::time::{Duration, Instant};

    use serde_json::Value;

    /// The longest that anything may take.
    const SOON: Duration = Duration::from_secs(60);

    /// The program, ended with the test.
    struct Running(Child);

    impl Drop for Running {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    /// What the inspector answers.
    fn get(address: &str, path: &str) -> Value {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")
            .unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).unwrap();
        let (head, body) = said.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 "), "{path}: {said}");
        // In one chunk or in several: their lengths stand on lines of their own.
        serde_json::from_str(body).unwrap_or_else(|_| {
            let parts = body.lines().filter(|line| u32::from_str_radix(line.trim(), 16).is_err());
            serde_json::from_str(&parts.collect::<String>()).unwrap()
        })
    }

    #[test]
    fn it_is_looked_into_while_it_runs_and_stays_when_it_has_ended() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_flights"));
        command.args(["--inspect", "127.0.0.1:0", "--limit", "3000"]).current_dir(folder.path());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let told = child.stderr.take().unwrap();
        let said = child.stdout.take().unwrap();
        let mut running = Running(child);
        let line = BufReader::new(told)
            .lines()
            .map_while(Result::ok)
            .find(|line| line.contains("look at"));
        let line = line.expect("it says where before it begins");
        let url = line.split_whitespace().find(|word| word.starts_with("http://")).unwrap();
        let address = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let about = get(&address, "/api/about");
        assert_eq!(
            [&about["title"], &about["source"]["kind"], &about["projections"], &about["sandbox"]],
            [&Value::from("flights"), &Value::from("bus"), &Value::from(1), &Value::from(true)]
        );
        // To its end, and then it is still there.
        let mut tables = String::new();
        for line in BufReader::new(said).lines().map_while(Result::ok) {
            tables.push_str(&line);
            if line.contains("until Ctrl-C") {
                break;
            }
        }
        assert!(tables.contains("United") && tables.contains("look at http://"), "{tables}");
        assert!(running.0.try_wait().unwrap().is_none(), "it stays");
        let topics = get(&address, "/api/topics?pattern=flight.ua.**&order=published");
        assert!(topics["total"].as_u64().unwrap() > 3, "{topics}");
        let begun = Instant::now();
        let total = loop {
            let state = get(&address, "/api/projections/totals/state");
            let total = |name: &str| -> u64 {
                let carriers = state["state"].as_object();
                carriers.into_iter().flatten().filter_map(|(_, it)| it[name].as_u64()).sum()
            };
            let all = total("departed") + total("arrived") + total("cancelled");
            if Some(all) == get(&address, "/api/history")["to"].as_u64() || begun.elapsed() > SOON {
                break (all, get(&address, "/api/history")["to"].as_u64());
            }
        };
        assert_eq!(Some(total.0), total.1, "each event is in the totals");
        let page = get(&address, "/api/events?last=1");
        assert_eq!(page["events"][0]["type"], "FlightEvent");
    }
}
