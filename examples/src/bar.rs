//! [`Bar`]: how far a program has come in a file of events.

use std::fmt;

use indicatif::style::TemplateError;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rem::Timestamp;

/// A bar on standard error; none where nobody watches, which is indicatif's to see, and none in CI.
pub struct Bar(ProgressBar);

impl Bar {
    /// A bar at its beginning.
    ///
    /// # Errors
    /// None in practice: the template of the bar is well-formed.
    pub fn new() -> Result<Self, TemplateError> {
        let watched = std::env::var_os("CI").is_none();
        let target =
            if watched { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        bar.set_style(
            ProgressStyle::with_template("{msg}  {wide_bar} {percent:>3} %  {eta:>4} to go")?
                .progress_chars("█▉▊▋▌▍▎▏ "),
        );
        Ok(Self(bar))
    }

    /// Shows how much of it is done, and when the event published last happened.
    pub fn show(&self, done: u64, of: u64, time: Timestamp) {
        self.0.set_length(of);
        self.0.set_position(done);
        if !self.0.is_hidden() {
            let time = time.to_string();
            self.0.set_message(time.get(..16).unwrap_or(&time).replace('T', " "));
        }
    }

    /// Takes it away.
    pub fn end(&self) {
        self.0.finish_and_clear();
    }
}

impl fmt::Debug for Bar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bar").field("at", &self.0.position()).finish_non_exhaustive()
    }
}
