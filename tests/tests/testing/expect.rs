//! Expectations in sequence: what holds, and what is said of what does not.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use rem::prelude::*;
use rem::testing::{Recorder, TestBus, UnmetKind};

use super::support::{Order, StockLow, placed, stock_low};

/// A bus on which two orders were placed and the first paid, with low stock in between.
fn shop() -> (TestBus, Recorder) {
    let test = TestBus::new();
    let recorder = Recorder::new(&test.bus);
    test.bus.publish(placed(1)).unwrap();
    test.bus.publish(stock_low()).unwrap();
    test.bus.publish(placed(2)).unwrap();
    test.bus.publish(Order::Paid { id: 1 }).unwrap();
    (test, recorder)
}

#[test]
fn steps_are_topics_patterns_types_values_and_what_is_so_of_data() {
    let (_test, recorder) = shop();
    let met = recorder
        .expect()
        .topic("order.placed")
        .of::<StockLow>()
        .data("of order 2", |order: &Order| matches!(order, Order::Placed { id: 2, .. }))
        .equal(Order::Paid { id: 1 })
        .exactly();
    assert_eq!(met.len(), 4);
    assert_eq!(met[3].topic().as_str(), "order.paid");
}

#[test]
fn each_expectation_goes_on_where_the_last_one_ended() {
    let (test, recorder) = shop();
    recorder.expect().pattern("order.*").any().in_a_row();
    let met = recorder.expect().topic("order.paid").among_others();
    assert_eq!(met[0].sequence(), Some(4), "the second order lies between, and is passed over");
    recorder.assert_nothing_more();
    test.bus.publish(Order::Paid { id: 2 }).unwrap();
    recorder.expect().equal(Order::Paid { id: 2 }).exactly();
    assert_eq!(recorder.events().len(), 5, "what was met is still there to be looked at");
    recorder.take();
    recorder.expect().exactly();
}

#[test]
fn one_that_fails_leaves_the_mark() {
    let (_test, recorder) = shop();
    assert!(recorder.expect().topic("order.placed").topic("order.placed").try_in_a_row().is_err());
    assert!(recorder.expect().topic("order.sent").try_among_others().is_err());
    recorder.expect().topic("order.placed").topic("stock.low").in_a_row();
}

#[test]
fn times_repeats_the_last_step() {
    let (_test, recorder) = shop();
    recorder.expect().pattern("order.**").times(3).among_others();
    recorder.assert_nothing_more();
    let unmet = recorder.expect().any().times(usize::MAX).try_among_others().unwrap_err();
    assert_eq!((unmet.kind(), unmet.met()), (UnmetKind::Missing, 0));
    recorder.expect().topic("none").times(0).exactly();
}

#[test]
fn what_came_instead_is_shown_between_what_was_met_and_what_was_to_follow() {
    let (_test, recorder) = shop();
    let unmet = recorder
        .expect()
        .topic("order.placed")
        .of::<StockLow>()
        .equal(Order::Placed { id: 2, items: vec!["tea".into(), "cup".into()] })
        .pattern("order.paid")
        .try_exactly()
        .unwrap_err();
    assert_eq!((unmet.kind(), unmet.met()), (UnmetKind::Other, 2));
    let expected = r#"step 3 of 4 is not met: expected next Placed { id: 2, items: ["tea", "cup"] }, but `order.placed` came
recorded since the last expectation (= met, > came instead):
  =   1  order.placed: Placed { id: 1, items: ["tea", "pot"] }
         step 1: `order.placed`
  =   2  stock.low: StockLow { item: "tea", supplier: [redacted] }
         step 2: a `StockLow`
  >   3  order.placed: Placed { id: 2, items: ["tea", "pot"] }
         expected step 3: Placed { id: 2, items: ["tea", "cup"] }
         its data is another (- expected, + found)
                   "tea",
         -         "cup",
         +         "pot",
               ],
      4  order.paid: Paid { id: 1 }
and then was expected:
         step 4: an event of `order.paid`"#;
    assert_eq!(unmet.to_string(), expected);
}

#[test]
fn each_way_of_not_being_met_has_its_words() {
    let (_test, recorder) = shop();
    let said = |unmet: Result<_, rem::testing::Unmet>| {
        let unmet = unmet.map(|_: Vec<Arc<Event>>| ()).unwrap_err();
        (unmet.kind(), unmet.to_string())
    };
    let cases = [
        (
            recorder.expect().try_exactly(),
            UnmetKind::Other,
            "nothing was expected, but `order.placed` came",
        ),
        (
            recorder.expect().any().try_exactly(),
            UnmetKind::Other,
            "nothing was expected behind the 1 that came, but `stock.low` did",
        ),
        (
            recorder.expect().any().times(5).try_in_a_row(),
            UnmetKind::Missing,
            "step 5 of 5 is not met: expected next any event, but nothing more came",
        ),
        (
            recorder.expect().topic("order.sent").try_among_others(),
            UnmetKind::Missing,
            "expected next `order.sent`, but no such event came",
        ),
        (
            recorder.expect().of::<StockLow>().try_in_a_row(),
            UnmetKind::Other,
            "is a `Order` and not a `StockLow`",
        ),
        (
            recorder
                .expect()
                .data("of order 9", |order: &Order| *order == placed(9))
                .try_in_a_row(),
            UnmetKind::Other,
            "it is not so that: of order 9",
        ),
        (recorder.expect().pattern("a..b").try_in_a_row(), UnmetKind::Pattern, "is no pattern"),
    ];
    for (result, kind, words) in cases {
        let (found, text) = said(result);
        assert!(found == kind && text.contains(words), "{found:?}: {text}");
    }
    recorder.take();
    let (_, text) = said(recorder.expect().any().try_exactly());
    assert!(text.contains("nothing was recorded") && text.contains(".within(limit)"), "{text}");
}

