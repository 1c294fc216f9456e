//! Given, when, then.

use std::panic::catch_unwind;

use rem_projections::{Decide, given};

use crate::support::{Account, Balances};

pub(crate) struct Draw {
    pub(crate) id: u32,
    pub(crate) amount: u64,
}

/// There is not so much in it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TooLittle(pub(crate) u64);

impl Decide<Draw> for Balances {
    type Decided = Account;
    type Rejection = TooLittle;

    fn reads(command: &Draw) -> String {
        format!("account.{}.**", command.id)
    }

    fn decide(&self, command: &Draw) -> Result<Vec<Account>, TooLittle> {
        let Draw { id, amount } = *command;
        match self.of.get(&id).copied().unwrap_or_default() {
            _ if amount == 0 => Ok(Vec::new()),
            balance if balance >= amount => Ok(vec![Account::Drawn { id, amount }]),
            balance => Err(TooLittle(balance)),
        }
    }
}

fn begun() -> [Account; 2] {
    [Account::Opened { id: 1 }, Account::Paid { id: 1, amount: 5 }]
}

#[test]
fn decisions_are_tested_with_events_alone() {
    let draw = |amount| Draw { id: 1, amount };
    given(Balances::default(), begun()).when(&draw(5)).then([Account::Drawn { id: 1, amount: 5 }]);
    given(Balances::default(), begun()).when(&draw(6)).then_rejected(&TooLittle(5));
    given(Balances::default(), begun()).when(&draw(0)).then([]);
    given(Balances::default(), []).when(&draw(1)).then_rejected(&TooLittle(0));
    assert_eq!(given(Balances::default(), begun()).state().of[&1], 5);
}

#[test]
fn an_expectation_that_does_not_hold_fails() {
    let when = |amount| given(Balances::default(), begun()).when(&Draw { id: 1, amount });
    for wrong in [
        catch_unwind(|| when(5).then([Account::Drawn { id: 1, amount: 4 }])),
        catch_unwind(|| when(6).then([Account::Drawn { id: 1, amount: 6 }])),
        catch_unwind(|| when(5).then_rejected(&TooLittle(5))),
        catch_unwind(|| when(6).then_rejected(&TooLittle(6))),
    ] {
        assert!(wrong.is_err());
    }
}
