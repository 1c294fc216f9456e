//! Laws of the comparison, held on schemas and values made by chance, with a validator of JSON Schema as the judge.

use serde_json::json;

use super::*;

/// Numbers by chance, the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    fn of<T: Clone>(&mut self, all: &[T]) -> T {
        let place = usize::try_from(self.below(all.len() as u64)).unwrap();
        all[place].clone()
    }
}

const NAMES: &[&str] = &["a", "b", "c"];

/// A schema as schemars writes them; references are to two definitions that hold each other.
fn schema(chance: &mut Chance, depth: u64) -> Value {
    let leaf = |chance: &mut Chance| {
        let int = |format: &str, least: i64, largest: i64| json!({ "type": "integer", "format": format, "minimum": least, "maximum": largest });
        chance.of(&[
            json!({ "type": "null" }),
            json!({ "type": "boolean" }),
            json!({ "type": "string" }),
            json!({ "type": ["string", "null"] }),
            json!({ "type": "string", "maxLength": 1 }),
            json!({ "type": "string", "enum": ["a", "b"] }),
            json!({ "type": "string", "enum": ["a"] }),
            json!({ "oneOf": [{ "type": "string", "enum": ["a", "c"] }, { "type": "string", "const": "b", "description": "B" }] }),
            json!({ "type": "number", "format": "double" }),
            json!({ "type": "integer", "format": "int64" }),
            int("int8", -128, 127),
            int("uint8", 0, 255),
            json!(true),
        ])
    };
    if depth == 0 {
        return leaf(chance);
    }
    match chance.below(9) {
        0 | 1 => leaf(chance),
        2 => json!({ "type": "array", "items": schema(chance, depth - 1) }),
        3 => {
            let items: Vec<_> = (0..=chance.below(2)).map(|_| schema(chance, depth - 1)).collect();
            json!({ "type": "array", "prefixItems": items, "minItems": items.len(), "maxItems": items.len() })
        }
        4 => json!({ "type": "object", "additionalProperties": schema(chance, depth - 1) }),
        5 => json!({ "anyOf": [schema(chance, depth - 1), { "type": "null" }] }),
        6 => {
            let variant = |name: &&str| {
                json!({ "type": "object", "properties": { *name: schema(chance, depth - 1) },
                "required": [name], "additionalProperties": false })
            };
            let variants: Vec<_> = NAMES.iter().map(variant).collect();
            let kept = usize::try_from(1 + chance.below(3)).unwrap();
            json!({ "oneOf": variants[..kept] })
        }
        7 => json!({ "$ref": chance.of(&["#/$defs/One", "#/$defs/Two"]) }),
        _ => {
            let mut object = json!({ "type": "object" });
            for name in NAMES {
                if chance.below(3) > 0 {
                    object["properties"][name] = schema(chance, depth - 1);
                    if chance.below(2) > 0 {
                        let required = object["required"].as_array().cloned().unwrap_or_default();
                        object["required"] = required.into_iter().chain([json!(name)]).collect();
                    }
                }
            }
            object
        }
    }
}

/// The schema with one thing in it changed by chance.
fn changed(of: &Value, chance: &mut Chance) -> Value {
    if chance.below(4) == 0 {
        return schema(chance, 1);
    }
    let mut new = of.clone();
    let Some(fields) = new.as_object_mut() else { return schema(chance, 1) };
    let keys: Vec<String> = fields.keys().cloned().collect();
    let key = chance.of(&keys);
    match (key.as_str(), fields.get_mut(&key)) {
        ("properties", Some(Value::Object(properties))) if !properties.is_empty() => {
            let names: Vec<String> = properties.keys().cloned().collect();
            let name = chance.of(&names);
            match chance.below(3) {
                0 => drop(properties.insert("d".to_owned(), schema(chance, 1))),
                _ => properties[&name] = changed(&properties[&name].clone(), chance),
            }
        }
        ("required", Some(Value::Array(required))) => match chance.below(2) {
            0 => drop(required.pop()),
            _ => required.push(json!("d")),
        },
        ("oneOf" | "anyOf" | "prefixItems", Some(Value::Array(all))) => {
            let place = usize::try_from(chance.below(all.len() as u64)).unwrap();
            all[place] = changed(&all[place].clone(), chance);
        }
        ("items" | "additionalProperties", Some(inner)) => *inner = changed(&inner.clone(), chance),
        _ => return schema(chance, 1),
    }
    new
}

