//! The story: three processes, one of them killed and started again, and what each has counted at the end.

use std::fmt;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use comfy_table::{CellAlignment, Table as Text, presets};
use indicatif::HumanCount;

use crate::Ended;
use crate::said::{OFTEN, Said, Totals};

/// How long all of it may take.
const LIMIT: Duration = Duration::from_secs(100);

/// Who says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Tower,
    Desk,
    Board,
}

impl Who {
    fn name(self) -> &'static str {
        match self {
            Self::Tower => "tower",
            Self::Desk => "desk",
            Self::Board => "board",
        }
    }
}

/// What one says; `None` when it has ended.
type Line = (Who, u32, Option<Said>);

/// Where the processes are started.
struct Stage<'a> {
    url: String,
    mesh: String,
    folder: &'a Path,
    rows: usize,
    tell: Sender<Line>,
    lines: Receiver<Line>,
    until: Instant,
}

/// One that runs; dropped, it is killed, by its process id.
struct Process {
    who: Who,
    child: Child,
    input: Option<ChildStdin>,
}

/// How far the three are.
#[derive(Default)]
struct Far {
    tower: u64,
    desk: u64,
    board: u64,
    notices: u64,
    ended: [Option<Totals>; 3],
}

pub(crate) fn tell(url: String, rows: usize) -> Ended<Table> {
    let folder = tempfile::tempdir()?;
    let (tell, lines) = channel();
    // A name of its own: what another run has left on the server is none of this one's.
    let mesh = format!("flights-{}-{}", std::process::id(), folder.path().display());
    let mesh = mesh.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
    let until = Instant::now() + LIMIT;
    let stage = Stage { url, mesh, folder: folder.path(), rows, tell, lines, until };
    let mut far = Far::default();

    let (mut desk, board) = (stage.start(Who::Desk)?, stage.start(Who::Board)?);
    let tower = stage.start(Who::Tower)?;
    println!("{desk}, {board} and {tower} are started");

    let quarter = (rows as u64 / 4).max(1);
    stage.until(&mut far, desk.child.id(), |far| far.desk + OFTEN > quarter)?;
    desk.kill()?;
    println!(
        "{desk} is killed when it has {} flights; the tower has published {}",
        HumanCount(far.desk),
        HumanCount(far.tower)
    );
    stage.until(&mut far, 0, |far| far.ended[0].is_some() || far.tower >= 3 * quarter)?;
    println!("meanwhile the tower has published {}", HumanCount(far.tower));
    desk = stage.start(Who::Desk)?;
    println!("{desk} is started again");

    stage.until(&mut far, desk.child.id(), |far| far.ended[0].is_some())?;
    let published = far.ended[0].clone().unwrap_or_default();
    let (flights, called_off) = (published.flights(), published.of("called off"));
    // Told now and then, so that the last few are known at the end alone.
    stage.until(&mut far, desk.child.id(), |far| {
        far.desk + OFTEN > flights && far.board + OFTEN > flights && far.notices >= called_off
    })?;
    let desk_id = desk.child.id();
    let mut ends = [desk, board];
    for process in &mut ends {
        process.input = None;
    }
    stage.until(&mut far, desk_id, |far| far.ended.iter().all(Option::is_some))?;
    drop((ends, tower));
    let [tower, desk, board] = far.ended.map(Option::unwrap_or_default);
    Ok(Table { tower, desk, board })
}

impl Stage<'_> {
    fn start(&self, who: Who) -> Ended<Process> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--role", who.name(), "--nats", &self.url, "--mesh", &self.mesh])
            .args(["--rows", &self.rows.to_string(), "--folder"])
            .arg(self.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let out = child.stdout.take().ok_or("it has no standard output")?;
        let (tell, id) = (self.tell.clone(), child.id());
        thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                // The last line of one that was killed may be cut.
                if let Ok(said) = serde_json::from_str(&line) {
                    let _ = tell.send((who, id, Some(said)));
                }
            }
            let _ = tell.send((who, id, None));
        });
        Ok(Process { who, input: child.stdin.take(), child })
    }

    /// Listens until that holds. `desk` is the process of the desk that is not to end before it has said its totals.
    fn until(&self, far: &mut Far, desk: u32, holds: impl Fn(&Far) -> bool) -> Ended<()> {
        while !holds(far) {
            let left = self.until.saturating_duration_since(Instant::now());
            let (who, id, said) = self.lines.recv_timeout(left).map_err(|_| {
                format!(
                    "it takes longer than {} s: the tower has published {}, the desk has {}, the board {} and {} notices",
                    LIMIT.as_secs(),
                    far.tower,
                    far.desk,
                    far.board,
                    far.notices
                )
            })?;
            match (who, said) {
                (Who::Tower, Some(Said::Flights(flights))) => far.tower = flights,
                (Who::Desk, Some(Said::Flights(flights))) => far.desk = flights,
                (Who::Board, Some(Said::Flights(flights))) => far.board = flights,
                (_, Some(Said::Notices(notices))) => far.notices = notices,
                (who, Some(Said::Ended(totals))) => far.ended[who as usize] = Some(totals),
                (Who::Desk, None) if id != desk => {}
                (who, None) if far.ended[who as usize].is_none() => {
                    return Err(
                        format!("the {} has ended before it was told to", who.name()).into()
                    );
                }
                (_, None) => {}
            }
        }
        Ok(())
    }
}

impl Process {
    /// As a crash would: `SIGKILL`, where there is one.
    fn kill(&mut self) -> Ended<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself, and then there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} (process {})", self.who.name(), self.child.id())
    }
}

/// What each has counted.
pub(crate) struct Table {
    tower: Totals,
    desk: Totals,
    board: Totals,
}

impl Table {
    /// Whether each has what was published, and there is notice of each that was called off.
    pub(crate) fn is_right(&self) -> bool {
        let same = |other: &Totals| {
            other.by_kind == self.tower.by_kind
                && other.minutes == self.tower.minutes
                && other.notices == self.tower.of("called off")
        };
        self.tower.flights() > 0 && same(&self.desk) && same(&self.board)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [&self.tower, &self.desk, &self.board];
        let mut text = Text::new();
        text.load_style(presets::UTF8_FULL_CONDENSED);
        text.set_header(["", "the tower published", "the desk keeps", "the board counted"]);
        for kind in ["departed", "arrived", "called off"] {
            let counts = all.map(|totals| HumanCount(totals.of(kind)).to_string());
            text.add_row([vec![kind.to_owned()], counts.into()].concat());
        }
        let minutes = all.map(|totals| totals.minutes.to_string());
        text.add_row([vec!["minutes late".to_owned()], minutes.into()].concat());
        let notices = all.map(|totals| HumanCount(totals.notices).to_string());
        let [_, desk, board] = notices;
        text.add_row(["called off, with notice", "", &desk, &board]);
        for column in text.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        writeln!(f, "{text}")?;
        if self.board.again > 0 {
            writeln!(f, "{} notices came twice, and were counted once", self.board.again)?;
        }
        f.write_str(if self.is_right() {
            "the totals are the same, though the desk was killed"
        } else {
            "THE TOTALS ARE WRONG"
        })
    }
}
