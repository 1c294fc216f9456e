//! Captures read as every kind of type, and what is said of those that cannot be.

use std::collections::BTreeMap;
use std::fmt::Debug;

use rem_patterns::Pattern;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::whole::Whole;

fn read<T: DeserializeOwned>(pattern: &str, topic: &str) -> Result<T, String> {
    let pattern = Pattern::parse(pattern).expect("a pattern");
    let captures = pattern.captures(topic);
    T::deserialize(Whole::new(captures.as_ref())).map_err(|error| error.to_string())
}

fn gives<T: DeserializeOwned + PartialEq + Debug>(pattern: &str, topic: &str, expected: T) {
    assert_eq!(read::<T>(pattern, topic), Ok(expected), "`{pattern}` of `{topic}`");
}

fn fails<T: DeserializeOwned + Debug>(pattern: &str, topic: &str, expected: &str) {
    let found = read::<T>(pattern, topic).expect_err("it is refused");
    assert_eq!(found, expected, "`{pattern}` of `{topic}`");
}

#[derive(Deserialize, Debug, PartialEq)]
struct Ids {
    tenant: String,
    order: u64,
    #[serde(default)]
    line: Option<u8>,
}

#[derive(Deserialize, Debug, PartialEq)]
struct Id(u64);

#[derive(Deserialize, Debug, PartialEq)]
struct Both(Id, String);

#[derive(Deserialize, Debug, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Paid,
    Lost,
}

#[derive(Deserialize, Debug, PartialEq)]
struct Path {
    id: Id,
    rest: Vec<String>,
}

#[derive(Deserialize, Debug, PartialEq)]
struct Maybe {
    rest: Option<String>,
}

#[test]
fn by_name() {
    let ids = |line| Ids { tenant: "a.b".to_owned(), order: 7, line };
    gives("{tenant}.{order}", "a%2Eb.7", ids(None));
    gives("{order}.{tenant}.{line}", "7.a%2Eb.3", ids(Some(3)));
    gives("{tenant}.{order}.{other}", "a%2Eb.7.x", ids(None));
    gives("{a}.{b}", "1.2", BTreeMap::from([("a".to_owned(), 1_u8), ("b".to_owned(), 2)]));
}

#[test]
fn by_place() {
    gives("{a}.x.{b}", "1.x.two", (1_i8, "two".to_owned()));
    gives("{a}.x.{b}", "1.x.two", Both(Id(1), "two".to_owned()));
    gives("{a}.{b}", "1.2", vec![1_u32, 2]);
    gives("{a}.{b}", "1.2", [1_u32, 2]);
}

#[test]
fn the_only_one() {
    gives("x.{id}", "x.7", 7_u64);
    gives("x.{id}", "x.-7", -7_i128);
    gives("x.{id}", "x.1%2E5", 1.5_f64);
    gives("x.{id}", "x.true", true);
    gives("x.{id}", "x.ß", 'ß');
    gives("x.{id}", "x.7", "7".to_owned());
    gives("x.{id}", "x.7", Some(7_u8));
    gives("x.{id}", "x.7", Id(7));
    gives("x.{id}", "x.paid", Kind::Paid);
    gives("x.{id}", "x.7", (7_u8,));
    gives("x.y", "x.y", ());
}

#[test]
fn a_path_is_one_value_or_many() {
    let rest = |rest: &[&str]| rest.iter().map(|&segment| segment.to_owned()).collect();
    gives("{id}.{*rest}", "1.a.b%2Ec", Path { id: Id(1), rest: rest(&["a", "b.c"]) });
    gives("{id}.{*rest}", "1", Path { id: Id(1), rest: rest(&[]) });
    gives("x.{*rest}", "x.a.b", Maybe { rest: Some("a.b".to_owned()) });
    gives("x.{*rest}", "x", Maybe { rest: None });
    gives("x.{*rest}", "x.a.b", "a.b".to_owned());
}

#[test]
fn what_cannot_be_read_is_told_by_name() {
    fails::<Ids>(
        "{tenant}.{order}",
        "a.b",
        "`{order}` took `b`: that is no `u64`, invalid digit found in string",
    );
    fails::<Ids>("{tenant}", "a", "missing field `order`");
    fails::<Kind>(
        "x.{kind}",
        "x.won",
        "`{kind}` took `won`: unknown variant `won`, expected `paid` or `lost`",
    );
    fails::<u8>(
        "x.{id}",
        "x.256",
        "`{id}` took `256`: that is no `u8`, number too large to fit in target type",
    );
    fails::<(u8, u8)>("x.{id}", "x.1", "2 values are asked for and the pattern captures 1");
    fails::<u8>(
        "{a}.{b}",
        "1.2",
        "one value is asked for and the pattern captures 2; ask for a struct or a tuple, or let it capture one",
    );
    fails::<u8>(
        "x.y",
        "x.y",
        "one value is asked for and the pattern captures 0; ask for a struct or a tuple, or let it capture one",
    );
    fails::<Path>(
        "{id}.{rest}.{*others}",
        "x.y.z",
        "`{id}` took `x`: that is no `u64`, invalid digit found in string",
    );
    fails::<BTreeMap<String, Vec<u8>>>(
        "x.{*rest}",
        "x.1.b",
        "`{rest}` took `b`: that is no `u8`, invalid digit found in string",
    );
}
