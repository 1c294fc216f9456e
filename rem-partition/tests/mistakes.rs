//! Units that are no plan: what is wrong is told, with the names of the units, before anything runs.

use rem_partition::{Plan, PlanBuilder, PlanErrorKind, Unit, Workers, WorkersErrorKind};

/// Units by name, with what each waits for.
type Named<'a> = &'a [(&'a str, &'a [&'a str])];

fn units(named: Named<'_>) -> PlanBuilder {
    let mut units = Plan::builder();
    for (name, after) in named {
        units.add(Unit::new(*name).after_all(after.iter().copied()).run(|_| Ok(())));
    }
    units
}

#[test]
fn what_is_wrong_is_told_by_the_names_of_the_units() {
    let rows: [(Named<'_>, PlanErrorKind, &str); 5] = [
        (
            &[("a", &["b"]), ("c", &[])],
            PlanErrorKind::Unknown,
            "unit `a` waits for `b`, which is not in the plan: add it, or see how it is spelt",
        ),
        (
            &[("a", &[]), ("a", &[])],
            PlanErrorKind::Duplicate,
            "unit `a` is there twice: give each a name of its own",
        ),
        (
            &[("a", &["a"])],
            PlanErrorKind::Itself,
            "unit `a` waits for itself: take it off its `after`",
        ),
        (
            &[("a", &["b"]), ("b", &["a"])],
            PlanErrorKind::Cycle,
            "units wait for each other, a → b → a: take off one of these dependencies",
        ),
        (
            &[("d", &["b"]), ("a", &["b"]), ("b", &["c"]), ("c", &["a"]), ("e", &[])],
            PlanErrorKind::Cycle,
            "units wait for each other, a → b → c → a: take off one of these dependencies",
        ),
    ];
    for (named, kind, text) in rows {
        let error = units(named).build().unwrap_err();
        assert_eq!(error.kind(), kind, "{named:?}");
        if kind == PlanErrorKind::Cycle {
            // Which of its units comes first is left open.
            let way: Vec<_> = error.in_cycle().map(str::to_owned).collect();
            let turned = (0..way.len()).any(|start| {
                let mut way = way.clone();
                way.rotate_left(start);
                let first = way[0].clone();
                text.contains(&format!(", {} → {first}:", way.join(" → ")))
            });
            assert!(turned, "{error}");
            assert!(error.to_string().contains(&format!("{} → {}:", way.join(" → "), way[0])));
        } else {
            assert_eq!(error.to_string(), text);
            assert_eq!(error.unit(), Some("a"));
        }
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let error = units(&[("a", &["a", "x"]), ("b", &["y"]), ("b", &[])]).build().unwrap_err();
    let kinds: Vec<_> = error.kinds().collect();
    assert_eq!(
        kinds,
        [
            PlanErrorKind::Itself,
            PlanErrorKind::Duplicate,
            PlanErrorKind::Unknown,
            PlanErrorKind::Unknown
        ]
    );
    assert_eq!(error.to_string().lines().count(), 4);

    let names: Vec<_> = (0..250).map(|unit| unit.to_string()).collect();
    let mut many = Plan::builder();
    for name in &names {
        many.add(Unit::new(name).after(name).run(|_| Ok(())));
    }
    let error = many.build().unwrap_err();
    assert_eq!(error.kinds().len(), 100, "told up to a bound");
    assert!(error.to_string().ends_with("\nand 150 mistakes more"));
}

#[test]
fn a_plan_of_nothing_ends_at_once_and_no_workers_are_refused() {
    let plan = Plan::builder().build().unwrap();
    assert!(plan.is_empty() && plan.critical_path().is_empty());
    let report = plan.run(&Workers::rayon(1).unwrap()).unwrap();
    assert_eq!(report.counts().total(), 0);
    assert_eq!(Workers::rayon(0).unwrap_err().kind(), WorkersErrorKind::None);
}
