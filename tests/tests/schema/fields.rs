//! Types with one event and one field, each with data that it reads.

use std::collections::BTreeMap;

use rem::prelude::*;
use rem::schema::JsonSchema;
use serde::{Deserialize, Serialize};

/// A type that holds these fields, in a module of its name.
macro_rules! holding {
    ($($(#[$attribute:meta])* $module:ident { $($field:tt)* } reads $data:expr;)*) => {
        $(pub(crate) mod $module {
            use super::*;

            #[derive(EventType, Debug, Serialize, Deserialize, JsonSchema)]
            #[event(topic = "row.is")]
            $(#[$attribute])*
            pub(crate) struct Is {
                $($field)*
            }

            /// Data that the type reads.
            pub(crate) const DATA: &[&str] = $data;
        })*
    };
}

holding! {
    none {} reads &["{}", r#"{"b":1}"#];
    required { a: u32, } reads &[r#"{"a":4000000000}"#];
    defaulted { #[serde(default)] a: u32, } reads &[r#"{"a":1}"#, "{}"];
    optional { a: Option<u32>, } reads &[r#"{"a":1}"#, r#"{"a":null}"#, "{}"];
    signed { a: i64, } reads &[r#"{"a":-1}"#];
    wide { a: f64, } reads &[r#"{"a":0.5}"#, r#"{"a":1}"#];
    text { a: String, } reads &[r#"{"a":"some text"}"#];
    letter { a: char, } reads &[r#"{"a":"x"}"#];
    list { a: Vec<u32>, } reads &[r#"{"a":[]}"#, r#"{"a":[1,1]}"#];
    map { a: BTreeMap<String, u32>, } reads &[r#"{"a":{"x":1}}"#];
    wide_map { a: BTreeMap<String, i64>, } reads &[r#"{"a":{"x":-1}}"#];
    keyed { a: BTreeMap<u8, u32>, } reads &[r#"{"a":{"1":1}}"#];
    tuple { a: (u32, String), } reads &[r#"{"a":[1,"x"]}"#];
    longer { a: (u32, String, u8), } reads &[r#"{"a":[1,"x",2]}"#];
    any { a: serde_json::Value, } reads &[r#"{"a":[{}]}"#];
    fewer { a: Two, } reads &[r#"{"a":"A"}"#, r#"{"a":{"B":{"x":1}}}"#];
    more { a: Three, } reads &[r#"{"a":"A"}"#, r#"{"a":{"B":{"x":-1,"y":2}}}"#, r#"{"a":{"C":[1,2]}}"#];
    fixed { a: Fixed, } reads &[r#"{"a":"A"}"#, r#"{"a":"B"}"#];
    #[serde(deny_unknown_fields)]
    denying {} reads &["{}"];
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) enum Two {
    A,
    B { x: u8 },
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) enum Three {
    C(u8, u8),
    B {
        x: i16,
        #[serde(default)]
        y: u8,
    },
    /// The first of before.
    A,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) enum Fixed {
    A,
    B,
}
