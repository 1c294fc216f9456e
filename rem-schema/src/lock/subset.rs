//! Whether what was read before is still read: the comparison of two schemas.
//!
//! Everything that the old schema allows, the new one must allow. What the new one allows beside it is no fault.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::shape::{self, Shape, is_note, shapes};

/// One place where data of before is not read any more.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fault {
    /// From the data's root, as `.lines[*].sku`.
    pub(crate) path: String,
    pub(crate) what: What,
}

/// What is wrong there.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum What {
    /// A field that must be there now, and was not known.
    NewRequired,
    /// A field that must be there now, and need not have been.
    NowRequired,
    /// A field that is refused now, as any that is not known is.
    Denied,
    /// Another type.
    Other { was: String, is: String },
    /// A value, or several, that may not be there any more.
    Gone { values: Vec<String> },
    /// Fewer numbers.
    Range { was: String, is: String },
    /// A keyword of JSON Schema that refuses more, or may.
    Keyword { keyword: String, was: Option<Value>, is: Value },
    /// Too large to be compared.
    TooLarge,
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NewRequired => {
                f.write_str("a new field that must be there, and data of before does not have it")
            }
            Self::NowRequired => {
                f.write_str("it must be there now, and data of before may not have it")
            }
            Self::Denied => {
                f.write_str("unknown fields are denied, and data of before may have it")
            }
            Self::Other { was, is } => write!(f, "it was {was}, and is {is}"),
            Self::Gone { values } => {
                write!(f, "{} was a value, and is none any more", values.join(", "))
            }
            Self::Range { was, is } => write!(f, "it was {was}, and is {is}: fewer values"),
            Self::Keyword { keyword, was: Some(was), is } => {
                write!(f, "`{keyword}` was {was}, and is {is}")
            }
            Self::Keyword { keyword, was: None, is } => {
                write!(f, "`{keyword}` was not limited, and is {is}")
            }
            Self::TooLarge => {
                f.write_str("the schema is too large, or too entangled, to be compared")
            }
        }
    }
}

/// How many pairs of shapes are looked at.
const STEPS: usize = 1_000_000;

/// How deep schemas lie within each other.
const DEPTH: usize = 256;

/// Where `new` does not read what `old` did; references are to the definitions of each.
pub(crate) fn faults(
    old: (&Value, &Map<String, Value>),
    new: (&Value, &Map<String, Value>),
) -> Vec<Fault> {
    let mut comparison = Comparison {
        old: old.1,
        new: new.1,
        open: HashSet::new(),
        done: HashMap::new(),
        assumed: false,
        steps: 0,
        depth: 0,
    };
    let mut faults = comparison.schemas(old.0, new.0);
    let mut seen = HashSet::new();
    faults.retain(|fault| seen.insert(fault.to_string()));
    faults
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${}: {}", self.path, self.what)
    }
}

type Pair = (String, String);

struct Comparison<'a> {
    old: &'a Map<String, Value>,
    new: &'a Map<String, Value>,
    /// Pairs that are being compared: met again, they are taken to be alike, and if they are not it is told where they
    /// were met first.
    open: HashSet<Pair>,
    done: HashMap<Pair, Rc<[Fault]>>,
    /// Whether a pair that was open has been met.
    assumed: bool,
    steps: usize,
    depth: usize,
}