/// A value of a schema; `None` where chance leads nowhere.
fn value(
    schema: &Value,
    defs: &Map<String, Value>,
    chance: &mut Chance,
    depth: u64,
) -> Option<Value> {
    if depth > 12 {
        return None;
    }
    let shapes = shapes(schema, defs).unwrap();
    if shapes.is_empty() {
        return None;
    }
    let shape = chance.of(&shapes);
    if let Some(value) = shape.fields.get("const") {
        return Some(value.clone());
    }
    let mut inner = |schema: &Value| value(schema, defs, chance, depth + 1);
    Some(match shape.ty() {
        None => json!([["anything"]]),
        Some("null") => Value::Null,
        Some("boolean") => json!(true),
        Some("string") if shape.fields.contains_key("maxLength") => json!("x"),
        Some("string") => chance.of(&[json!("a"), json!("b"), json!("some text")]),
        Some("number") => chance.of(&[json!(0.5), json!(1e300), json!(-3)]),
        Some("integer") => {
            let numbers = [json!(-128), json!(0), json!(127), json!(255), json!(i64::MIN)];
            let number = chance.of(&numbers);
            let (least, largest) = bounds(&shape);
            number
                .as_f64()
                .filter(|number| least <= *number && *number <= largest)
                .map(|_| number)?
        }
        Some("array") if shape.fields.contains_key("prefixItems") => {
            let items = shape.fields["prefixItems"].as_array()?;
            items.iter().map(inner).collect::<Option<_>>()?
        }
        Some("array") => {
            let item = shape.fields.get("items").cloned().unwrap_or(json!(true));
            json!([inner(&item)?, inner(&item)?])
        }
        _ => {
            let mut object = Map::new();
            let required: Vec<String> = shape.required().map(str::to_owned).collect();
            for (name, schema) in shape.properties() {
                match inner(schema) {
                    Some(value) => drop(object.insert(name.clone(), value)),
                    None if required.contains(name) => return None,
                    None => {}
                }
            }
            for name in &required {
                object.entry(name.clone()).or_insert(json!(1));
            }
            if let Some(others) = shape.others().filter(|others| others.is_object()) {
                object.insert("other".to_owned(), inner(others)?);
            }
            for name in NAMES {
                if chance.below(3) == 0 && !required.iter().any(|required| required == name) {
                    object.remove(*name);
                }
            }
            Value::Object(object)
        }
    })
}

fn document(schema: &Value, defs: &Map<String, Value>) -> jsonschema::Validator {
    // serde reads what one of the variants reads, and does not ask whether it was the only one.
    let text = json!({ "allOf": [schema], "$defs": defs }).to_string().replace("oneOf", "anyOf");
    let document: Value = serde_json::from_str(&text).unwrap();
    jsonschema::draft202012::new(&document).unwrap()
}

#[test]
fn what_is_not_told_is_read_and_what_is_told_is_not() {
    let (mut silent, mut told, mut unseen, mut tried) = (0, 0, 0, 0);
    for seed in 0..1_200 {
        let mut chance = Chance(seed);
        let defs = |chance: &mut Chance| {
            Map::from_iter(["One", "Two"].map(|name| (name.to_owned(), json!({
                "type": "object", "properties": { "a": schema(chance, 1), "b": schema(chance, 1) }, "required": ["a"],
            }))))
        };
        let old = (schema(&mut chance, 3), defs(&mut chance));
        let mut new = (changed(&old.0, &mut chance), old.1.clone());
        if chance.below(3) == 0 {
            new.1["One"] = changed(&new.1["One"].clone(), &mut chance);
        }
        assert_eq!(faults((&old.0, &old.1), (&old.0, &old.1)), [], "itself: {old:?}");

        let found = faults((&old.0, &old.1), (&new.0, &new.1));
        let (before, now) = (document(&old.0, &old.1), document(&new.0, &new.1));
        let mut refused = 0;
        for _ in 0..24 {
            let Some(value) = value(&old.0, &old.1, &mut chance, 0) else { continue };
            if !before.is_valid(&value) {
                continue;
            }
            tried += 1;
            if !now.is_valid(&value) {
                refused += 1;
                assert_ne!(found, [], "{value} is not read, and nothing is told\n{old:?}\n{new:?}");
            }
        }
        if found.is_empty() {
            silent += 1;
        } else if refused > 0 {
            told += 1;
        } else {
            unseen += 1;
        }
    }
    // Both cases have been met, and often; what is told and was not seen to break is what chance did not find.
    let said = format!("{silent} silent, {told} told, {unseen} told and not seen, {tried} values");
    assert!(silent > 100 && told > 800 && tried > 20_000 && unseen * 20 < told, "{said}");
}
