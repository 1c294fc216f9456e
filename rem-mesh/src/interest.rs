//! What a transport has to be asked for: the narrowest subjects that hold everything that is subscribed to and may come.

mod planned;
mod reduce;

use std::collections::{HashMap, HashSet};

use rem_core::__private::Interest;
use rem_core::{Pattern, Topic};

use crate::transport::SubjectFilter;

pub use planned::subjects_for;
pub(crate) use reduce::{Covers, reduce};

/// How many segments the scope of an event that travels has at most. A subscription by type is one below any scope: it asks
/// for its topics below so many segments of whatever kind, and what lies deeper is not sent.
pub(crate) const DEEPEST: usize = 4;

/// What may come: a pattern from the root, with the subjects that cover it.
#[derive(Debug, Clone)]
pub(crate) struct Allowed {
    pub(crate) pattern: Pattern,
    pub(crate) filters: Vec<SubjectFilter>,
    /// The subjects select more than the pattern.
    is_wider: bool,
}

impl Allowed {
    pub(crate) fn new(pattern: Pattern, root: &str) -> Self {
        let cover = pattern.to_nats();
        let filters = cover.subjects.iter().filter_map(|subject| below(root, subject)).collect();
        Self { pattern, filters, is_wider: cover.check }
    }
}

/// Finds out what has to be asked for, and remembers what each pattern came to.
#[derive(Debug)]
pub(crate) struct Asking {
    root: Box<str>,
    allowed: Vec<Allowed>,
    /// What is asked for whoever subscribes.
    always: Vec<Pattern>,
    most: usize,
    known: HashMap<Wish, Vec<SubjectFilter>>,
}

/// A subscription, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Wish {
    pattern: Box<str>,
    prefix: Option<Topic>,
    by_type: bool,
}

impl Asking {
    pub(crate) fn new(
        root: &str,
        allowed: Vec<Allowed>,
        always: Vec<Pattern>,
        most: usize,
    ) -> Self {
        Self { root: root.into(), allowed, always, most, known: HashMap::new() }
    }

    /// The fewest and narrowest filters for all of these, none of which covers another, in the order of wideness.
    pub(crate) fn subjects(&mut self, interests: &[Interest]) -> Vec<SubjectFilter> {
        let always = self.always.iter().map(|pattern| Interest {
            pattern: pattern.clone(),
            prefix: None,
            by_type: false,
        });
        let mut seen: HashSet<Wish> = HashSet::new();
        let mut filters = Vec::new();
        let always: Vec<Interest> = always.collect();
        for interest in interests.iter().chain(&always) {
            let prefix = interest.prefix.clone().filter(|_| interest.by_type);
            let pattern = interest.pattern.as_str().into();
            let wish = Wish { pattern, prefix, by_type: interest.by_type };
            if seen.contains(&wish) {
                continue;
            }
            if !self.known.contains_key(&wish) {
                let found = self.ask(interest);
                self.known.insert(wish.clone(), found);
            }
            filters.extend(self.known.get(&wish).into_iter().flatten().cloned());
            seen.insert(wish);
        }
        // What nobody wishes any more is not remembered.
        self.known.retain(|wish, _| seen.contains(wish));
        let root = self.root.split('.').count() - 1; // it ends with a dot
        reduce(filters, &self.allowed, root, self.most)
    }

    /// What one subscription asks for, of what may come.
    fn ask(&self, interest: &Interest) -> Vec<SubjectFilter> {
        let cover = interest.pattern.to_nats();
        let mut found = Vec::new();
        for allowed in &self.allowed {
            // Where subjects say more than patterns do, it is worth asking whether these meet at all.
            let is_rough = cover.check || allowed.is_wider;
            let meets = || !matches!(interest.pattern.intersects(&allowed.pattern), Ok(None));
            if !interest.by_type && is_rough && !meets() {
                continue;
            }
            for subject in &cover.subjects {
                for wished in self.written(subject, interest) {
                    found
                        .extend(allowed.filters.iter().filter_map(|allowed| allowed.meet(&wished)));
                }
            }
        }
        found
    }

