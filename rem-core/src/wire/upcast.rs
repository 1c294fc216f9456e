//! Versions: data of an older shape is read as what it was, and then made the next one, until it is the present one.

use std::fmt::Display;

use rem_patterns::constant::Text;

use super::error::Fault;
use super::{Body, DecodeError};
use crate::event::EventType;

/// What a function for `upcast = …` may return: the value, or a `Result` with an error that can be displayed.
#[diagnostic::on_unimplemented(
    message = "`upcast` gives a `{Self}`, and a `{T}` is needed",
    label = "this function's return type",
    note = "the function takes the shape before, and returns the event type, or a `Result` of it"
)]
pub trait Upcast<T> {
    /// The value.
    ///
    /// # Errors
    /// What the function said.
    fn value(self) -> Result<T, Box<str>>;
}

impl<T> Upcast<T> for T {
    fn value(self) -> Result<T, Box<str>> {
        Ok(self)
    }
}

impl<T, E: Display> Upcast<T> for Result<T, E> {
    fn value(self) -> Result<T, Box<str>> {
        self.map_err(|error| error.to_string().into())
    }
}

/// Reads the shape before, or what that was made of, and makes it the next one.
///
/// # Errors
/// When the data is not of the shape, and what the function says.
pub fn upcast<Old, New, R>(make: impl Fn(Old) -> R, body: &Body<'_>) -> Result<New, DecodeError>
where
    Old: EventType,
    New: EventType,
    R: Upcast<New>,
{
    let old = shape::<Old>(body)?;
    make(old).value().map_err(|said| Fault::upcast(said).of(New::SCHEMA.name, ""))
}

/// A value of a type that is one event, whatever topic it came under.
fn shape<E: EventType>(body: &Body<'_>) -> Result<E, DecodeError> {
    let told = |fault: Fault| fault.of(E::SCHEMA.name, "");
    let version = E::SCHEMA.events.first().map_or(1, |event| event.version);
    match body.written_as() {
        Some(older) if older < version => {
            E::upcast(0, body).unwrap_or_else(|| Err(told(Fault::no_version(older, version))))
        }
        _ => {
            let wiring = E::WIRE.ok_or_else(|| told(Fault::local()))?;
            (wiring.read)(body, 0).map_err(told)
        }
    }
}

/// Refuses a function from any shape but the one before.
///
/// # Panics
/// Says so; derived code calls this in a constant, where a panic is a compile error.
#[track_caller]
pub const fn check_upcast<Old: EventType, R, F: Fn(Old) -> R>(_: &F, version: u32) {
    let schema = Old::SCHEMA;
    let found = match schema.events {
        [event] => event.version,
        _ => panic!(
            "`upcast` takes a struct that is one event: the shape that the data had before, with \
             `#[derive(EventType)]` and its `version`"
        ),
    };
    if found + 1 != version {
        let message = Text::<512>::new().push("there is a hole in the versions: this is version ");
        let message = message.push_number(version).push(", and `upcast` takes a `");
        let message = message.push(schema.name).push("`, which is version ").push_number(found);
        let message = message.push(": write one function for each step, or `version = ");
        panic!("{}", message.push_number(found + 1).push("`").as_str());
    }
}
