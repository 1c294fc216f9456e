//! A disk that is full for real: a process that the kernel gives no more of it.

use std::process::Command;

use rem::journal::Journal;
use rem::prelude::*;
use rem_tests::crash::Pace;

#[test]
fn a_full_disk_refuses_can_be_read_and_is_written_again_when_there_is_room() {
    for pace in Pace::ALL {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.rem");
        let name = serde_json::to_string(&pace).unwrap();
        // A process is ended by the signal of the limit unless it was started with that ignored.
        let output = Command::new("sh")
            .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_full_disk_child")])
            .arg(name.trim_matches('"'))
            .arg(&path)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{pace:?}: {}: {said}", output.status);
        let kept: Vec<u64> = serde_json::from_slice(&output.stdout).unwrap();
        assert!(kept.len() > 100, "{pace:?}: {kept:?}");

        let journal = Journal::open(&path).unwrap();
        let report = journal.handle().verify(|_| true).unwrap();
        assert!(report.is_sound(), "{pace:?}: {report:?}");
        let bus = Bus::builder().history(journal).build();
        let events = bus.query("**").unwrap().events();
        let there: Vec<_> = events.iter().filter_map(|event| event.sequence()).collect();
        assert_eq!(there, kept, "{pace:?}");
    }
}