impl Comparison<'_> {
    fn schemas(&mut self, old: &Value, new: &Value) -> Vec<Fault> {
        let too_large = || vec![fault(What::TooLarge)];
        if self.depth > DEPTH {
            return too_large();
        }
        self.depth += 1;
        let faults = self.choices(old, new).unwrap_or_else(too_large);
        self.depth -= 1;
        faults
    }

    fn choices(&mut self, old: &Value, new: &Value) -> Option<Vec<Fault>> {
        let (Ok(old), Ok(new)) = (shapes(old, self.old), shapes(new, self.new)) else {
            return None;
        };
        let (mut faults, mut gone) = (Vec::new(), Vec::new());
        for shape in &old {
            let Some(nearest) = self.nearest(shape, &new) else { continue };
            match nearest {
                Nearest::None => {
                    if let Some(value) = shape.value().filter(|_| !new.is_empty()) {
                        gone.push(value);
                        continue;
                    }
                    faults.push(fault(What::Other { was: shape.said(), is: shape::said(&new) }));
                }
                Nearest::Faults(found) => faults.extend(found),
            }
        }
        if !gone.is_empty() {
            faults.push(fault(What::Gone { values: gone }));
        }
        Some(faults)
    }

    /// The new shape that reads most of an old one; `None` if one reads all.
    fn nearest(&mut self, old: &Shape, new: &[Shape]) -> Option<Nearest> {
        let mut nearest: Option<Vec<Fault>> = None;
        for shape in new {
            let Some(faults) = self.shapes(old, shape) else { continue };
            if faults.is_empty() {
                return None;
            }
            if nearest.as_ref().is_none_or(|nearest| faults.len() < nearest.len()) {
                nearest = Some(faults);
            }
        }
        Some(nearest.map_or(Nearest::None, Nearest::Faults))
    }

    /// Where the new shape does not read what the old one is; `None` if they are of different types or values.
    fn shapes(&mut self, old: &Shape, new: &Shape) -> Option<Vec<Fault>> {
        self.steps += 1;
        if self.steps > STEPS {
            return Some(vec![fault(What::TooLarge)]);
        }
        if !alike(old, new) {
            return None;
        }
        let pair = old.origin.clone().zip(new.origin.clone());
        let Some(pair) = pair else { return Some(self.contents(old, new)) };
        if let Some(done) = self.done.get(&pair) {
            return Some(done.to_vec());
        }
        if !self.open.insert(pair.clone()) {
            self.assumed = true;
            return Some(Vec::new());
        }
        let before = std::mem::take(&mut self.assumed);
        let faults = self.contents(old, new);
        self.open.remove(&pair);
        // What was found to be alike upon an assumption holds only once the assumption does.
        if !faults.is_empty() || !self.assumed || self.open.is_empty() {
            self.done.insert(pair, faults.clone().into());
        }
        self.assumed |= before;
        Some(faults)
    }

    fn contents(&mut self, old: &Shape, new: &Shape) -> Vec<Fault> {
        let mut faults = match new.ty().or(old.ty()) {
            Some("integer" | "number") => range(old, new).into_iter().collect(),
            Some("array") => self.items(old, new),
            Some("object") => self.fields(old, new),
            _ => Vec::new(),
        };
        faults.extend(new.fields.iter().filter_map(|(keyword, is)| keywords(old, keyword, is)));
        faults
    }

    fn items(&mut self, old: &Shape, new: &Shape) -> Vec<Fault> {
        let list = |shape: &Shape| {
            let items = shape.fields.get("prefixItems").and_then(Value::as_array);
            items.cloned().unwrap_or_default()
        };
        let (old_first, new_first) = (list(old), list(new));
        let any = Value::Bool(true);
        let (old_rest, new_rest) =
            (old.fields.get("items").unwrap_or(&any), new.fields.get("items").unwrap_or(&any));
        let most = old.fields.get("maxItems").and_then(Value::as_u64).unwrap_or(u64::MAX);
        let mut faults = Vec::new();
        for place in 0..old_first.len().max(new_first.len()) {
            if u64::try_from(place).is_ok_and(|place| place >= most) {
                break;
            }
            let old = old_first.get(place).unwrap_or(old_rest);
            let new = new_first.get(place).unwrap_or(new_rest);
            faults.extend(below(self.schemas(old, new), &format!("[{place}]")));
        }
        let longest = u64::try_from(old_first.len().max(new_first.len())).unwrap_or(u64::MAX);
        if most > longest {
            faults.extend(below(self.schemas(old_rest, new_rest), "[*]"));
        }
        faults
    }

    fn fields(&mut self, old: &Shape, new: &Shape) -> Vec<Fault> {
        let mut faults = Vec::new();
        for name in new.required() {
            if old.required().any(|required| required == name) {
                continue;
            }
            let known = old.property(name).is_some();
            let what = if known { What::NowRequired } else { What::NewRequired };
            faults.push(Fault { path: step(name), what });
        }
        for (name, is) in new.properties() {
            let was =
                old.property(name).or_else(|| old.others().filter(|others| others.is_object()));
            if let Some(was) = was {
                faults.extend(below(self.schemas(was, is), &step(name)));
            }
        }
        let patterns = |shape: &Shape| {
            shape.fields.get("patternProperties").and_then(Value::as_object).cloned()
        };
        let (old_patterns, new_patterns) =
            (patterns(old).unwrap_or_default(), patterns(new).unwrap_or_default());
        for (name, was) in old.properties().filter(|(name, _)| new.property(name).is_none()) {
            match new.others() {
                Some(Value::Bool(false)) => {
                    faults.push(Fault { path: step(name), what: What::Denied });
                }
                Some(is) => faults.extend(below(self.schemas(was, is), &step(name))),
                None => {}
            }
        }
        for (pattern, was) in &old_patterns {
            let path = format!("[{pattern}]");
            if let Some(is) = new_patterns.get(pattern).or_else(|| new.others()) {
                faults.extend(below(self.schemas(was, is), &path));
            }
        }
        match (old.others(), new.others()) {
            (_, None) | (Some(Value::Bool(false)), _) => {}
            // Beside fields that it knows, an object of before was open only for those that were to come.
            (None, Some(is)) if is.is_object() && old.properties().next().is_some() => {}
            (was, Some(is)) => {
                let any = Value::Bool(true);
                let was = was.unwrap_or(&any);
                match is {
                    Value::Bool(false) => {
                        faults.push(Fault { path: ".*".to_owned(), what: What::Denied });
                    }
                    is => faults.extend(below(self.schemas(was, is), ".*")),
                }
            }
        }
        faults
    }
}

