//! Black-box tests of QuorumScope; see the files beside `src`.

#[cfg(feature = "browser")]
pub mod browser;
