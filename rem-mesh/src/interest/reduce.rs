//! Fewer filters for the same: those that others cover go; and where they are too many, wider ones take their place.

use std::borrow::Borrow;
use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use super::Allowed;
use crate::transport::SubjectFilter;

/// The same without those that others cover, wide ones first. If more than `most` are left, those are cut that crowd behind the same
/// first tokens, at first behind many of them and the largest crowds before the others: then they select more, but nothing that may not
/// come, and what stands alone stays as narrow as it is.
pub(crate) fn reduce(
    filters: Vec<SubjectFilter>,
    allowed: &[Allowed],
    root: usize,
    most: usize,
) -> Vec<SubjectFilter> {
    let mut filters = minimised(filters);
    let mut kept =
        filters.iter().map(|filter| filter.as_str().split('.').count()).max().unwrap_or(0);
    while filters.len() > most && kept > root {
        kept -= 1;
        let crowds = crowds(&filters, kept, filters.len() - most);
        let mut cut: Vec<_> = crowds.iter().filter_map(|first| below(first)).collect();
        cut.sort_unstable();
        let within = cut.iter().flat_map(|filter| {
            let allowed = allowed.iter().flat_map(|allowed| &allowed.filters);
            allowed.filter_map(|allowed| allowed.meet(filter))
        });
        let within: Vec<_> = within.collect();
        let is_alone = |filter: &SubjectFilter| {
            first(filter.as_str(), kept).is_none_or(|first| !crowds.contains(first))
        };
        let alone: Vec<_> = filters.iter().filter(|filter| is_alone(filter)).cloned().collect();
        filters = minimised([alone, within].concat());
    }
    filters
}

/// The first so many tokens of what more filters than one begin with: of the largest crowds as many as make so many filters fewer.
fn crowds(filters: &[SubjectFilter], kept: usize, fewer: usize) -> HashSet<Box<str>> {
    let mut sizes: HashMap<&str, usize> = HashMap::new();
    for first in filters.iter().filter_map(|filter| first(filter.as_str(), kept)) {
        *sizes.entry(first).or_default() += 1;
    }
    let mut sizes: Vec<_> = sizes.into_iter().filter(|(_, size)| *size > 1).collect();
    sizes.sort_unstable_by_key(|(first, size)| (Reverse(*size), *first));
    let mut gone = 0;
    let needed = sizes.into_iter().take_while(|(_, size)| {
        let is_needed = gone < fewer;
        gone += size - 1;
        is_needed
    });
    needed.map(|(first, _)| first.into()).collect()
}

/// The first so many tokens of a filter that has more.
fn first(filter: &str, kept: usize) -> Option<&str> {
    let (end, _) = filter.match_indices('.').nth(kept.checked_sub(1)?)?;
    filter.get(..end)
}

/// Whatever follows these tokens.
fn below(first: &str) -> Option<SubjectFilter> {
    // The tokens of a filter, and one behind them.
    SubjectFilter::parse(format!("{first}.>")).ok()
}

fn minimised(mut filters: Vec<SubjectFilter>) -> Vec<SubjectFilter> {
    filters.sort_by_cached_key(|filter| (filter.wide_first(), filter.clone()));
    filters.dedup();
    let mut covers = Covers::default();
    filters.retain(|filter| {
        let is_needed = !covers.cover(filter);
        if is_needed {
            covers.add(filter);
        }
        is_needed
    });
    filters
}

/// Filters by their tokens, to be asked whether one of them covers another. A question costs at most two steps a token and
/// level for each way that wildcards open, and nearly always one.
#[derive(Debug, Default)]
pub(crate) struct Covers {
    next: HashMap<Box<str>, Covers>,
    ends: bool,
}

impl Covers {
    pub(crate) fn of(filters: impl IntoIterator<Item = impl Borrow<SubjectFilter>>) -> Self {
        let mut covers = Self::default();
        filters.into_iter().for_each(|filter| covers.add(filter.borrow()));
        covers
    }

    fn add(&mut self, filter: &SubjectFilter) {
        let mut at = self;
        for token in filter.as_str().split('.') {
            at = at.next.entry(token.into()).or_default();
        }
        at.ends = true;
    }

