//! Which unit begins when: what resources ask for, and of those that are ready the one with the longest work behind it.

use std::sync::{Arc, Mutex};

use rem_partition::{OutputErrorKind, Plan, PlanBuilder, Unit, UnitBuilder, Workers};

type Log = Arc<Mutex<Vec<String>>>;

/// Adds a unit that notes its name when it begins.
fn noted(units: &mut PlanBuilder, log: &Log, unit: UnitBuilder) {
    let log = Arc::clone(log);
    units.add(unit.run(move |attempt| {
        log.lock().expect("whole").push(attempt.unit().to_string());
        Ok(())
    }));
}

/// The order in which units begin on one worker, which a first unit holds up until all are ready.
fn began(build: impl FnOnce(&mut PlanBuilder, &Log)) -> (Plan, Vec<String>) {
    let (mut units, log) = (Plan::builder(), Log::default());
    build(&mut units, &log);
    let plan = units.build().expect("it can be made");
    plan.run(&Workers::rayon(1).expect("a thread")).expect("it is there");
    let log = log.lock().expect("whole").clone();
    (plan, log)
}

#[test]
fn the_longest_work_begins_first_then_priority_then_who_was_named_first() {
    let (plan, log) = began(|units, log| {
        noted(units, log, Unit::new("first").cost(1_000));
        noted(units, log, Unit::new("alone").after("first").cost(7));
        noted(units, log, Unit::new("late").after("first").cost(2));
        noted(units, log, Unit::new("urgent").after("first").cost(2).priority(3));
        noted(units, log, Unit::new("later").after("first").cost(2));
        // Little work, but much behind it.
        noted(units, log, Unit::new("head").after("first"));
        noted(units, log, Unit::new("tail").after("head").cost(50));
    });
    assert_eq!(log, ["first", "head", "tail", "alone", "urgent", "late", "later"]);
    assert_eq!(plan.order().collect::<Vec<_>>(), log);
    assert_eq!(plan.critical_path(), ["first", "head", "tail"]);
    assert_eq!((plan.critical_cost(), plan.total_cost()), (1_051, 1_064));
}

#[test]
fn readers_wait_for_the_writer_before_them_and_a_writer_for_both() {
    let (plan, log) = began(|units, log| {
        noted(units, log, Unit::new("write").writes("table"));
        noted(units, log, Unit::new("read").reads("table").cost(5));
        noted(units, log, Unit::new("read too").reads("table").cost(3));
        noted(units, log, Unit::new("write again").writes("table").cost(100));
        noted(units, log, Unit::new("read and write").reads("table").writes("table"));
        noted(units, log, Unit::new("other").writes("other table").cost(1_000));
    });
    assert_eq!(log, ["other", "write", "read", "read too", "write again", "read and write"]);
    // write → read, write → read too, both and write → write again, write again → read and write.
    assert_eq!(plan.dependencies(), 6);
}

#[test]
fn an_output_is_had_by_who_waits_for_the_unit_alone() {
    let mut units = Plan::builder();
    let text = units.add(Unit::new("text").run(|_| Ok("seven".to_owned())));
    units.add(Unit::new("nothing").run(|_| Ok(())));
    let asked = units.add(Unit::new("asks").after(&text).after("nothing").run(|attempt| {
        let kind = |unit: &str| attempt.output_of::<u64>(unit).map_err(|error| error.kind());
        attempt.output_of::<()>("nothing")?;
        Ok((kind("text"), kind("far"), kind("none"), attempt.output_of::<String>("text")?.len()))
    }));
    units.add(Unit::new("far").run(|_| Ok(1_u64)));
    let report = units.build().unwrap().run(&Workers::rayon(2).unwrap()).unwrap();
    assert_eq!(
        *report.output(&asked).unwrap(),
        (
            Err(OutputErrorKind::OtherType),
            Err(OutputErrorKind::NotADependency),
            Err(OutputErrorKind::Unknown),
            5
        )
    );
    assert_eq!(*report.output(&text).unwrap(), "seven");
    assert_eq!(report.output_of::<u8>("none").unwrap_err().kind(), OutputErrorKind::Unknown);
}

#[test]
fn a_chain_of_a_hundred_thousand_takes_no_stack() {
    let mut units = Plan::builder();
    units.add(Unit::new("0").run(|_| Ok(0_u32)));
    for unit in 1..100_000_u32 {
        let before = (unit - 1).to_string();
        let work = Unit::new(unit.to_string()).after(&before);
        units.add(work.run(move |attempt| Ok(*attempt.output_of::<u32>(&before)? + 1)));
    }
    let report = units.build().unwrap().run(&Workers::rayon(2).unwrap()).unwrap();
    assert_eq!(*report.output_of::<u32>("99999").unwrap(), 99_999);
}
