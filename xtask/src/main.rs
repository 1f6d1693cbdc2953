//! `cargo xtask`: everything about QuorumScope that is not `cargo build` or `cargo test`.
//!
//! Each command says what it does, how long the slow parts take, and leaves alone what is
//! already there.

mod browser;
mod build;
mod data;
mod glue;
mod profile;
mod serve;
mod shell;
mod split;
mod test;
mod tools;
mod weight;

use anyhow::{Result, bail};
use lexopt::prelude::{Long, Short, Value, ValueExt};
use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask setup [--browser]   install what is missing: wasm target, Trunk, wasm-bindgen, wasm-opt
                                --browser: Chromium and its driver, too
cargo xtask serve [--port N]    set up, build and serve the page on loopback
cargo xtask build               set up and build the page into the static folder dist/
cargo xtask test [--only STEP]  run every check, or only STEP (may be given more than once):
                                format lint doc native wasm page browser
cargo xtask shots [PATH] [...]  take screenshots of the built page; --help tells the options
";

fn main() -> ExitCode {
    match run(lexopt::Parser::from_env()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(mut arguments: lexopt::Parser) -> Result<()> {
    match arguments.next()? {
        Some(Value(command)) => dispatch(&command.string()?, arguments),
        Some(Long("help") | Short('h')) | None => {
            print!("{USAGE}");
            Ok(())
        }
        Some(other) => bail!("{}\n\n{USAGE}", other.unexpected()),
    }
}

fn dispatch(command: &str, mut arguments: lexopt::Parser) -> Result<()> {
    match command {
        "setup" => {
            let mut with_browser = false;
            while let Some(argument) = arguments.next()? {
                match argument {
                    Long("browser") => with_browser = true,
                    other => return Err(other.unexpected().into()),
                }
            }
            tools::install()?;
            if with_browser {
                browser::install()?;
            }
            Ok(())
        }
        "serve" => {
            let mut port = None;
            while let Some(argument) = arguments.next()? {
                match argument {
                    Long("port") => port = Some(arguments.value()?.parse()?),
                    other => return Err(other.unexpected().into()),
                }
            }
            serve::serve(port)
        }
        "build" => {
            refuse_arguments(&mut arguments)?;
            build::build()
        }
        "shrink" => {
            refuse_arguments(&mut arguments)?;
            build::shrink()
        }
        "test" => {
            let mut only = Vec::new();
            while let Some(argument) = arguments.next()? {
                match argument {
                    Long("only") => only.push(arguments.value()?.parse()?),
                    other => return Err(other.unexpected().into()),
                }
            }
            test::run_steps(&only)
        }
        "shots" => browser::shots(arguments.raw_args()?.collect()),
        unknown => bail!("there is no command `{unknown}`\n\n{USAGE}"),
    }
}

fn refuse_arguments(arguments: &mut lexopt::Parser) -> Result<()> {
    match arguments.next()? {
        Some(argument) => Err(argument.unexpected().into()),
        None => Ok(()),
    }
}