    /// The subject of a subscription, from the root; by type, under each scope.
    fn written(&self, subject: &str, interest: &Interest) -> Vec<SubjectFilter> {
        if !interest.by_type {
            return below(&self.root, subject).into_iter().collect();
        }
        let prefix =
            interest.prefix.as_ref().map_or_else(String::new, |prefix| format!("{prefix}."));
        let under = |depth| below(&self.root, &format!("{prefix}{}{subject}", "*.".repeat(depth)));
        (0..=DEEPEST).filter_map(under).collect()
    }
}

/// A subject of topics as one of the mesh. One that is too long selects no topic, for those are shorter.
fn below(root: &str, subject: &str) -> Option<SubjectFilter> {
    SubjectFilter::parse(format!("{root}{subject}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(allowed: &[&str], most: usize) -> Asking {
        let allowed = allowed.iter().map(|text| Allowed::new(Pattern::parse(*text).unwrap(), "m."));
        Asking::new("m.", allowed.collect(), Vec::new(), most)
    }

    fn interest(pattern: &str, by_type: bool) -> Interest {
        Interest { pattern: Pattern::parse(pattern).unwrap(), prefix: None, by_type }
    }

    fn ask(allowed: &[&str], wished: &[&str]) -> Vec<String> {
        let wished: Vec<_> = wished.iter().map(|pattern| interest(pattern, false)).collect();
        let mut found: Vec<String> =
            asking(allowed, 1_000).subjects(&wished).iter().map(ToString::to_string).collect();
        found.sort();
        found
    }

    #[test]
    fn what_is_asked_is_what_is_wished_of_what_may_come() {
        let cases: &[(&[&str], &[&str], &[&str])] = &[
            (&["billing"], &["billing.paid"], &["m.billing.paid", "m.billing.paid.>"]),
            (&["billing"], &["=billing.paid"], &["m.billing.paid"]),
            (&["billing"], &["order.paid"], &[]),
            (&["billing"], &["**"], &["m.billing", "m.billing.>"]),
            (&["billing", "order.*"], &["*.paid"], &["m.billing.paid", "m.order.paid"]),
            (&["billing"], &["$rem.**"], &[]),
            (&["**"], &["a.*", "=a.b", "a.>"], &["m.a.>"]),
            (&["a.b*"], &["a.c*"], &[]),
            (&["a.b*"], &["a.*d"], &["m.a.*"]),
            (&["*.x"], &["a,!a.b"], &["m.a.x"]),
            (&["**"], &["{a,b}.c"], &["m.a.c", "m.b.c"]),
        ];
        for (allowed, wished, asked) in cases {
            assert_eq!(ask(allowed, wished), *asked, "{wished:?} of {allowed:?}");
        }
    }

    #[test]
    fn a_subscription_by_type_asks_below_scopes() {
        let found = asking(&["**"], 1_000).subjects(&[interest("=a.b", true)]);
        let found: Vec<_> = found.iter().map(SubjectFilter::as_str).collect();
        assert_eq!(found, ["m.a.b", "m.*.a.b", "m.*.*.a.b", "m.*.*.*.a.b", "m.*.*.*.*.a.b"]);
        let found = asking(&["a"], 1_000).subjects(&[interest("=a.b", true)]);
        assert_eq!(found.len(), 5, "{found:?}"); // a.b, a.a.b, a.*.a.b, …
        let mut on_child = interest("=a.b", true);
        on_child.prefix = Some(Topic::parse("eu").unwrap());
        let found = asking(&["eu.a"], 1_000).subjects(&[on_child]);
        assert_eq!(found[0].as_str(), "m.eu.a.b");
    }

    #[test]
    fn what_nobody_wishes_any_more_is_forgotten() {
        let mut asking = asking(&["**"], 1_000);
        let all: Vec<_> = (0..100).map(|at| interest(&format!("=a.{at}"), false)).collect();
        assert_eq!(asking.subjects(&all).len(), 100);
        assert_eq!(asking.subjects(&all[..1]).len(), 1);
        assert_eq!(asking.known.len(), 1);
    }
}
