//! What a glob is lowered to takes what the glob takes.

use std::format;
use std::string::String;
use std::vec::Vec;

use super::super::{ConstForm, ConstPattern, ConstSegment, ConstText, selects};
use crate::glob::glob_matches;
use crate::pattern::Pattern;

fn lowered(text: &str) -> ConstPattern<'static> {
    Pattern::parse(text).unwrap().to_const().unwrap()
}

/// The forms of the first segment.
fn forms(pattern: &ConstPattern<'static>) -> &'static [ConstForm] {
    match &pattern.elements[0].segments[0] {
        ConstSegment::Literal(ConstText { forms, .. })
        | ConstSegment::Glob(ConstText { forms, .. }) => forms,
        ConstSegment::One | ConstSegment::Many => &[],
    }
}

/// Numbers that are the same in every run (Steele's `SplitMix64`).
struct Numbers(u64);

impl Numbers {
    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        list[usize::try_from((mixed ^ (mixed >> 27)) >> 33).unwrap() % list.len()]
    }

    fn text(&mut self, pieces: &[&str]) -> String {
        let count = 1 + self.of(&[0, 1, 2, 3, 4, 5, 6, 7]);
        (0..count).map(|_| self.of(pieces)).collect()
    }
}

/// Of every length up to beyond what is packed, and of characters of one byte and of several.
const TEXTS: &[&str] =
    &["a", "b", "ab", "é", "λ", "_", "sixteen_letters_", "seven__", "aaaaaaaaaaaaaaaaaaaaaaaa"];

#[test]
fn a_lowered_glob_takes_what_the_glob_takes() {
    let signs =
        ["*", "*", "?", "[ab]", "[!b]", "[é-λ]", "{a,é}", "{,b_}", "{a*,?b,[!a]}", "{s*,a}"];
    let pieces = [&signs[..], TEXTS].concat();
    let mut numbers = Numbers(3);
    let (mut takes, mut decided) = (0, 0);
    for _ in 0..60_000 {
        let text = numbers.text(&pieces);
        // Its own letters with something for its signs, so that many are taken.
        let mut topic = String::new();
        for sign in text.split_inclusive(['*', '?']) {
            topic += &sign.replace(['*', '?'], numbers.of(&["", "a", "é", "b_"]));
        }
        let own: String = topic.split(['[', ']', '{', '}', ',', '!', '-']).collect();
        for topic in [own, numbers.text(TEXTS)] {
            if topic.is_empty() {
                continue;
            }
            // Some are no globs: a `**`, or a plain name, which takes what is below it too, but nothing else here.
            let Ok(pattern) = Pattern::parse(&text) else { continue };
            let lowered = pattern.to_const().unwrap();
            let expected = glob_matches(text.as_bytes(), topic.as_bytes());
            assert_eq!(selects(&lowered, &[&topic]), expected, "{text} on {topic}");
            takes += usize::from(expected);
            decided += usize::from(forms(&lowered).iter().all(decides));
        }
    }
    assert!(takes > 10_000 && decided > 50_000, "{takes} taken, {decided} decided by numbers");
}

fn decides(form: &ConstForm) -> bool {
    form.0[4] >> 19 & 1 == 1
}

#[test]
fn a_literal_takes_itself_alone() {
    for len in 1..=40 {
        let text: String = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRST"[..len].into();
        let lowered = lowered(&format!("={text}"));
        assert!(decides(&forms(&lowered)[0]) && selects(&lowered, &[&text]));
        let others = (0..len).map(|at| format!("{}-{}", &text[..at], &text[at + 1..]));
        for other in others.chain([format!("{text}a"), format!("a{text}")]) {
            assert!(!selects(&lowered, &[&other]), "{text} {other}");
        }
    }
}

#[test]
fn choices_are_multiplied_up_to_a_limit() {
    let counts = |choices: usize| {
        let forms = forms(&lowered(&("{a,b}".repeat(choices) + "*")));
        (forms.len(), forms.iter().all(decides))
    };
    let counts: Vec<_> = [1, 2, 6, 7, 50].map(counts).into();
    assert_eq!(counts, [(2, true), (4, true), (64, true), (1, false), (1, false)]);
}
