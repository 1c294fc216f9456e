//! Instructions a match, counted by callgrind: this program again, with nothing but an index and matches.

use rem_benches::bars::Bars;
use rem_benches::callgrind;

/// Each topic of the workload, 25 times.
const MATCHES: u32 = 102_400;

pub(crate) fn run(bars: &mut Bars) {
    let mut before = None;
    for patterns in [10_000, 1_000_000] {
        let (patterns, matches) = (patterns.to_string(), MATCHES.to_string());
        match callgrind::within("only_matches", &["--one", &patterns, &matches]) {
            Ok(all) => {
                let each = all as f64 / f64::from(MATCHES);
                let ratio = before.map_or_else(String::new, |before| {
                    format!(", {:.2} × that at 10,000", each / before)
                });
                println!("{patterns} patterns: {each:.0} instructions a match{ratio}");
                if let Some(before) = before {
                    let work = "instructions of a match at 1000000 patterns";
                    bars.at_most(work, each / before, 1.3, "× those at 10000");
                }
                before = Some(each);
            }
            Err(error) => return println!("instructions a match were NOT counted: {error}"),
        }
    }
}
