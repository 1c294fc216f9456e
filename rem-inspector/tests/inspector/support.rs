//! A client of HTTP/1.1 that does what it is told and no more, and events for it to see.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use rem_core::{Bus, Ring};
use rem_inspector::Inspector;
use rem_macros::EventType;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The longest that a test waits for an answer.
pub(crate) const SOON: Duration = Duration::from_secs(20);

#[derive(EventType, Debug, Clone, Serialize, Deserialize)]
#[event(crate = rem_core, namespace = "order")]
pub(crate) enum Order {
    /// Somebody wants something.
    Placed {
        #[event(key)]
        order: u64,
        #[event(redact)]
        card: String,
    },
    #[event(alias = "payed")]
    Paid { order: u64, text: String },
    #[event(topic = "{order}.lost")]
    Lost { order: u64 },
}

pub(crate) fn placed(order: u64) -> Order {
    Order::Placed { order, card: "4929 1234".into() }
}

pub(crate) fn paid(order: u64) -> Order {
    Order::Paid { order, text: format!("Order {order}") }
}

/// A bus with a history, and an inspector of it.
pub(crate) fn inspected() -> (Bus, Inspector) {
    let bus = Bus::builder().history(Ring::events(10_000)).build();
    let inspector = rem_inspector::serve(&bus, "127.0.0.1:0").unwrap();
    (bus, inspector)
}

/// Waits until something is so.
pub(crate) fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + SOON;
    while !is_so() {
        assert!(Instant::now() < until, "{what} within {SOON:?}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| &**value)
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
        serde_json::from_str(&self.body).unwrap()
    }

    /// The kind of the error.
    #[track_caller]
    pub(crate) fn kind(&self) -> String {
        self.json()["error"]["kind"].as_str().unwrap().to_owned()
    }
}

/// Asks for something, and gives back what is answered with 200.
#[track_caller]
pub(crate) fn get(inspector: &Inspector, path: &str) -> Value {
    let answer = ask(inspector.address(), "GET", path, &[], "");
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    answer.json()
}

/// Sends a request, with these headers beside `Host`, and reads the answer to its end.
pub(crate) fn ask(
    to: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let mut reader = send(to, method, path, headers, body);
    let (status, headers) = head(&mut reader);
    let mut bytes = Vec::new();
    let is_chunked =
        headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
    if is_chunked {
        Chunks { reader, left: 0, is_over: false }.read_to_end(&mut bytes).unwrap();
    } else {
        let length = headers.iter().find(|(name, _)| name == "content-length");
        match length {
            Some((_, length)) => reader.take(length.parse().unwrap()).read_to_end(&mut bytes),
            None => reader.read_to_end(&mut bytes),
        }
        .unwrap();
    }
    Answer { status, headers, body: String::from_utf8(bytes).unwrap() }
}

fn send(
    to: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> BufReader<TcpStream> {
    let mut stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    let mut text = format!("{method} {path} HTTP/1.1\r\n");
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        write!(text, "Host: {to}\r\n").unwrap();
    }
    for (name, value) in headers {
        write!(text, "{name}: {value}\r\n").unwrap();
    }
    if !body.is_empty() {
        write!(text, "Content-Length: {}\r\n", body.len()).unwrap();
    }
    text += "Connection: close\r\n\r\n";
    stream.write_all((text + body).as_bytes()).unwrap();
    BufReader::new(stream)
}

/// The status and the headers, their names in lower case.
pub(crate) fn head(reader: &mut impl BufRead) -> (u16, Vec<(String, String)>) {
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let status =
        line.split(' ').nth(1).unwrap_or_else(|| panic!("no status in {line:?}")).parse().unwrap();
    let mut headers = Vec::new();
    loop {
        line.clear();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.push((name.to_lowercase(), value.to_owned()));
    }
    (status, headers)
}

/// A body in chunks, as it comes.
pub(crate) struct Chunks {
    reader: BufReader<TcpStream>,
    left: usize,
    is_over: bool,
}

impl Read for Chunks {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        while self.left == 0 && !self.is_over {
            let mut line = String::new();
            if self.reader.read_line(&mut line)? == 0 {
                self.is_over = true;
                break;
            }
            let text = line.trim();
            if text.is_empty() {
                continue;
            }
            self.left = usize::from_str_radix(text, 16).map_err(std::io::Error::other)?;
            self.is_over = self.left == 0;
        }
        let most = self.left.min(out.len());
        let read = self.reader.read(&mut out[..most])?;
        self.left -= read;
        Ok(read)
    }
}

/// A message of a stream.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) event: String,
    pub(crate) id: Option<u64>,
    pub(crate) data: Value,
}

/// A stream that is read as `EventSource` reads it.
pub(crate) struct Stream {
    lines: BufReader<Chunks>,
    pub(crate) last_id: Option<u64>,
    /// By when a test has seen what it waits for.
    until: Instant,
}

impl Stream {
    #[track_caller]
    pub(crate) fn open(to: SocketAddr, path: &str, last_id: Option<u64>) -> Self {
        let id = last_id.map(|id| id.to_string());
        let headers: Vec<_> = id.iter().map(|id| ("Last-Event-ID", id.as_str())).collect();
        let mut reader = send(to, "GET", path, &headers, "");
        let (status, headers) = head(&mut reader);
        assert_eq!(status, 200, "{path}: {headers:?}");
        assert!(
            headers
                .iter()
                .any(|(name, value)| name == "content-type" && value == "text/event-stream")
        );
        let chunks = Chunks { reader, left: 0, is_over: false };
        Self { lines: BufReader::new(chunks), last_id, until: Instant::now() + 2 * SOON }
    }

    /// The next message; `None` at the end of the stream.
    pub(crate) fn next(&mut self) -> Option<Message> {
        let (mut event, mut id, mut data) = (String::from("message"), None, Vec::new());
        assert!(Instant::now() < self.until, "what is waited for does not come");
        loop {
            let mut line = String::new();
            match self.lines.read_line(&mut line) {
                Ok(0) => return None,
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("nothing came within {SOON:?}: {error}"),
            }
            let line = line.trim_end_matches('\n');
            match line.split_once(": ").unwrap_or((line, "")) {
                ("event", value) => value.clone_into(&mut event),
                ("id", value) => id = Some(value.parse().unwrap()),
                ("data", value) => data.push(value.to_owned()),
                ("", _) => break,
                other => panic!("{other:?} is no line of a stream"),
            }
        }
        if id.is_some() {
            self.last_id = id;
        }
        let data = serde_json::from_str(&data.join("\n")).unwrap();
        Some(Message { event, id, data })
    }

    /// Passes over messages until one of that kind comes.
    #[track_caller]
    pub(crate) fn until(&mut self, event: &str) -> Message {
        let until = Instant::now() + SOON;
        while Instant::now() < until {
            let message =
                self.next().unwrap_or_else(|| panic!("the stream ended before `{event}`"));
            if message.event == event {
                return message;
            }
        }
        panic!("no `{event}` within {SOON:?}");
    }

    /// Breaks the connection off.
    pub(crate) fn cut(self) {
        let _ = self.lines.get_ref().reader.get_ref().shutdown(Shutdown::Both);
    }
}
