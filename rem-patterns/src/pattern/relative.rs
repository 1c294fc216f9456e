//! The same pattern below a prefix: how a child bus reads the patterns of its subscribers.

use alloc::string::String;

use super::{Inner, Pattern};
use crate::error::PatternError;
use crate::segment::{Element, Kind};
use crate::topic::Topic;

impl Inner {
    pub(super) fn under(&self, prefix: &Topic) -> Result<Pattern, PatternError> {
        let mut text = String::with_capacity(self.text.len() + prefix.len() + 1);
        // An element that takes any number of segments would take the prefix itself, which is not below it.
        let mut takes_prefix = false;
        for element in self.elements() {
            if !text.is_empty() {
                text.push(',');
            }
            if element.exclude {
                text.push('!');
            }
            if element.exact {
                text.push('=');
            }
            if !element.system {
                text.push_str(prefix);
                text.push('.');
            }
            let written = &self.text[usize::from(element.start)..usize::from(element.end)];
            match self.is_all(element) {
                All::Unnamed if !element.exclude => text.push('>'),
                All::Named => {
                    takes_prefix = true;
                    text.push_str(written);
                }
                _ => text.push_str(written),
            }
        }
        if takes_prefix {
            text.push_str(",!=");
            text.push_str(prefix);
        }
        Pattern::parse(&text)
    }

    fn is_all(&self, element: &Element) -> All {
        match self.segments(element) {
            [segment] if element.regex.is_none() && segment.kind == Kind::Many => {
                if segment.is_capture() { All::Named } else { All::Unnamed }
            }
            _ => All::No,
        }
    }
}

/// Whether an element takes whatever stands below the prefix.
enum All {
    No,
    Unnamed,
    Named,
}
