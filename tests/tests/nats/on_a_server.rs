//! Each test needs servers, and fails where there are none.

mod faults;
mod levels;
