//! Pairs of schemas, and what breaks between them.

use serde_json::json;

use super::*;

fn said(old: &Value, new: &Value) -> Vec<String> {
    let defs = |schema: &Value| match schema.get("$defs") {
        Some(Value::Object(defs)) => defs.clone(),
        _ => Map::new(),
    };
    let faults = faults((old, &defs(old)), (new, &defs(new)));
    faults.iter().map(ToString::to_string).collect()
}

#[expect(clippy::needless_pass_by_value, reason = "a literal at every call")]
fn object(properties: Value, required: &[&str]) -> Value {
    json!({ "type": "object", "properties": properties, "required": required })
}

#[test]
fn what_is_wider_breaks_nothing() {
    let int = |format: &str| json!({ "type": "integer", "format": format });
    let table = [
        (json!({ "type": "string" }), json!(true)),
        (json!(false), json!({ "type": "string" })),
        (int("int32"), int("int64")),
        (
            json!({ "type": "integer", "format": "uint8", "minimum": 0, "maximum": 255 }),
            int("int16"),
        ),
        (int("uint32"), json!({ "type": "number", "format": "double" })),
        (json!({ "type": "string" }), json!({ "type": ["string", "null"] })),
        (
            json!({ "type": "string", "enum": ["a"] }),
            json!({ "oneOf": [{ "const": "b" }, { "const": "a" }] }),
        ),
        (json!({ "type": "string", "enum": ["a"] }), json!({ "type": "string" })),
        (
            json!({ "type": "string", "minLength": 3, "maxLength": 4 }),
            json!({ "type": "string", "minLength": 1, "maxLength": 9 }),
        ),
        (json!({ "type": "string", "format": "uuid" }), json!({ "type": "string" })),
        (
            object(json!({ "a": int("int8") }), &["a"]),
            object(json!({ "a": int("int8"), "b": int("int8") }), &[]),
        ),
        (
            object(json!({ "a": int("int8"), "gone": true }), &["gone"]),
            object(json!({ "a": int("int8") }), &[]),
        ),
        (
            json!({ "type": "array", "items": int("int8") }),
            json!({ "type": "array", "items": int("int16") }),
        ),
        (
            json!({ "type": "array", "prefixItems": [int("int8")], "minItems": 1, "maxItems": 1 }),
            json!({ "type": "array", "items": int("int8") }),
        ),
        (
            json!({ "type": "object", "additionalProperties": int("int8") }),
            json!({ "type": "object", "additionalProperties": int("int16") }),
        ),
        (
            json!({ "type": "object", "patternProperties": { "^\\d+$": int("int8") }, "additionalProperties": false }),
            json!({ "type": "object", "additionalProperties": int("int8") }),
        ),
        // Another name, another way to say it.
        (
            json!({ "$ref": "#/$defs/A", "$defs": { "A": { "type": "string" } } }),
            json!({ "$ref": "#/$defs/B", "$defs": { "B": { "anyOf": [{ "type": "string", "title": "t" }] } } }),
        ),
    ];
    for (old, new) in table {
        assert_eq!(said(&old, &new), Vec::<String>::new(), "{old} → {new}");
        assert_eq!(said(&old, &old), Vec::<String>::new(), "{old}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn what_is_narrower_breaks() {
    let int = |format: &str| json!({ "type": "integer", "format": format });
    let variant = |name: &str| {
        json!({
            "type": "object", "properties": { name: { "type": "null" } }, "required": [name], "additionalProperties": false,
        })
    };
    let table = [
        (json!(true), json!({ "type": "string" }), "$: it was anything, and is a string"),
        (json!({ "type": "string" }), json!(false), "$: it was a string, and is nothing"),
        (json!({ "type": "string" }), int("int8"), "$: it was a string, and is an integer (int8)"),
        (
            int("int64"),
            int("int32"),
            "$: it was an integer (int64), and is an integer (int32): fewer values",
        ),
        (
            int("int8"),
            int("uint8"),
            "$: it was an integer (int8), and is an integer (uint8): fewer values",
        ),
        (
            json!({ "type": "number", "format": "double" }),
            json!({ "type": "number", "format": "float" }),
            "$: it was a number (double), and is a number (float): fewer values",
        ),
        (
            json!({ "type": "number" }),
            int("int64"),
            "$: it was a number, and is an integer (int64)",
        ),
        (
            json!({ "type": ["string", "null"] }),
            json!({ "type": "string" }),
            "$: it was null, and is a string",
        ),
        (
            json!({ "enum": ["a", "b", "c"] }),
            json!({ "enum": ["b"] }),
            "$: `a`, `c` was a value, and is none any more",
        ),
        (
            json!({ "oneOf": [variant("A"), variant("B")] }),
            variant("B"),
            "$: `A` was a value, and is none any more",
        ),
        (
            json!({ "oneOf": [object(json!({ "k": { "const": "a" } }), &["k"]), object(json!({ "k": { "const": "b" } }), &["k"])] }),
            object(json!({ "k": { "const": "b" } }), &["k"]),
            "$: `k: \"a\"` was a value, and is none any more",
        ),
        (
            json!({ "type": "string" }),
            json!({ "type": "string", "minLength": 1 }),
            "$: `minLength` was not limited, and is 1",
        ),
        (
            json!({ "type": "string" }),
            json!({ "type": "string", "format": "uuid" }),
            "$: `format` was not limited, and is \"uuid\"",
        ),
        (
            json!({ "type": "string", "pattern": "a" }),
            json!({ "type": "string", "pattern": "b" }),
            "$: `pattern` was \"a\", and is \"b\"",
        ),
        (
            object(json!({}), &[]),
            object(json!({ "a": true }), &["a"]),
            "$.a: a new field that must be there, and data of before does not have it",
        ),
        (
            object(json!({ "a": true }), &[]),
            object(json!({ "a": true }), &["a"]),
            "$.a: it must be there now, and data of before may not have it",
        ),
        (
            object(json!({ "a b": int("int8") }), &[]),
            object(json!({ "a b": { "type": "string" } }), &[]),
            "$['a b']: it was an integer (int8), and is a string",
        ),
        (
            object(json!({ "a": true }), &[]),
            json!({ "type": "object", "additionalProperties": false }),
            "$.a: unknown fields are denied, and data of before may have it",
        ),
        (
            json!({ "type": "array", "items": int("int16") }),
            json!({ "type": "array", "items": int("int8") }),
            "$[*]: it was an integer (int16), and is an integer (int8): fewer values",
        ),
        (
            json!({ "type": "array", "items": int("int8") }),
            json!({ "type": "array", "items": int("int8"), "uniqueItems": true }),
            "$: `uniqueItems` was not limited, and is true",
        ),
        (
            json!({ "type": "array", "prefixItems": [true, int("int8")], "minItems": 2, "maxItems": 2 }),
            json!({ "type": "array", "prefixItems": [true, { "type": "string" }], "minItems": 2, "maxItems": 2 }),
            "$[1]: it was an integer (int8), and is a string",
        ),
        (
            json!({ "type": "object", "additionalProperties": int("int8") }),
            json!({ "type": "object", "additionalProperties": { "type": "string" } }),
            "$.*: it was an integer (int8), and is a string",
        ),
    ];
    for (old, new, expected) in table {
        assert_eq!(said(&old, &new).first().map(String::as_str), Some(expected), "{old} → {new}");
    }
}

/// A tree of itself, three types deep.
fn tree(leaf: &Value) -> Value {
    json!({
        "$ref": "#/$defs/Tree",
        "$defs": {
            "Tree": object(json!({ "children": { "type": "array", "items": { "$ref": "#/$defs/Tree" } },
                                   "mark": { "anyOf": [{ "$ref": "#/$defs/Mark" }, { "type": "null" }] } }), &[]),
            "Mark": object(json!({ "leaf": { "$ref": "#/$defs/Leaf" }, "tree": { "$ref": "#/$defs/Tree" } }), &["leaf"]),
            "Leaf": leaf,
        },
    })
}

#[test]
fn types_that_hold_themselves_are_compared_to_their_end() {
    let (number, text) = (json!({ "type": "number" }), json!({ "type": "string" }));
    assert_eq!(said(&tree(&number), &tree(&number)), Vec::<String>::new());
    let faults = said(&tree(&number), &tree(&text));
    assert!(
        faults.contains(&"$.mark.leaf: it was a number, and is a string".to_owned()),
        "{faults:?}"
    );
}

#[test]
fn what_cannot_be_compared_is_not_taken_to_be_alike() {
    let choice =
        |key: &str| json!({ "anyOf": (0..70).map(|n| json!({ key: n })).collect::<Vec<_>>() });
    let wide =
        json!({ "allOf": [choice("minLength"), choice("minItems"), choice("minProperties")] });
    assert_eq!(
        said(&wide, &wide),
        ["$: the schema is too large, or too entangled, to be compared"]
    );
}
