//! The program `github`: real payloads as typed events, and every line accounted for.
#![expect(clippy::unwrap_used, reason = "helpers of tests, where a panic is the failure")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rem::EventType;
use rem::prelude::*;
use rem::testing::{Recorder, TestBus};
use rem_examples::github::{
    self, Action, Envelope, GithubEvent, IssueEvent, PullRequestEvent, Run, WEBHOOKS, decode,
};
use serde_json::Value;

/// The second segments of the types that the program knows.
const KNOWN: [&str; 10] = [
    "issues",
    "issue_comment",
    "pull_request",
    "release",
    "workflow_run",
    "star",
    "push",
    "fork",
    "create",
    "delete",
];

fn webhooks() -> Vec<String> {
    fs::read_to_string(WEBHOOKS).unwrap().lines().map(str::to_owned).collect()
}

/// Types and how often they come, counted by hand: known ones, unknown ones.
fn count(lines: &[String]) -> (BTreeMap<String, u64>, BTreeMap<String, u64>) {
    let (mut known, mut unknown) = (BTreeMap::new(), BTreeMap::new());
    for line in lines {
        let value: Value = serde_json::from_str(line).unwrap();
        let kind = value["type"].as_str().unwrap();
        let is_known = KNOWN.contains(&kind.split('.').nth(1).unwrap());
        let counts = if is_known { &mut known } else { &mut unknown };
        *counts.entry(kind.to_owned()).or_default() += 1;
    }
    (known, unknown)
}

