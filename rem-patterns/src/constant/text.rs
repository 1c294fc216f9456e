//! A text put together at compile time, for the messages of what is refused.

/// A text put together at compile time, of at most `N` bytes: what is over is left off.
///
/// ```
/// use rem_patterns::constant::Text;
///
/// const MESSAGE: Text<64> = Text::new().push("did you mean `").push_topic(&["order", "{id}.paid"]).push("`?");
/// assert_eq!(MESSAGE.as_str(), "did you mean `order.{id}.paid`?");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Text<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Text<N> {
    /// An empty text.
    #[expect(clippy::new_without_default, reason = "a default would not be usable in constants")]
    pub const fn new() -> Self {
        Self { bytes: [0; N], len: 0 }
    }

    /// With more text after it, as much of it as there is room for.
    #[must_use]
    pub const fn push(mut self, text: &str) -> Self {
        let (bytes, mut at) = (text.as_bytes(), 0);
        while at < bytes.len() {
            let width = crate::topic::rules::decode(bytes, at).1 - at;
            if self.len + width > N {
                return self;
            }
            let end = at + width;
            while at < end {
                self.bytes[self.len] = bytes[at];
                (self.len, at) = (self.len + 1, at + 1);
            }
        }
        self
    }

    /// With a number after it, in digits.
    #[must_use]
    pub const fn push_number(mut self, number: u32) -> Self {
        let mut unit = 1;
        while number / unit >= 10 {
            unit *= 10;
        }
        while unit > 0 {
            let digit = [b'0' + (number / unit % 10) as u8];
            self = match core::str::from_utf8(&digit) {
                Ok(digit) => self.push(digit),
                Err(_) => self,
            };
            unit /= 10;
        }
        self
    }

    /// With a template after it, its pieces joined by dots.
    #[must_use]
    pub const fn push_topic(mut self, template: &[&str]) -> Self {
        let (mut piece, mut first) = (0, true);
        while piece < template.len() {
            if !template[piece].is_empty() {
                self = if first { self } else { self.push(".") }.push(template[piece]);
                first = false;
            }
            piece += 1;
        }
        self
    }

    /// The text.
    pub const fn as_str(&self) -> &str {
        match core::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Text;

    #[test]
    fn a_text_never_breaks_a_character() {
        assert_eq!(Text::<4>::new().push("aéé").as_str(), "aé");
    }

    #[test]
    fn a_number_has_all_its_digits() {
        for number in [0, 7, 10, 42, 100, 4_096, u32::MAX] {
            let text = Text::<16>::new().push("n").push_number(number);
            assert_eq!(text.as_str(), alloc::format!("n{number}"));
        }
    }
}
