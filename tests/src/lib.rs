//! Black-box tests of QuorumScope; see the files beside `src`.
//!
//! What is here without the feature `browser` needs no file system and no clock, so that the same
//! tests run natively and in WebAssembly.

#[cfg(feature = "browser")]
pub mod browser;
pub mod digests;
pub mod scripts;
pub mod search;
pub mod shared;
