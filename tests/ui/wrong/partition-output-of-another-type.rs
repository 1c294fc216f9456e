//! A reference carries the type of what its unit gives.

use std::sync::Arc;

use rem::partition::{Plan, Report, Unit};

fn look(report: &Report) -> Result<(), Box<dyn std::error::Error>> {
    let mut units = Plan::builder();
    let sum = units.add(Unit::new("sum").run(|_| Ok(6_u64)));
    let _text: Arc<String> = report.output(&sum)?;
    Ok(())
}

fn main() {}
