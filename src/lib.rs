//! REM.
