//! Black-box tests of QuorumScope; see the files beside `src`.
