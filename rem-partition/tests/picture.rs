//! Pictures of a plan, whole: what Graphviz and Mermaid are given.

use rem_partition::{Plan, Unit};

fn plan() -> Plan {
    let mut units = Plan::builder();
    units.add(Unit::new("load \"a\\b\"").cost(3).run(|_| Ok(())));
    units.add(Unit::new("a <b> & c#1").after("load \"a\\b\"").run(|_| Ok(())));
    units.add(Unit::new("two\nlines").after("load \"a\\b\"").cost(5).run(|_| Ok(())));
    units.add(Unit::new("end").after("two\nlines").after("a <b> & c#1").run(|_| Ok(())));
    units.build().expect("it can be made")
}

#[test]
fn dot_names_units_and_arrows_with_the_longest_way_in_red() {
    let wanted = r#"digraph plan {
    rankdir=LR;
    node [shape=box];
    n0 [label="load \"a\\b\"\n3", color=red, penwidth=2];
    n1 [label="a <b> & c#1"];
    n2 [label="two\nlines\n5", color=red, penwidth=2];
    n3 [label="end", color=red, penwidth=2];
    n0 -> n1;
    n0 -> n2 [color=red, penwidth=2];
    n1 -> n3;
    n2 -> n3 [color=red, penwidth=2];
}
"#;
    assert_eq!(plan().dot(), wanted);
}

#[test]
fn mermaid_has_the_same_with_thick_arrows_and_nothing_of_its_grammar_in_names() {
    let wanted = r#"flowchart LR
    n0["load #34;a#92;b#34;<br/>3"]:::critical
    n1["a #60;b#62; #38; c#35;1"]
    n2["two<br/>lines<br/>5"]:::critical
    n3["end"]:::critical
    n0 --> n1
    n0 ==> n2
    n1 --> n3
    n2 ==> n3
    classDef critical stroke:#c00,stroke-width:3px
"#;
    assert_eq!(plan().mermaid(), wanted);
}
