//! A closure cannot be written: what goes to other processes calls a function by its name.

use rem::partition::{LocalTask, Unit};

fn main() -> Result<(), serde_json::Error> {
    let task = LocalTask::new(Unit::new("sum").run(|_| Ok(6)));
    let _text = serde_json::to_string(&task)?;
    Ok(())
}
