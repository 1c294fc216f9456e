//! How readers come to see a state that was folded anew.
//!
//! It is handed over where it stands, and the live one may have come further meanwhile. Until it has come as far, readers see that
//! one, and all that is kept is of that one: what it was folded of, its snapshots, what it skipped. All of it changes at once. If it
//! does not come so far, the live one goes on as if nothing had been.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Worker;
use crate::fold::quietly;
use crate::rebuild::Switch;
use crate::shared::{Shared, lock};
use crate::{Projection, RebuildError, Status};

impl<P: Projection> Worker<P> {
    /// Goes on with another state, from where that stands: at once, if readers have seen no more.
    pub(super) fn switch(&mut self, shared: &Shared<P>, mut switch: Switch<P>) {
        let name = || shared.name.clone();
        self.give_up_switch(|| RebuildError::Cancelled { name: name() });
        let Some(stand) = switch.stand.take() else { return };
        self.follow.seek(stand.sequence);
        quietly(self.work.replace(Arc::new(stand)));
        quietly(self.former.take());
        self.cut_log();
        (self.barrier, self.attempts, self.again) = (None, 0, None);
        self.status = Status::CatchingUp;
        self.switch = Some(switch);
        self.publish(shared);
    }

    /// Readers are to see the state that was folded anew. Until now all is of the old one; what is kept from now on is of the new.
    pub(super) fn take_over(&mut self, shared: &Shared<P>) {
        let Some(Switch { initial, mut skipped, from, its, .. }) = self.switch.take() else {
            return;
        };
        self.switched = Some(its);
        if let Err(error) = shared.snapshots.forget() {
            *lock(&shared.trouble) = Some(error);
        }
        quietly(shared.initial.swap(initial));
        let mut known = lock(&shared.skipped);
        let later = known.range(from.saturating_add(1)..);
        skipped.extend(later.map(|(number, skipped)| (*number, skipped.clone())));
        *known = Arc::new(skipped);
    }

    /// The state that was folded anew cannot come as far as that which readers see: it goes on with that one.
    pub(super) fn give_up_switch(&mut self, why: impl FnOnce() -> RebuildError) -> bool {
        let Some(switch) = self.switch.take() else { return false };
        switch.its.fail(why());
        quietly(switch);
        (self.barrier, self.attempts, self.again) = (None, 0, None);
        true
    }

    pub(super) fn tell_switched(&mut self) {
        if let Some(its) = self.switched.take() {
            its.is_done.store(true, Ordering::Release);
        }
    }
}
