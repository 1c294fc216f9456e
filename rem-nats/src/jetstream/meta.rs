//! [`Meta`]: what the subject to answer to says of a delivery.

/// What the subject to answer to says of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Meta {
    /// How often it was given.
    pub(super) attempt: u64,
    /// Its number in the stream.
    pub(super) sequence: u64,
    /// When it was stored, in nanoseconds since 1970.
    pub(super) stored_at: u64,
    /// How many more there are behind it.
    pub(super) pending: u64,
}

/// What every such subject begins with.
pub(super) const ANSWERS: &str = "$JS.ACK.";

impl Meta {
    /// ``$JS.ACK.<stream>.<consumer>.<attempt>.<sequence>.<of the consumer>.<time>.<pending>``, with a domain and an account behind
    /// `ACK` if there are any, and something more behind them all.
    pub(super) fn parse(subject: &str) -> Option<Self> {
        let mut tokens = Vec::with_capacity(12); // as many as there are, and one
        tokens.extend(subject.strip_prefix(ANSWERS)?.split('.'));
        let numbers = match tokens.len() {
            7 => tokens.get(2..)?,
            9.. => tokens.get(4..)?,
            _ => return None,
        };
        let number = |at: usize| numbers.get(at)?.parse::<u64>().ok();
        Some(Self {
            attempt: number(0)?,
            sequence: number(1)?,
            stored_at: number(3)?,
            pending: number(4)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read_and_no_other() {
        let meta =
            Meta { attempt: 2, sequence: 17, stored_at: 1_700_000_000_000_000_001, pending: 5 };
        for subject in [
            "$JS.ACK.orders.bill.2.17.9.1700000000000000001.5",
            "$JS.ACK._.hash.orders.bill.2.17.9.1700000000000000001.5.x",
        ] {
            assert_eq!(Meta::parse(subject), Some(meta), "{subject}");
        }
        for subject in
            ["", "$JS.ACK.", "$JS.ACK.a.b.c.d.e.f.g", "a.b.2.17.9.1.5", "$JS.ACK.a.b.2.17.9.1"]
        {
            assert_eq!(Meta::parse(subject), None, "{subject}");
        }
    }
}
