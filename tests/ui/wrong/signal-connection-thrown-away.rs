//! A receiver whose guard nobody holds would be gone at once.
#![deny(unused_must_use)]

use rem::Signal;

fn main() {
    let saved: Signal<u32> = Signal::new();
    saved.connect(|order| println!("{order}"));
    saved.mute();
}
