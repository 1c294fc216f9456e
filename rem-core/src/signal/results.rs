//! [`Results`] and [`Sent`]: what came of a send.

use std::fmt;
use std::{slice, vec};

use super::error::Panicked;
use super::receiver::ReceiverId;

/// The panics of a send. Nearly always there are none: one word rather than three.
#[derive(Clone, Default, PartialEq, Eq)]
#[expect(clippy::box_collection, reason = "as above")]
pub(super) struct Panics(Option<Box<Vec<Panic>>>);

#[derive(Clone, PartialEq, Eq)]
struct Panic {
    /// Its place among those that were called.
    at: usize,
    receiver: ReceiverId,
    what: Panicked,
}

impl Panics {
    pub(super) fn push(&mut self, at: usize, receiver: ReceiverId, what: Panicked) {
        self.0.get_or_insert_default().push(Panic { at, receiver, what });
    }

    pub(super) fn len(&self) -> usize {
        self.all().len()
    }

    fn all(&self) -> &[Panic] {
        self.0.as_deref().map_or(&[], Vec::as_slice)
    }

    fn each(&self) -> impl Iterator<Item = (ReceiverId, &Panicked)> {
        self.all().iter().map(|panic| (panic.receiver, &panic.what))
    }
}

/// What each receiver of a send returned, in the order in which they were called.
///
/// One that panicked is there with its panic, and has stopped nobody. What one receiver returned is kept without an
/// allocation, what several did in one.
pub struct Results<R> {
    pub(super) values: Values<R>,
    pub(super) panics: Panics,
}

/// The values of those that did not panic.
pub(super) enum Values<R> {
    One((ReceiverId, R)),
    Some(Vec<(ReceiverId, R)>),
}

impl<R> Default for Results<R> {
    fn default() -> Self {
        Self { values: Values::Some(Vec::new()), panics: Panics::default() }
    }
}

impl<R> Values<R> {
    fn all(&self) -> &[(ReceiverId, R)] {
        match self {
            Self::One(one) => slice::from_ref(one),
            Self::Some(some) => some,
        }
    }
}

impl<R> Results<R> {
    /// How many receivers were called.
    pub fn len(&self) -> usize {
        self.values.all().len() + self.panics.len()
    }

    /// Nobody was called: nobody is connected, or the signal is muted.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Each receiver with what it returned, or its panic.
    pub fn iter(&self) -> Iter<'_, R> {
        Iter { values: self.values.all().iter(), panics: self.panics.all().iter(), at: 0 }
    }

    /// What the receivers returned that did not panic.
    pub fn values(&self) -> impl Iterator<Item = &R> {
        self.values.all().iter().map(|(_, value)| value)
    }

    /// The same, taken out.
    pub fn into_values(self) -> impl Iterator<Item = R> {
        self.into_iter().filter_map(|(_, result)| result.ok())
    }

    /// The receivers that panicked.
    pub fn panics(&self) -> impl Iterator<Item = (ReceiverId, &Panicked)> {
        self.panics.each()
    }
}

impl<R: fmt::Debug> fmt::Debug for Results<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<R> IntoIterator for Results<R> {
    type Item = (ReceiverId, Result<R, Panicked>);
    type IntoIter = IntoIter<R>;

    fn into_iter(self) -> IntoIter<R> {
        let (one, some) = match self.values {
            Values::One(one) => (Some(one), Vec::new()),
            Values::Some(some) => (None, some),
        };
        let panics = self.panics.0.map_or_else(Vec::new, |panics| *panics);
        IntoIter { one, some: some.into_iter(), panics: panics.into_iter(), at: 0 }
    }
}

impl<'a, R> IntoIterator for &'a Results<R> {
    type Item = (ReceiverId, Result<&'a R, &'a Panicked>);
    type IntoIter = Iter<'a, R>;

    fn into_iter(self) -> Iter<'a, R> {
        self.iter()
    }
}

/// Goes through [`Results`].
pub struct Iter<'a, R> {
    values: slice::Iter<'a, (ReceiverId, R)>,
    panics: slice::Iter<'a, Panic>,
    at: usize,
}

impl<'a, R> Iterator for Iter<'a, R> {
    type Item = (ReceiverId, Result<&'a R, &'a Panicked>);

