//! Several buses in one process, joined over a broker in memory.

mod bridges;
mod ends;
mod faults;
mod hostile;
mod interest;
mod sameness;
mod support;
