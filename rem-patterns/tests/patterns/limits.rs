//! The limits of a topic, 32 segments and 255 bytes, within the algebra: patterns near them, for which counting is exact.
//!
//! All texts are of one letter, so that two segments meet if their lengths do, and what is shortest is known by adding up.

use proptest::prelude::*;
use rem_patterns::{MAX_BYTES, MAX_SEGMENTS, Pattern};

/// One segment: what it is written as, and what lengths of text it selects.
#[derive(Debug, Clone, Copy)]
enum Segment {
    /// `*`.
    Any,
    /// `aaa`.
    Exactly(usize),
    /// `aaa*`.
    AtLeast(usize),
}

use Segment::{Any, AtLeast, Exactly};

impl Segment {
    fn text(self) -> String {
        match self {
            Any => "*".to_owned(),
            Exactly(length) => "a".repeat(length),
            AtLeast(length) => "a".repeat(length) + "*",
        }
    }

    fn shortest(self) -> usize {
        match self {
            Any => 1,
            Exactly(length) | AtLeast(length) => length,
        }
    }

    /// The shortest text that both select.
    fn meet(self, other: Self) -> Option<usize> {
        let length = self.shortest().max(other.shortest());
        let fits = |segment| !matches!(segment, Exactly(exactly) if exactly != length);
        (fits(self) && fits(other)).then_some(length)
    }
}

/// The bytes of a topic whose segments have these lengths.
fn bytes(lengths: &[usize]) -> usize {
    lengths.iter().sum::<usize>() + lengths.len().saturating_sub(1)
}

fn pattern(segments: &[Segment], tail: &str) -> Pattern {
    let texts: Vec<String> = segments.iter().map(|segment| segment.text()).collect();
    // `=`: without it a plain name takes what is below, too.
    let plain = tail.is_empty() && segments.iter().all(|segment| matches!(segment, Exactly(_)));
    let text = format!("{}{}{tail}", if plain { "=" } else { "" }, texts.join("."));
    Pattern::parse(&text).expect(&text)
}

/// Two rows of segments that together come near a limit: many short segments, or few long ones.
fn rows() -> impl Strategy<Value = Vec<(Segment, Segment)>> {
    let segment = |longest: usize| {
        prop_oneof![
            2 => Just(Any),
            1 => Just(Exactly(longest)),
            1 => (1..=longest).prop_map(AtLeast),
            1 => (1..=longest).prop_map(Exactly),
        ]
    };
    let pairs =
        move |longest, count| prop::collection::vec((segment(longest), segment(longest)), count);
    // A pattern has the limits of a topic itself, so that it takes two to pass them.
    let written = |segments: &mut dyn Iterator<Item = Segment>| {
        segments.map(|segment| segment.text().len() + 1).sum::<usize>() + "**.aa".len()
    };
    prop_oneof![
        pairs(12, 26..=MAX_SEGMENTS),
        pairs(75, 3..=6),
        pairs(130, 2..=3),
        pairs(8, 30..=MAX_SEGMENTS)
    ]
    .prop_filter("patterns of at most 255 bytes", move |pairs| {
        written(&mut pairs.iter().map(|pair| pair.0)) <= MAX_BYTES
            && written(&mut pairs.iter().map(|pair| pair.1)) <= MAX_BYTES
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// Two patterns meet if the shortest topic that both select is within the limits, and the witness is a topic.
    #[test]
    fn patterns_meet_within_the_limits(pairs in rows()) {
        let (one, two): (Vec<Segment>, Vec<Segment>) = pairs.iter().copied().unzip();
        let shortest: Option<Vec<usize>> = pairs.iter().map(|(one, two)| one.meet(*two)).collect();
        let expected = shortest.is_some_and(|lengths| bytes(&lengths) <= MAX_BYTES);
        let (a, b) = (pattern(&one, ""), pattern(&two, ""));
        let witness = a.intersects(&b).expect("patterns without `**` are never too large");
        prop_assert_eq!(witness.is_some(), expected, "{} and {}", a, b);
        if let Some(topic) = witness {
            prop_assert!(a.matches(&topic) && b.matches(&topic), "{} is no witness for {} and {}", topic, a, b);
        }
    }

    /// What is below a pattern exists if one more segment of one byte is within both limits.
    #[test]
    fn nothing_is_below_the_limits(pairs in rows()) {
        let segments: Vec<Segment> = pairs.iter().map(|pair| pair.0).collect();
        let lengths: Vec<usize> = segments.iter().map(|segment| segment.shortest()).collect();
        let room = lengths.len() < MAX_SEGMENTS && bytes(&lengths) + 2 <= MAX_BYTES;
        let (alone, below) = (pattern(&segments, ""), pattern(&segments, ".**"));
        let missed = alone.misses(&below).expect("small");
        prop_assert_eq!(missed.is_some(), room, "{}", below);
        prop_assert_eq!(alone.includes(&below), Ok(!room));
        prop_assert_eq!(alone.equivalent(&below), Ok(!room));
        prop_assert_eq!(below.includes(&alone), Ok(true));
        // Of 33 segments there is not even a pattern.
        if lengths.len() < MAX_SEGMENTS {
            let deeper = pattern(&segments, ".**.aa");
            let room = bytes(&lengths) + 3 <= MAX_BYTES;
            prop_assert_eq!(deeper.example().expect("small").is_some(), room, "{}", deeper);
        }
        if let Some(topic) = missed {
            prop_assert!(below.matches(&topic) && !alone.matches(&topic), "{} does not tell {} apart", topic, below);
        }
    }
}