/// What comes nearest to an old shape.
enum Nearest {
    /// No shape of its type or value.
    None,
    /// One that reads all but this.
    Faults(Vec<Fault>),
}

/// Whether two shapes are meant to be the same: of one type, and of one value where they have one.
fn alike(old: &Shape, new: &Shape) -> bool {
    let types = match (old.ty(), new.ty()) {
        (_, None) | (Some("integer"), Some("number")) => true,
        (old, new) => old == new,
    };
    let values = match (old.fields.get("const"), new.fields.get("const")) {
        (_, None) => true,
        (old, new) => old == new,
    };
    // A variant of an enum, in a field of its name or with its name in a field.
    let named = new.properties().all(|(name, is)| match (is.get("const"), old.property(name)) {
        (Some(is), Some(was)) => was.get("const").is_none_or(|was| was == is),
        _ => true,
    });
    let variants = old.variant().zip(new.variant()).is_none_or(|(old, new)| old == new);
    types && values && named && variants
}

/// What a keyword of the new shape refuses that the old one did not.
fn keywords(old: &Shape, keyword: &str, is: &Value) -> Option<Fault> {
    const COMPARED: &[&str] = &[
        "type",
        "const",
        "properties",
        "required",
        "additionalProperties",
        "unevaluatedProperties",
        "items",
        "prefixItems",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
    ];
    if COMPARED.contains(&keyword) || is_note(keyword) {
        return None;
    }
    let was = old.fields.get(keyword);
    let number = |value: Option<&Value>| value.and_then(Value::as_f64);
    let wider = match keyword {
        // The range of a number's format is compared as such.
        "format" if matches!(old.ty(), Some("integer" | "number")) => true,
        "minLength" | "minItems" | "minProperties" => {
            number(was).unwrap_or(0.0) >= number(Some(is)).unwrap_or(0.0)
        }
        "maxLength" | "maxItems" | "maxProperties" => {
            number(was).unwrap_or(f64::INFINITY) <= number(Some(is)).unwrap_or(f64::INFINITY)
        }
        "uniqueItems" => *is == Value::Bool(false) || was == Some(is),
        "patternProperties" => old_keys_fit(old, is),
        // What reads nothing but one value was one.
        _ => was == Some(is) || old.fields.contains_key("const") && keyword == "format",
    };
    let what = What::Keyword { keyword: keyword.to_owned(), was: was.cloned(), is: is.clone() };
    (!wider).then(|| fault(what))
}

