//! A client that does not read is cut off, counted, and told if it reads again.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rem_core::{Bus, Ring};
use rem_inspector::Inspector;
use socket2::{Domain, Socket, Type};

use crate::support::{Order, SOON, Stream, get, wait_for};

/// How many events there are to be read, and as many are kept.
const EVENTS: u32 = 4_000;

/// A bus with much to be read, more than sockets take, and an inspector of little patience.
fn inspected(patience: Duration) -> (Bus, Inspector) {
    let bus = Bus::builder().history(Ring::events(EVENTS as usize)).build();
    let inspector = Inspector::builder(&bus).patience(patience).serve("127.0.0.1:0").unwrap();
    let text = "x".repeat(12_000);
    for order in 0..u64::from(EVENTS) {
        bus.publish(Order::Paid { order, text: text.clone() }).unwrap();
    }
    (bus, inspector)
}

/// A stream that is asked for and not read. It takes little before it is: so it stalls at once, however slow the machine is.
fn opened(inspector: &Inspector) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(32 << 10).unwrap();
    socket.connect(&inspector.address().into()).unwrap();
    let mut stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(SOON)).unwrap();
    let host = inspector.address();
    let request = format!(
        "GET /api/stream?all=true&after=0 HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

fn cut(inspector: &Inspector) -> u64 {
    get(inspector, "/api/about")["clients"]["cut"].as_u64().unwrap()
}

#[test]
fn who_never_reads_is_cut_off_and_counted() {
    let (_bus, inspector) = inspected(Duration::from_millis(200));
    let mut stream = opened(&inspector);
    wait_for("it is attached", || inspector.clients() == 1);
    wait_for("it is cut off", || inspector.clients() == 0);
    assert_eq!(cut(&inspector), 1);
    // What was on its way is read, and then it is over.
    let mut all = Vec::new();
    let _ = stream.read_to_end(&mut all);
    assert!(!all.is_empty() && all.len() < 40_000_000, "{} bytes", all.len());
}

#[test]
fn who_reads_again_in_time_is_told_before_it_is_cut_off() {
    // A machine that stands still for a moment lets the time go by: then more of it is given.
    let told = [1, 2, 4, 8, 16].into_iter().map(Duration::from_secs).any(is_told);
    assert!(told, "it is cut off without a word, or not at all");
}

/// Whether one is told who reads again behind its patience and before it is broken off, which is as long again.
fn is_told(patience: Duration) -> bool {
    let (_bus, inspector) = inspected(patience);
    let stream = opened(&inspector);
    wait_for("it is attached", || inspector.clients() == 1);
    std::thread::sleep(patience + patience / 3);
    let (mut events, mut last) = (0, String::new());
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        events += u32::from(line == "event: event");
        if events == EVENTS {
            return false;
        }
        if line.starts_with("event: ") {
            last = line;
        }
    }
    if last != "event: lagged" {
        return false;
    }
    assert_eq!(cut(&inspector), 1);
    // It goes on from where it was.
    let mut stream = Stream::open(inspector.address(), "/api/stream?all=true&after=3990", None);
    assert_eq!(stream.until("event").id, Some(3_991));
    true
}
