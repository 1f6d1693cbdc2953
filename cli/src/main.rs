//! `quorumscope`: servers that one can hold in one's hand, without a screen.

use std::process::ExitCode;

fn main() -> ExitCode {
    quorumscope_cli::main()
}