fn run_of(name: &str, lines: &[String]) -> Run {
    let folder = std::env::temp_dir().join(format!("rem-github-{}-{name}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path: PathBuf = folder.join("events.jsonl");
    fs::write(&path, lines.join("\n")).unwrap();
    let run = github::run(&path).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    assert!(run.is_complete(), "{run:?}");
    run
}

#[test]
fn every_webhook_is_published_or_named() {
    let (known, unknown) = count(&webhooks());
    let run = github::run(Path::new(WEBHOOKS)).unwrap();
    assert_eq!((run.lines, run.rejected), (194, 0), "{:?}", run.notes);
    assert_eq!(run.published, known.values().sum::<u64>());
    assert_eq!(run.subscribers.topics(), known, "each event under the topic that its type says");
    assert_eq!((run.unknown.clone(), run.other_unknown), (unknown, 0));
    assert!(run.is_complete());

    let of = |wanted: &dyn Fn(&str) -> bool| -> u64 {
        known.iter().filter(|(kind, _)| wanted(kind)).map(|(_, count)| count).sum()
    };
    let family = |name: &str| of(&|kind: &str| kind.split('.').nth(1) == Some(name));
    let end = |kind: &str| kind.ends_with(".created") || kind.ends_with(".deleted");
    let sources = webhooks().into_iter().filter(|line| {
        let value: Value = serde_json::from_str(line).unwrap();
        let kind = value["type"].as_str().unwrap().to_owned();
        known.contains_key(&kind) && value["source"] == "https://github.com/octo-org/octo-repo"
    });
    let expected = [
        run.published,
        family("issues"),
        family("star"),
        of(&end),
        run.published - family("issues") - family("issue_comment"),
        sources.count() as u64,
    ];
    let counts: Vec<_> = run.subscribers.counts().map(|(_, count)| count).collect();
    assert_eq!(counts, expected);
    assert!(
        counts.iter().all(|&count| count > 0),
        "a subscription that gets nothing shows nothing"
    );

    let report = github::report(&run);
    assert!(
        report.contains("194 lines read = 63 published + 131 of unknown types + 0 rejected"),
        "{report}"
    );
    assert!(report.contains("github.dependabot_alert.fixed ×1"), "{report}");
}

#[test]
fn what_is_malformed_is_rejected_with_its_line_and_reason() {
    let lines = webhooks();
    let issue =
        lines.iter().find(|line| line.contains("\"type\":\"github.issues.opened\"")).unwrap();
    let pull =
        lines.iter().find(|line| line.contains("\"type\":\"github.pull_request.opened\"")).unwrap();
    let time = lines.iter().find(|line| line.contains("\"type\":\"github.star.created\"")).unwrap();
    let mut time: Value = serde_json::from_str(time).unwrap();
    time["time"] = "last tuesday".into();
    let cases = [
        (issue.clone(), None),
        (issue[..issue.len() / 2].to_owned(), Some("no CloudEvent: EOF")),
        ("[]".to_owned(), Some("no CloudEvent")),
        (String::new(), None), // an empty line is none
        (
            issue.replace("\"specversion\":\"1.0\"", "\"specversion\":\"0.3\""),
            Some("CloudEvents 0.3"),
        ),
        (
            issue.replace("\"type\":\"github.issues.opened\"", "\"kind\":\"x\""),
            Some("missing field `type`"),
        ),
        (issue.replacen("\"title\":", "\"name\":", 1), Some("missing field `title`")),
        (time.to_string(), Some("`last tuesday` is not a time")),
        // The envelope says one thing and the payload another.
        (
            pull.replace("github.pull_request.opened", "github.pull_request.closed"),
            Some("`type agrees`"),
        ),
        ("x".repeat(2 << 20), Some("longer than")),
        (issue.clone(), None),
    ];
    let texts: Vec<_> = cases.iter().map(|(text, _)| text.clone()).collect();
    let run = run_of("malformed", &texts);
    let expected: Vec<_> =
        cases.iter().zip(1..).filter_map(|((_, said), line)| Some((line, (*said)?))).collect();
    assert_eq!((run.lines, run.published, run.rejected), (10, 2, expected.len() as u64));
    assert_eq!(run.notes.len(), expected.len(), "{:?}", run.notes);
    for (note, (line, said)) in run.notes.iter().zip(expected) {
        assert_eq!(note.line, line, "{note}");
        assert!(note.reason.contains(said), "{note}");
    }
    let missing = github::run(Path::new("no-such-file.jsonl")).unwrap_err().to_string();
    assert!(missing.contains("no-such-file.jsonl"), "{missing}");
}

#[test]
fn unknown_types_are_bounded() {
    let line = |at: usize| {
        format!(
            r#"{{"specversion":"1.0","id":"{at}","source":"/","type":"github.new_{at}","data":{{}}}}"#
        )
    };
    let run = run_of("unknown", &(0..500).map(line).chain((0..5).map(line)).collect::<Vec<_>>());
    assert_eq!((run.unknown.len(), run.other_unknown, run.unknown_lines()), (100, 400, 505));
    assert_eq!(run.unknown["github.new_3"], 2);
}

/// The event of the first webhook of that type.
fn event(kind: &str) -> GithubEvent {
    let lines = webhooks();
    let envelopes = lines.iter().map(|line| Envelope::read(line.as_bytes()).unwrap());
    let envelope = envelopes.into_iter().find(|envelope| envelope.kind == kind).unwrap();
    decode(kind, envelope.data).unwrap().unwrap()
}

#[test]
fn payloads_become_a_few_typed_fields() {
    let GithubEvent::Issues(IssueEvent::Labeled(change)) = event("github.issues.labeled") else {
        panic!()
    };
    assert_eq!(change.issue.title, "Spelling error in the README file");
    assert_eq!(change.repository.full_name, "Codertocat/Hello-World");
    assert!(change.label.is_some());
    let GithubEvent::Push(push) = event("github.push") else { panic!() };
    assert!(push.git_ref.starts_with("refs/"), "{push:?}");
    let GithubEvent::PullRequest(PullRequestEvent { action, pull_request, .. }) =
        event("github.pull_request.opened")
    else {
        panic!()
    };
    assert_eq!((action, pull_request.number), (Action("opened".to_owned()), 2));
}

#[test]
fn a_nested_issue_is_seen_as_the_whole_and_as_the_part() {
    let test = TestBus::new();
    let wholes = Recorder::<GithubEvent>::of(&test.bus, "github.issues").unwrap();
    let parts = Recorder::<IssueEvent>::of(&test.bus, "github.issues").unwrap();
    let by_type = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&by_type);
    let _sub = test.bus.on(move |event: &Event<GithubEvent>| {
        seen.lock().unwrap().push(event.topic().to_string());
    });
    let opened = event("github.issues.opened");
    test.bus.publish(opened.clone()).unwrap();
    assert_eq!(wholes.events()[0].data, opened);
    assert_eq!(GithubEvent::from(parts.events()[0].data.clone()), opened);
    assert_eq!(wholes.events()[0].id(), parts.events()[0].id(), "a view is the same event");
    assert_eq!(*by_type.lock().unwrap(), ["github.issues.opened"]);
}

/// GitHub could send any text as an action: in the topic it stays one segment.
#[test]
fn an_action_cannot_leave_its_segment() {
    let test = TestBus::new();
    let recorder = Recorder::new(&test.bus);
    let GithubEvent::PullRequest(mut pull) = event("github.pull_request.opened") else { panic!() };
    pull.action = Action("$rem.*.x".to_owned());
    test.bus.publish(GithubEvent::PullRequest(pull)).unwrap();
    assert_eq!(recorder.topics(), ["github.pull_request.%24rem%2E%2A%2Ex"]);
    assert_eq!(GithubEvent::SCHEMA.namespace, "github");
}