#[test]
fn of_what_was_expected_behind_a_failure_eight_are_told_and_the_rest_counted() {
    let (_test, recorder) = shop();
    let said = |behind: usize| {
        let expect = recorder.expect().topic("none");
        let expect = (0..behind).fold(expect, |expect, _| expect.topic("none.either"));
        expect.try_exactly().unwrap_err().to_string()
    };
    let last_line = |said: &str| said.lines().last().unwrap_or_default().trim().to_owned();
    assert_eq!(last_line(&said(8)), "step 9: `none.either`");
    assert_eq!(last_line(&said(9)), "… 1 more");
    assert_eq!(last_line(&said(10)), "… 2 more");
}

#[test]
fn a_failure_fits_on_a_screen() {
    let test = TestBus::new();
    let recorder = Recorder::new(&test.bus);
    for id in 0..500 {
        let items = vec!["x".repeat(1_000)];
        test.bus.publish(Order::Placed { id, items }).unwrap();
    }
    let expectation = recorder.expect().topic("order.placed").times(400).topic("order.paid");
    let said = expectation.any().times(100).try_in_a_row().unwrap_err().to_string();
    assert!(said.lines().count() < 50, "{said}");
    assert!(said.lines().all(|line| line.len() < 200), "{said}");
    assert!(said.contains("… 392 before these") && said.contains("… 92 behind these"), "{said}");
}

#[test]
fn what_came_before_a_failure_is_counted_only_where_it_is_left_out() {
    for (events, left_out) in [(3, None), (8, None), (9, Some(1)), (20, Some(12))] {
        let test = TestBus::new();
        let recorder = Recorder::new(&test.bus);
        for id in 0..events {
            test.bus.publish(placed(id)).unwrap();
        }
        let met = recorder.expect().topic("order.placed").times(usize::try_from(events).unwrap());
        let said = met.topic("order.paid").try_in_a_row().unwrap_err().to_string();
        let line = said.lines().find(|line| line.contains("before these")).map(str::trim);
        assert_eq!(
            line,
            left_out.map(|left| format!("… {left} before these")).as_deref(),
            "{said}"
        );
        assert!(!said.contains("behind these"), "{said}");
    }
}

#[test]
fn a_recorder_that_lost_something_says_so_and_lets_nothing_hold_that_hangs_on_it() {
    let test = TestBus::new();
    let recorder = Recorder::<dyn rem::Payload>::at_most(&test.bus, "**", 2).unwrap();
    for id in 0..5 {
        test.bus.publish(Order::Paid { id }).unwrap();
    }
    assert_eq!((recorder.events().len(), recorder.lost()), (2, 3));
    let unmet = recorder.expect().any().times(3).try_in_a_row().unwrap_err();
    assert_eq!(unmet.kind(), UnmetKind::Lost);
    assert!(unmet.to_string().contains("3 later events were not kept"), "{unmet}");
    assert!(recorder.expect().any().times(2).try_exactly().is_err(), "there was more");
    recorder.expect().any().times(2).in_a_row();
    assert!(recorder.to_string().ends_with("and 3 more, not kept\n"));
    assert_eq!(recorder.take().len(), 2);
    test.bus.publish(Order::Paid { id: 9 }).unwrap();
    recorder.expect().equal(Order::Paid { id: 9 }).exactly();
}

#[test]
fn a_failure_names_the_line_of_the_test() {
    let (_test, recorder) = shop();
    let place = Arc::new(Mutex::new(None));
    let kept = Arc::clone(&place);
    let before = std::panic::take_hook();
    let this = std::thread::current().id();
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().id() == this {
            let location = info.location().unwrap();
            *kept.lock().unwrap() = Some((location.file().to_owned(), location.line()));
        }
    }));
    let mut found = Vec::new();
    let cases: [(&dyn Fn(), u32); 3] = [
        (&|| drop(recorder.expect().topic("order.sent").exactly()), line!()),
        (&|| drop(recorder.expect().topic("order.sent").among_others()), line!()),
        (&|| recorder.assert_nothing_more(), line!()),
    ];
    for (case, line) in cases {
        assert!(catch_unwind(AssertUnwindSafe(case)).is_err());
        found.push((place.lock().unwrap().take(), line));
    }
    std::panic::set_hook(before);
    for (place, line) in found {
        assert_eq!(place, Some((file!().to_owned(), line)));
    }
}

#[test]
fn a_typed_recorder_has_typed_events() {
    let test = TestBus::new();
    let recorder = Recorder::<Order>::of(&test.bus, "**").unwrap();
    test.bus.publish(stock_low()).unwrap();
    test.bus.publish(Order::Paid { id: 3 }).unwrap();
    let met = recorder.expect().topic("order.paid").exactly();
    assert_eq!(met[0].data, Order::Paid { id: 3 });
}
