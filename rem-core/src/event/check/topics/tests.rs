//! The overlap of topics, against a comparison of every pair that knows no shortcut.

use super::super::super::{EventSchema, Schema};
use super::fault;

/// Numbers that are the same in every run (Steele's `SplitMix64`).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        usize::try_from((mixed ^ (mixed >> 27)) >> 33).unwrap() % limit
    }

    /// One to three segments out of few, so that many topics meet.
    fn topic(&mut self) -> &'static str {
        let count = 1 + self.below(3);
        let words = ["a", "b", "ab", "a_b", "{x}", "{y}"];
        let segments: Vec<&str> = (0..count).map(|_| words[self.below(words.len())]).collect();
        Box::leak(segments.join(".").into_boxed_str())
    }

    fn prefix(&mut self) -> &'static str {
        ["", "a", "b", "a.b"][self.below(4)]
    }
}

fn leak<T>(list: Vec<T>) -> &'static [T] {
    Box::leak(list.into_boxed_slice())
}

/// Four variants with six topics: one plain, one with a type in it, and one with a type in a type.
fn schema(numbers: &mut Numbers) -> &'static Schema {
    let plain = |numbers: &mut Numbers| EventSchema::new("Plain", numbers.topic(), &[]);
    let nest = |prefix, events| {
        let schema: &'static Schema =
            Box::leak(Box::new(Schema::new("Inner", "elsewhere", events)));
        EventSchema::new("Nested", prefix, &[]).nested(schema)
    };
    let deepest = leak(vec![plain(numbers), plain(numbers)]);
    let deep = leak(vec![nest(numbers.prefix(), deepest), plain(numbers)]);
    let flat = leak(vec![plain(numbers)]);
    let events = leak(vec![
        plain(numbers),
        nest(numbers.prefix(), deep),
        nest(numbers.prefix(), flat),
        plain(numbers),
    ]);
    Box::leak(Box::new(Schema::new("Outer", "space", events)))
}

/// Every pair of topics that belong to different variants.
fn overlaps(schema: &Schema) -> bool {
    let mut topics = Vec::new();
    for (variant, event) in schema.events.iter().enumerate() {
        let alone = Schema::new("", "", leak(vec![*event]));
        topics.extend(alone.leaves().into_iter().map(|leaf| (variant, leaf.topic)));
    }
    let agree = |(a, b): (&str, &str)| a == b || a.starts_with('{') || b.starts_with('{');
    let meet = |a: &str, b: &str| {
        a.split('.').count() == b.split('.').count() && a.split('.').zip(b.split('.')).all(agree)
    };
    topics.iter().any(|(i, a)| topics.iter().any(|(j, b)| i != j && meet(a, b)))
}

#[test]
fn overlap_is_what_comparing_all_pairs_finds() {
    let mut numbers = Numbers(7);
    let mut found = 0;
    for _ in 0..5_000 {
        let schema = schema(&mut numbers);
        assert_eq!(schema.len(), 6);
        let fault = fault::<6>(schema);
        assert_eq!(fault.is_some(), overlaps(schema), "{:?}", schema.leaves());
        found += usize::from(fault.is_some());
    }
    assert!((500..4_500).contains(&found), "both answers are tried, {found} of 5000 overlap");
}

#[test]
fn the_message_names_both_and_a_topic() {
    const INNER: Schema = Schema::new("Inner", "", &[EventSchema::new("Hit", "{key}.hit", &[])]);
    const OUTER: Schema = Schema::new(
        "Outer",
        "space",
        &[
            EventSchema::new("Plain", "cache.all.{what}", &[]),
            EventSchema::new("Cache", "cache", &[]).nested(&INNER),
        ],
    );
    const FAULT: Option<super::Message> = fault::<{ OUTER.len() }>(&OUTER);
    let message = FAULT.unwrap();
    let expected =
        "`Plain` and `Cache` of `Outer` can both have the topic `cache.all.hit`: give one of them";
    assert!(message.as_str().starts_with(expected), "{}", message.as_str());
}

/// A topic below a prefix and a namespace, made of so many letters or segments each.
fn nested_in(namespace: String, prefix: String, topic: String) -> &'static Schema {
    let text = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    let inner =
        Schema::new("Inner", "ignored", leak(vec![EventSchema::new("E", text(topic), &[])]));
    let nested = EventSchema::new("Nested", text(prefix), &[]).nested(Box::leak(Box::new(inner)));
    Box::leak(Box::new(Schema::new("Outer", text(namespace), leak(vec![nested]))))
}

#[test]
fn limits_count_what_is_around() {
    let letters = |count: usize| "x".repeat(count);
    let segments = |count: usize| vec!["x"; count].join(".");
    for (bytes, fits) in [(53, true), (54, false)] {
        let schema = nested_in(letters(100), letters(100), letters(bytes));
        assert_eq!(fault::<1>(schema).is_none(), fits, "100 + 1 + 100 + 1 + {bytes} bytes");
    }
    for (count, fits) in [(2, true), (3, false), (33, false), (300, false)] {
        let schema = nested_in(segments(15), segments(15), segments(count));
        assert_eq!(fault::<1>(schema).is_none(), fits, "15 + 15 + {count} segments");
    }
    let short_values = format!("{{{}}}.{{{}}}", letters(200), letters(200));
    assert!(fault::<1>(nested_in(letters(100), letters(100), short_values)).is_none());
}

#[test]
fn a_local_type_stays_in_local_ones() {
    const INNER: Schema = Schema::new("Inner", "", &[EventSchema::new("Hit", "hit", &[])]).local();
    const EVENTS: &[EventSchema] = &[EventSchema::new("Cache", "cache", &[]).nested(&INNER)];
    const OUTER: Schema = Schema::new("Outer", "", EVENTS);
    assert!(
        fault::<1>(const { &OUTER })
            .is_some_and(|message| message.as_str().contains("`Cache` of `Outer`"))
    );
    assert!(fault::<1>(const { &Schema::new("Outer", "", EVENTS).local() }).is_none());
}
