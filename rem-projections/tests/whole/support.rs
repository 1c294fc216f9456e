//! Accounts, which all tests keep.

use std::collections::BTreeMap;
use std::time::Duration;

use rem_core::{Bus, Event, Ring};
use rem_macros::EventType;
use rem_projections::Projection;
use serde::{Deserialize, Serialize};

/// Long, so that nothing hangs on how busy the machine is; nothing waits for it to pass but where a test says so.
pub(crate) const SOON: Duration = Duration::from_secs(60);

#[derive(EventType, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(crate = rem_core, namespace = "account")]
pub(crate) enum Account {
    #[event(topic = "{id}.opened")]
    Opened { id: u32 },
    /// In.
    #[event(topic = "{id}.paid")]
    Paid { id: u32, amount: u64 },
    /// Out.
    #[event(topic = "{id}.drawn")]
    Drawn { id: u32, amount: u64 },
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Balances {
    pub(crate) of: BTreeMap<u32, u64>,
    pub(crate) events: u64,
}

impl Projection for Balances {
    type Event = Account;

    /// # Panics
    /// When an account is overdrawn.
    fn apply(&mut self, event: &Event<Account>) {
        self.events += 1;
        match &event.data {
            Account::Opened { id } => drop(self.of.insert(*id, 0)),
            Account::Paid { id, amount } => *self.of.entry(*id).or_default() += amount,
            Account::Drawn { id, amount } => {
                let balance = self.of.entry(*id).or_default();
                *balance = balance.checked_sub(*amount).expect("overdrawn");
            }
        }
    }
}

pub(crate) fn bus() -> Bus {
    Bus::builder().history(Ring::events(1 << 16)).build()
}

pub(crate) fn pay(bus: &Bus, id: u32, amount: u64) -> u64 {
    bus.publish(Account::Paid { id, amount }).unwrap().sequence().unwrap()
}