/// Patterns of keys say what a value is; they refuse nothing by themselves.
fn old_keys_fit(old: &Shape, is: &Value) -> bool {
    let was = old.fields.get("patternProperties").and_then(Value::as_object);
    let is = is.as_object();
    was.zip(is).is_some_and(|(was, is)| is.keys().all(|pattern| was.contains_key(pattern)))
}

/// Numbers that were allowed and are not.
fn range(old: &Shape, new: &Shape) -> Option<Fault> {
    let value = old.fields.get("const").and_then(Value::as_f64);
    let was = value.map_or_else(|| bounds(old), |value| (value, value));
    let is = bounds(new);
    let exclusive = ["exclusiveMinimum", "exclusiveMaximum", "multipleOf"].iter().any(|keyword| {
        new.fields.get(*keyword).is_some_and(|is| old.fields.get(*keyword) != Some(is))
    });
    let narrower = was.0 < is.0 || was.1 > is.1 || exclusive;
    narrower.then(|| fault(What::Range { was: numbers(old), is: numbers(new) }))
}

/// The least and the largest number of a shape.
fn bounds(shape: &Shape) -> (f64, f64) {
    let format = shape.fields.get("format").and_then(Value::as_str);
    let (least, largest) = format.and_then(of_format).unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
    let number = |keyword: &str| shape.fields.get(keyword).and_then(Value::as_f64);
    (
        number("minimum").map_or(least, |minimum| minimum.max(least)),
        number("maximum").map_or(largest, |maximum| maximum.min(largest)),
    )
}

#[expect(
    clippy::cast_precision_loss,
    reason = "the ends of two formats differ by more than what is lost"
)]
fn of_format(format: &str) -> Option<(f64, f64)> {
    Some(match format {
        "int8" => (i8::MIN.into(), i8::MAX.into()),
        "int16" => (i16::MIN.into(), i16::MAX.into()),
        "int32" => (i32::MIN.into(), i32::MAX.into()),
        "int64" | "int" => (i64::MIN as f64, i64::MAX as f64),
        "int128" => (i128::MIN as f64, i128::MAX as f64),
        "uint8" => (0.0, u8::MAX.into()),
        "uint16" => (0.0, u16::MAX.into()),
        "uint32" => (0.0, u32::MAX.into()),
        "uint64" | "uint" => (0.0, u64::MAX as f64),
        "uint128" => (0.0, u128::MAX as f64),
        "float" => (f32::MIN.into(), f32::MAX.into()),
        "double" => (f64::MIN, f64::MAX),
        _ => return None,
    })
}

fn numbers(shape: &Shape) -> String {
    let keywords = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];
    let limits = keywords.iter().filter_map(|keyword| Some((keyword, shape.fields.get(*keyword)?)));
    let limits: Vec<_> = limits.map(|(keyword, limit)| format!("{keyword} {limit}")).collect();
    match (shape.fields.get("format"), limits.is_empty()) {
        (Some(_), _) | (None, true) => shape.said(),
        (None, false) => format!("{} with {}", shape.said(), limits.join(" and ")),
    }
}

fn fault(what: What) -> Fault {
    Fault { path: String::new(), what }
}

fn below(faults: Vec<Fault>, step: &str) -> impl Iterator<Item = Fault> {
    faults.into_iter().map(move |fault| Fault { path: format!("{step}{}", fault.path), ..fault })
}

/// One field in a path.
fn step(name: &str) -> String {
    let plain = |sign: char| sign.is_alphanumeric() || sign == '_';
    if !name.is_empty() && name.chars().all(plain) {
        format!(".{name}")
    } else {
        format!("['{}']", name.replace('\\', "\\\\").replace('\'', "\\'"))
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod laws;
