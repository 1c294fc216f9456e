//! The topics of the measured event type, and patterns of every kind that select one of them.

use std::fmt::Write as _;

/// The number of variants, each with one topic.
pub(super) const VARIANTS: usize = 100;

/// One topic: its segments, of which one has the number that no other topic has.
pub(super) struct Topic {
    segments: Vec<String>,
    key: usize,
    digits: String,
}

impl Topic {
    /// Four shapes in turn. The number stands at the end, in the middle and in front of what follows it in its segment, so
    /// that neither the beginning nor the end of a segment tells the topics apart.
    pub(super) fn new(number: usize) -> Self {
        let digits = format!("{number:03}");
        let (text, key) = match number % 4 {
            0 => (format!("order.item_{digits}.state_changed"), 1),
            1 => (format!("order.state_of_item_{digits}_changed_again"), 1),
            2 => (format!("order.{{id}}.item_{digits}_state_changed"), 2),
            _ => (format!("order.archive.item_{digits}.state_changed"), 2),
        };
        Self { segments: text.split('.').map(str::to_owned).collect(), key, digits }
    }

    /// The topic below the namespace, as the derive's attribute has it.
    pub(super) fn text(&self) -> String {
        self.segments.join(".")
    }

    pub(super) fn is_template(&self) -> bool {
        self.text().contains('{')
    }

    /// The number, as the topic has it.
    pub(super) fn number(&self) -> &str {
        &self.digits
    }

    /// The topic with a value in the place of its field.
    fn name(&self) -> String {
        self.text().replace("{id}", "some")
    }

    /// The same with another first segment.
    fn first(&self, first: &str) -> String {
        self.name().replacen("order", first, 1)
    }

    /// The same with the key's segment changed: what comes before its number, and what comes after, are given.
    fn key(&self, change: impl Fn(&str, &str) -> String) -> String {
        let (before, after) = self.segments[self.key].split_once(&self.digits).unwrap_or_default();
        self.name().replacen(&self.segments[self.key], &change(before, after), 1)
    }
}

/// A kind of pattern.
pub(super) struct Kind {
    /// A name for a program.
    pub(super) name: &'static str,
    /// What it looks like.
    pub(super) sample: &'static str,
    /// The pattern of this kind that selects the topic; `None` if the topic's shape has none.
    pub(super) pattern: fn(&Topic) -> Option<String>,
}

pub(super) const KINDS: &[Kind] = &[
    Kind { name: "plain", sample: "a.b", pattern: |topic| Some(topic.name()) },
    Kind { name: "exact", sample: "=a.b", pattern: |topic| Some(format!("={}", topic.name())) },
    Kind { name: "one", sample: "*.b", pattern: |topic| Some(topic.first("*")) },
    Kind {
        name: "many",
        sample: "**.b",
        pattern: |topic| Some(format!("**.{}", topic.segments[topic.key..].join("."))),
    },
    Kind {
        name: "many_twice",
        sample: "**.b.**",
        pattern: |topic| Some(format!("**.{}.**", topic.segments[topic.key])),
    },
    Kind {
        name: "more",
        sample: "a.>",
        pattern: |topic| {
            let below = topic.key + 1 < topic.segments.len();
            below.then(|| format!("{}.>", topic.segments[..=topic.key].join(".")))
        },
    },
    Kind {
        name: "prefix",
        sample: "pre*",
        pattern: |topic| Some(topic.key(|before, _| format!("{before}{}*", topic.digits))),
    },
    Kind {
        name: "suffix",
        sample: "*suf",
        pattern: |topic| Some(topic.key(|_, after| format!("*_{}{after}", topic.digits))),
    },
    Kind {
        name: "around",
        sample: "pre*suf",
        pattern: |topic| {
            let suffix = &topic.digits[1..];
            Some(topic.key(|before, after| format!("{}*{suffix}{after}", &before[..3])))
        },
    },
    Kind {
        name: "stars",
        sample: "*a*b*",
        pattern: |topic| Some(topic.key(|_, _| format!("*item*{}*", topic.digits))),
    },
    Kind {
        name: "question",
        sample: "v?",
        pattern: |topic| {
            Some(topic.key(|before, after| format!("{before}?{}{after}", &topic.digits[1..])))
        },
    },
    Kind {
        name: "class",
        sample: "[a-c]1",
        pattern: |topic| {
            Some(topic.key(|before, after| format!("{before}[0-3]{}{after}", &topic.digits[1..])))
        },
    },
    Kind {
        name: "class_of_others",
        sample: "[!x]*",
        pattern: |topic| {
            Some(topic.key(|before, _| format!("{before}[!1-9]{}*", &topic.digits[1..])))
        },
    },
    Kind {
        name: "choice",
        sample: "{a,b}",
        pattern: |topic| {
            Some(topic.key(|before, after| format!("{before}{{none,{}}}{after}", topic.digits)))
        },
    },
    Kind {
        name: "choices",
        sample: "{a,b}_{c,d}*",
        pattern: |topic| {
            Some(topic.key(|before, _| {
                let before = before.trim_end_matches('_');
                format!("{{other,{before},third}}_{{none,{}}}*", topic.digits)
            }))
        },
    },
    Kind { name: "capture", sample: "{id}.b", pattern: |topic| Some(topic.first("{kind}")) },
    Kind {
        name: "capture_rest",
        sample: "a.{*rest}",
        pattern: |topic| Some(format!("{}.{{*rest}}", topic.segments[..=topic.key].join("."))),
    },
    Kind {
        name: "set",
        sample: "a,b.*,c",
        pattern: |topic| Some(format!("none,order.none_{}.*,{}", topic.digits, topic.name())),
    },
    Kind {
        name: "exclusion",
        sample: "a.**,!a.b",
        // All topics, but for those whose number has another digit in the middle.
        pattern: |topic| {
            let others = format!("item_0[!{}]*", &topic.digits[1..2]);
            let mut text = "order.**".to_owned();
            for excluded in
                [format!("{others}.**"), format!("*.{others}.**"), format!("state_of_{others}")]
            {
                write!(text, ",!order.{excluded}").ok()?;
            }
            Some(text)
        },
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_patterns_for_topics_early_and_late() {
        for kind in KINDS {
            for numbers in [0..4, 48..52, 96..100] {
                let mut patterns = numbers.filter_map(|number| (kind.pattern)(&Topic::new(number)));
                assert!(patterns.next().is_some(), "{}", kind.name);
            }
        }
        let text = |name: &str, number| {
            let kind = KINDS.iter().find(|kind| kind.name == name).unwrap();
            (kind.pattern)(&Topic::new(number))
        };
        assert_eq!(text("suffix", 97).unwrap(), "order.*_097_changed_again");
        assert_eq!(
            text("choices", 96).unwrap(),
            "order.{other,item,third}_{none,096}*.state_changed"
        );
        assert_eq!(text("class", 98).unwrap(), "order.some.item_[0-3]98_state_changed");
        assert_eq!(text("capture", 99).unwrap(), "{kind}.archive.item_099.state_changed");
        assert_eq!(text("more", 97), None);
    }
}
