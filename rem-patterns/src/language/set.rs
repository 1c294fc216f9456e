//! Sets: several patterns as one, and one without what it does not need.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::search::{Goal, shortest};
use super::{Language, TooLarge};
use crate::error::PatternError;
use crate::pattern::Pattern;

/// Why several patterns cannot be written as one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnionError {
    /// There is no pattern, or the one would be too long or have too many regular expressions.
    Pattern(PatternError),
    /// One pattern excludes some, but not all, of what another selects: a set has one list of exclusions for all.
    Entangled(Pattern),
    /// It would take too long to find out.
    TooLarge(TooLarge),
}

impl fmt::Display for UnionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pattern(error) => error.fmt(f),
            Self::Entangled(pattern) => write!(
                f,
                "`{pattern}` excludes some of what another of the patterns selects: keep them apart, or exclude less"
            ),
            Self::TooLarge(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for UnionError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Pattern(error) => Some(error),
            Self::TooLarge(error) => Some(error),
            Self::Entangled(_) => None,
        }
    }
}

impl From<PatternError> for UnionError {
    fn from(error: PatternError) -> Self {
        Self::Pattern(error)
    }
}

impl From<TooLarge> for UnionError {
    fn from(error: TooLarge) -> Self {
        Self::TooLarge(error)
    }
}

impl Pattern {
    /// One pattern that selects what any of these does, [minimised](Self::minimise).
    ///
    /// ```
    /// use rem_patterns::Pattern;
    ///
    /// let patterns = ["order.*.paid", "order", "user.?.left"].map(|text| Pattern::parse(text).expect("a pattern"));
    /// assert_eq!(Pattern::union(&patterns)?.as_str(), "order,user.?.left");
    /// # Ok::<(), rem_patterns::UnionError>(())
    /// ```
    ///
    /// # Errors
    /// If no single set says it, or there is no pattern.
    pub fn union(patterns: &[Self]) -> Result<Self, UnionError> {
        let mut selected: Vec<String> = Vec::new();
        let mut excluded: Vec<String> = Vec::new();
        for (at, pattern) in patterns.iter().enumerate() {
            let language = Language::of(pattern);
            for member in &language.members {
                let element = member.element;
                let sign = if element.exact { "=" } else { "" };
                let text = alloc::format!("{sign}{}", member.pattern.written(element));
                if !element.exclude {
                    selected.push(text);
                    continue;
                }
                // What it takes away, the other patterns must select wholly, or not at all.
                let hole = Self::parse(&text)?;
                let hole = Language::of(&hole);
                let others = patterns.iter().enumerate().filter(|&(other, _)| other != at);
                let (mut none_held, mut all_held) = (true, false);
                for (_, other) in others {
                    let other = Language::of(other);
                    none_held &= shortest(&hole, &other, Goal::Both)?.is_none();
                    all_held |= shortest(&hole, &other, Goal::FirstAlone)?.is_none();
                }
                match (none_held, all_held) {
                    (true, _) => excluded.push(alloc::format!("!{text}")),
                    (false, true) => {}
                    (false, false) => return Err(UnionError::Entangled(pattern.clone())),
                }
            }
        }
        selected.append(&mut excluded);
        Ok(Self::parse(selected.join(","))?.minimise()?)
    }

    /// The same set without the elements that others cover, and without exclusions that take nothing away.
    ///
    /// What is left selects the same topics; its captures are those of the elements that are left. Cost: a question of
    /// inclusion for each element.
    ///
    /// # Errors
    /// If a question would take too long.
    pub fn minimise(&self) -> Result<Self, TooLarge> {
        let mut language = Language::of(self);
        // The exclusions last, for they are needed while what they are taken from is there. From the right, so that of
        // two that say the same the first stays.
        let selected = |at: &usize| !Language::of(self).members[*at].exclude;
        let all = (0..language.members.len()).rev();
        let order: Vec<usize> =
            all.clone().filter(selected).chain(all.filter(|at| !selected(at))).collect();
        let mut kept: Vec<bool> = language.members.iter().map(|_| true).collect();
        for at in order {
            let member = language.members[at];
            kept[at] = false;
            let others = language.members.iter().zip(&kept).filter(|&(_, &kept)| kept);
            let mut others = Language { members: others.map(|(member, _)| *member).collect() };
            if others.members.iter().all(|member| member.exclude) {
                kept[at] = true;
                continue;
            }
            let mut this = Language::default();
            this.members.push(member);
            this.members[0].exclude = false;
            let needless = if member.exclude {
                shortest(&this, &others, Goal::Both)?.is_none()
            } else {
                // What is excluded anyway needs no cover.
                this.members.extend(others.members.iter().filter(|member| member.exclude));
                others.members.retain(|member| !member.exclude);
                shortest(&this, &others, Goal::FirstAlone)?.is_none()
            };
            kept[at] = !needless;
        }
        let mut kept = kept.into_iter();
        language.members.retain(|_| kept.next().unwrap_or(true));
        if language.members.len() == self.inner().elements().count() {
            return Ok(self.clone());
        }
        let elements = language.members.iter().map(|member| {
            let exclude = if member.exclude { "!" } else { "" };
            let exact = if member.element.exact { "=" } else { "" };
            [exclude, exact, member.pattern.written(member.element)].concat()
        });
        let text = elements.collect::<Vec<_>>().join(",");
        // Elements of a pattern, and one that selects among them: it parses.
        Ok(Self::parse(&text).unwrap_or_else(|_| self.clone()))
    }
}
