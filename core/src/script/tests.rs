//! Claims about the language as a whole.

mod errors;
mod round_trip;