    fn next(&mut self) -> Option<Self::Item> {
        let at = self.at;
        self.at += 1;
        if self.panics.as_slice().first().is_some_and(|panic| panic.at == at) {
            return self.panics.next().map(|panic| (panic.receiver, Err(&panic.what)));
        }
        self.values.next().map(|(receiver, value)| (*receiver, Ok(value)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.values.len() + self.panics.len();
        (left, Some(left))
    }
}

impl<R> ExactSizeIterator for Iter<'_, R> {}

impl<R> fmt::Debug for Iter<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter").field("left", &self.len()).finish()
    }
}

/// Takes [`Results`] apart.
pub struct IntoIter<R> {
    one: Option<(ReceiverId, R)>,
    some: vec::IntoIter<(ReceiverId, R)>,
    panics: vec::IntoIter<Panic>,
    at: usize,
}

impl<R> Iterator for IntoIter<R> {
    type Item = (ReceiverId, Result<R, Panicked>);

    fn next(&mut self) -> Option<Self::Item> {
        let at = self.at;
        self.at += 1;
        if self.panics.as_slice().first().is_some_and(|panic| panic.at == at) {
            return self.panics.next().map(|panic| (panic.receiver, Err(panic.what)));
        }
        let (receiver, value) = self.one.take().or_else(|| self.some.next())?;
        Some((receiver, Ok(value)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::from(self.one.is_some()) + self.some.len() + self.panics.len();
        (left, Some(left))
    }
}

impl<R> ExactSizeIterator for IntoIter<R> {}

impl<R> fmt::Debug for IntoIter<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntoIter").field("left", &self.len()).finish()
    }
}

/// How a send went of which nobody asked for the results.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Sent(How);

/// Two words with the tag, and so is a `Result` of it: it comes back in registers. What comes through memory is written word
/// by word and read at once as a whole, for which a processor waits longer than for calling a receiver.
#[derive(Clone, PartialEq, Eq)]
enum How {
    Well(usize),
    /// How many returned nevertheless.
    Panicked(Box<(usize, Panics)>),
}

impl Default for How {
    fn default() -> Self {
        Self::Well(0)
    }
}

impl Sent {
    #[inline]
    pub(super) fn new(delivered: usize, panics: Panics) -> Self {
        Self(if panics.0.is_none() {
            How::Well(delivered)
        } else {
            How::Panicked(Box::new((delivered, panics)))
        })
    }

    /// How many receivers were called and returned.
    pub fn delivered(&self) -> usize {
        match &self.0 {
            How::Well(delivered) => *delivered,
            How::Panicked(some) => some.0,
        }
    }

    /// Those that panicked, which has stopped nobody else.
    pub fn panics(&self) -> impl ExactSizeIterator<Item = (ReceiverId, &Panicked)> {
        let panics = match &self.0 {
            How::Well(_) => &[],
            How::Panicked(some) => some.1.all(),
        };
        panics.iter().map(|panic| (panic.receiver, &panic.what))
    }
}

impl fmt::Debug for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let panics: Vec<_> = self.panics().collect();
        f.debug_struct("Sent")
            .field("delivered", &self.delivered())
            .field("panics", &panics)
            .finish()
    }
}

impl fmt::Debug for Panics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.each()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::panic::Location;

    use super::*;

    #[test]
    fn panics_stand_in_their_places() {
        let panic = |text: &str| Panicked::new(Location::caller(), text.into());
        let mut results = Results::default();
        results.panics.push(0, ReceiverId(1), panic("a"));
        results.panics.push(2, ReceiverId(3), panic("c"));
        for values in [
            Values::One((ReceiverId(2), 'b')),
            Values::Some(vec![(ReceiverId(2), 'b'), (ReceiverId(4), 'd')]),
        ] {
            results.values = values;
            let seen: Vec<_> = results.iter().map(|(id, result)| (id.0, result.is_ok())).collect();
            let all = [(1, false), (2, true), (3, false), (4, true)];
            assert_eq!(seen, all[..results.len()]);
            let taken = results.into_iter();
            assert_eq!(taken.len(), seen.len());
            assert_eq!(taken.map(|(id, result)| (id.0, result.is_ok())).collect::<Vec<_>>(), seen);
            results = Results::default();
            results.panics.push(0, ReceiverId(1), panic("a"));
            results.panics.push(2, ReceiverId(3), panic("c"));
        }
    }
}
