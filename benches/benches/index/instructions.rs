//! Instructions a match, counted by callgrind: this program again, with nothing but an index and matches.

use rem_benches::callgrind;

/// Enough that the filling, which differs from run to run with the seeds of its hashes, does not show.
const MATCHES: u32 = 1_024_000;

pub(crate) fn run() {
    let mut before = None;
    for patterns in [10_000, 1_000_000] {
        let arguments = |matches: &str| vec!["--one".into(), patterns.to_string(), matches.into()];
        let counted = callgrind::each(arguments, MATCHES);
        match counted {
            Ok(each) => {
                let ratio = before.map_or_else(String::new, |before| {
                    format!(", {:.2} × that at 10,000", each / before)
                });
                println!("{patterns} patterns: {each:.0} instructions a match{ratio}");
                before = Some(each);
            }
            Err(error) => return println!("instructions a match were NOT counted: {error}"),
        }
    }
}
