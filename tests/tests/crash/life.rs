//! One life: a process that publishes, and how it comes to its end.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use rem_tests::crash::{Plan, Told, draw};

/// A life that tells nothing for so long hangs.
const HANG: Duration = Duration::from_secs(60);

/// When a process is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// So long after it was started, most often while it opens and repairs its journal.
    Opening(Duration),
    /// So long after it has told so much.
    Publishing(usize, Duration),
    /// So long after it was asked to close its journal, having told so much.
    Closing(usize, Duration),
    /// Not at all: it is asked to close its journal, having told so much, and does.
    Closed(usize),
}

impl End {
    fn draw(plan: &Plan) -> Self {
        let drawn = |what: &str, most: u64| draw((plan.seed, plan.life, what)) % most;
        let micros = |what, most| Duration::from_micros(drawn(what, most));
        let told = usize::try_from(drawn("told", 1_500)).unwrap_or_default();
        match drawn("end", 12) {
            0 | 1 => Self::Opening(micros("opening", 30_000)),
            2 => Self::Closing(told, micros("closing", 4_000)),
            3 => Self::Closed(told),
            _ => Self::Publishing(told, micros("publishing", 4_000)),
        }
    }
}

/// What a life told, and how it ended.
#[derive(Debug)]
pub(crate) struct Lived {
    pub(crate) told: Vec<Told>,
    pub(crate) was_killed: bool,
}

/// Lives by that plan, and is killed when its seed says.
pub(crate) fn live(plan: &Plan) -> Lived {
    let end = End::draw(plan);
    let mut process = Process::start(plan);
    let begun = Instant::now();
    match end {
        End::Opening(after) => process.hear_until(begun + after),
        End::Publishing(told, after) => {
            process.hear(told);
            process.hear_until(Instant::now() + after);
        }
        End::Closing(told, after) => {
            process.hear(told);
            process.close();
            process.hear_until(Instant::now() + after);
        }
        End::Closed(told) => {
            process.hear(told);
            process.close();
            return process.end();
        }
    }
    process.kill()
}

struct Process {
    child: Child,
    /// What ends it when it is dropped.
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    told: Vec<Told>,
}

impl Process {
    fn start(plan: &Plan) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_crash_child"))
            .arg(serde_json::to_string(plan).unwrap())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (tell, lines) = channel();
        // It ends with the pipe, and that with the process.
        thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let _ = tell.send(line);
            }
        });
        Self { input: child.stdin.take(), child, lines, told: Vec::new() }
    }

    /// Hears so many lines, or all that there are.
    fn hear(&mut self, lines: usize) {
        while self.told.len() < lines && self.one(HANG).unwrap() {}
    }

    /// Hears what comes until then.
    fn hear_until(&mut self, until: Instant) {
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || !self.one(left).unwrap_or(false) {
                break;
            }
        }
    }

    /// Hears one line; `false` if none will ever come.
    fn one(&mut self, limit: Duration) -> Result<bool, String> {
        match self.lines.recv_timeout(limit) {
            Ok(line) => {
                // The last one of a process that was killed may be cut.
                self.told.extend(serde_json::from_str::<Told>(&line));
                Ok(true)
            }
            Err(RecvTimeoutError::Disconnected) => Ok(false),
            Err(RecvTimeoutError::Timeout) => Err(format!("nothing was told for {limit:?}")),
        }
    }

    fn close(&mut self) {
        self.input = None;
    }

    fn kill(mut self) -> Lived {
        // It may have come to its end already, and then there is nothing to be killed.
        let _ = self.child.kill();
        self.end()
    }

    fn end(mut self) -> Lived {
        while self.one(HANG).unwrap() {}
        let status = self.child.wait().unwrap();
        if let Some(code) = status.code().filter(|code| *code != 0) {
            self.told.push(Told::Fault(format!("it ended with {code}")));
        }
        Lived { told: std::mem::take(&mut self.told), was_killed: status.code().is_none() }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Only a test that fails drops one that lives.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