    /// Whether one of them covers that filter.
    pub(crate) fn cover(&self, filter: &SubjectFilter) -> bool {
        let mut places = vec![self];
        for token in filter.as_str().split('.') {
            let mut next = Vec::with_capacity(places.len());
            for place in places {
                if place.next.get(">").is_some_and(|tail| tail.ends) {
                    return true;
                }
                // What `*` and `>` select, a literal does not.
                next.extend(place.next.get(token).filter(|_| token != ">"));
                if token != "*" && token != ">" {
                    next.extend(place.next.get("*"));
                }
            }
            places = next;
        }
        places.iter().any(|place| place.ends)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rem_core::Pattern;

    use super::*;

    fn filter(text: &str) -> SubjectFilter {
        SubjectFilter::parse(text).unwrap()
    }

    const FILTER: &str = "([ab]|\\*)(\\.([ab]|\\*)){0,3}(\\.>)?";

    proptest! {
        #[test]
        fn the_index_says_what_each_says_alone(
            all in prop::collection::vec(FILTER, 0..8),
            one in FILTER,
        ) {
            let (all, one): (Vec<_>, _) = (all.iter().map(|text| filter(text)).collect(), filter(&one));
            let expected = all.iter().any(|other| other.covers(&one));
            prop_assert_eq!(Covers::of(&all).cover(&one), expected);
        }

        #[test]
        fn what_is_left_is_all_and_none_covers_another(
            all in prop::collection::vec(FILTER, 0..12),
            most in 1_usize..4,
        ) {
            let all: Vec<_> = all.iter().map(|text| filter(&format!("m.{text}"))).collect();
            let left = minimised(all.clone());
            for filter in &all {
                prop_assert!(left.iter().any(|other| other.covers(filter)), "{}", filter);
            }
            for one in &left {
                prop_assert!(left.iter().all(|other| other == one || !other.covers(one)));
            }
            let allowed = [Allowed::new(Pattern::parse("**").unwrap(), "m.")];
            let few = reduce(all.clone(), &allowed, 1, most);
            prop_assert!(few.len() <= most, "{:?}", few);
            for filter in &all {
                prop_assert!(few.iter().any(|other| other.covers(filter)), "{} of {:?}", filter, few);
            }
        }
    }

    #[test]
    fn where_too_many_are_asked_for_wider_ones_stay_within_what_may_come() {
        let allowed = ["a", "b.*.c"].map(|text| Allowed::new(Pattern::parse(text).unwrap(), "m."));
        let many = (0..100).map(|at| filter(&format!("m.a.{}.{at}", at % 3)));
        let many = many.chain([filter("m.b.7.c")]).collect::<Vec<_>>();
        let few: Vec<_> =
            reduce(many.clone(), &allowed, 1, 5).iter().map(ToString::to_string).collect();
        assert_eq!(few, ["m.a.0.>", "m.a.1.>", "m.a.2.>", "m.b.7.c"]);
        let few: Vec<_> = reduce(many, &allowed, 1, 3).iter().map(ToString::to_string).collect();
        assert_eq!(few, ["m.a.>", "m.b.7.c"]);
    }

    #[test]
    fn only_crowds_are_widened_and_the_largest_first() {
        let allowed = [Allowed::new(Pattern::parse("**").unwrap(), "m.")];
        let crowd = |name: &str, size: usize| {
            (0..size).map(move |at| filter(&format!("m.{name}.{at}"))).collect::<Vec<_>>()
        };
        let lone = (0..5).map(|at| filter(&format!("m.lone{at}.{at}"))).collect();
        let many = [crowd("big", 50), crowd("small", 4), lone].concat();
        let few: Vec<_> =
            reduce(many.clone(), &allowed, 1, 10).iter().map(ToString::to_string).collect();
        assert_eq!(few.len(), 10, "{few:?}");
        assert!(few.contains(&"m.big.>".into()) && few.contains(&"m.small.3".into()), "{few:?}");
        let few: Vec<_> = reduce(many, &allowed, 1, 9).iter().map(ToString::to_string).collect();
        assert_eq!(few.len(), 7, "{few:?}");
        assert!(few.contains(&"m.small.>".into()) && few.contains(&"m.lone4.4".into()), "{few:?}");
    }
}
