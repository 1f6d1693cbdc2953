//! quorumscope
fn main() {}
