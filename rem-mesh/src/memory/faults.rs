//! [`Faults`]: what goes wrong on the way, by a seed.

use fastrand::Rng;

/// What goes wrong on the way of a parcel to a reader. Each is decided for each reader by itself, in the order of publishing, so
/// that the same seed and the same publishes give the same faults.
#[derive(Debug, Clone)]
pub struct Faults {
    rng: Rng,
    lose: f64,
    duplicate: f64,
    hold_back: f64,
    at_most: u64,
    lose_acknowledgements: f64,
    lose_answers: f64,
}

impl Faults {
    /// None yet.
    pub fn seeded(seed: u64) -> Self {
        Self {
            rng: Rng::with_seed(seed),
            lose: 0.0,
            duplicate: 0.0,
            hold_back: 0.0,
            at_most: 0,
            lose_acknowledgements: 0.0,
            lose_answers: 0.0,
        }
    }

    /// Loses this share of them, from 0 to 1; also of what is to be stored, before it is, and of what consumers are given.
    #[must_use]
    pub fn lose(mut self, share: f64) -> Self {
        self.lose = share;
        self
    }

    /// Gives this share of them twice, one behind the other, to consumers too.
    #[must_use]
    pub fn duplicate(mut self, share: f64) -> Self {
        self.duplicate = share;
        self
    }

    /// Holds this share of them back until up to so many more are published by whomever. What the same transport publishes
    /// meanwhile stays behind; what others do overtakes it.
    #[must_use]
    pub fn hold_back(mut self, share: f64, parcels: u64) -> Self {
        (self.hold_back, self.at_most) = (share, parcels);
        self
    }

    /// Stores this share of what is to be stored, and does not say so: who stores it hears that no answer came.
    #[must_use]
    pub fn lose_acknowledgements(mut self, share: f64) -> Self {
        self.lose_acknowledgements = share;
        self
    }

    /// Loses this share of what consumers answer.
    #[must_use]
    pub fn lose_answers(mut self, share: f64) -> Self {
        self.lose_answers = share;
        self
    }

    pub(super) fn none() -> Self {
        Self::seeded(0)
    }

    /// How often a parcel arrives, and behind how many that are published later.
    pub(super) fn decide(&mut self) -> (usize, u64) {
        let Self { rng, lose, duplicate, hold_back, at_most, .. } = self;
        if rng.f64() < *lose {
            return (0, 0);
        }
        let times = if rng.f64() < *duplicate { 2 } else { 1 };
        let behind = if rng.f64() < *hold_back && *at_most > 0 { rng.u64(1..=*at_most) } else { 0 };
        (times, behind)
    }

    /// Whether what is to be stored does not arrive.
    pub(super) fn loses_store(&mut self) -> bool {
        self.rng.f64() < self.lose
    }

    /// Whether nobody is told that it was stored.
    pub(super) fn loses_acknowledgement(&mut self) -> bool {
        self.rng.f64() < self.lose_acknowledgements
    }

    /// Whether a consumer's answer does not arrive.
    pub(super) fn loses_answer(&mut self) -> bool {
        self.rng.f64() < self.lose_answers
    }

    /// One of so many.
    pub(super) fn pick(&mut self, among: usize) -> usize {
        self.rng.usize(..among.max(1))
    }
}
