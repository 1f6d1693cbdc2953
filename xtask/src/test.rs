//! Every check, in the order in which a mistake shows soonest.

use crate::shell::{command, run, run_and_read};
use crate::tools::{self, WASM_TARGET};
use crate::{browser, build};
use anyhow::{Result, bail};
use std::fmt;
use std::time::{Duration, Instant};

/// One part of the checks.
struct Step {
    /// What `--only` takes.
    name: &'static str,
    holds: &'static str,
    check: fn(&mut Tests) -> Result<()>,
}

const STEPS: [Step; 7] = [
    Step {
        name: "format",
        holds: "rustfmt has nothing to change",
        check: format,
    },
    Step {
        name: "lint",
        holds: "clippy finds nothing, natively and for WebAssembly",
        check: lint,
    },
    Step {
        name: "doc",
        holds: "the documentation builds without a warning",
        check: doc,
    },
    Step {
        name: "native",
        holds: "the tests that need no set-up",
        check: native,
    },
    Step {
        name: "wasm",
        holds: "the tests that are compiled to WebAssembly, in headless Chromium",
        check: wasm,
    },
    Step {
        name: "page",
        holds: "the page builds; its weight against the budget",
        check: |_| build::build(),
    },
    Step {
        name: "browser",
        holds: "the tests that drive the built page, in headless Chromium",
        check: in_browser,
    },
];

/// Runs every step, or only those named; an error if one failed.
pub(crate) fn run_steps(only: &[String]) -> Result<()> {
    let unknown = only
        .iter()
        .find(|name| STEPS.iter().all(|step| step.name != **name));
    if let Some(unknown) = unknown {
        let names = STEPS.map(|step| step.name).join(", ");
        bail!("there is no step `{unknown}`; there are {names}");
    }
    let chosen = |step: &&Step| only.is_empty() || only.iter().any(|name| name == step.name);
    let outcomes: Vec<_> = STEPS.iter().filter(chosen).map(Step::run).collect();
    summarise(&outcomes)
}

/// How a step ended.
struct Outcome {
    name: &'static str,
    passed: bool,
    time: Duration,
    tests: Tests,
}

impl Step {
    fn run(&self) -> Outcome {
        println!("\n== {}: {}", self.name, self.holds);
        let mut tests = Tests::default();
        let start = Instant::now();
        let result = (self.check)(&mut tests);
        if let Err(error) = &result {
            println!("  {error:#}");
        }
        let outcome = Outcome {
            name: self.name,
            passed: result.is_ok(),
            time: start.elapsed(),
            tests,
        };
        println!("== {outcome}");
        outcome
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.passed { "passed" } else { "FAILED" };
        let seconds = self.time.as_secs_f64();
        write!(f, "{:<8} {word} in {seconds:>6.1} s", self.name)?;
        if self.tests != Tests::default() {
            write!(f, "  {}", self.tests)?;
        }
        Ok(())
    }
}

fn summarise(outcomes: &[Outcome]) -> Result<()> {
    let mut sum = Tests::default();
    println!("\n== summary");
    for outcome in outcomes {
        println!("  {outcome}");
        sum.passed += outcome.tests.passed;
        sum.failed += outcome.tests.failed;
        sum.ignored += outcome.tests.ignored;
    }
    println!("  tests in all: {sum}");
    let failed = outcomes.iter().filter(|outcome| !outcome.passed);
    let failed: Vec<_> = failed.map(|outcome| outcome.name).collect();
    if failed.is_empty() {
        println!("  everything passed");
        Ok(())
    } else {
        bail!("failed: {}", failed.join(", "))
    }
}

/// How many tests a step ran, summed over its test programs.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
struct Tests {
    passed: u32,
    failed: u32,
    ignored: u32,
}

impl Tests {
    /// Counts what a test program reports in a line such as
    /// `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
    fn read(&mut self, line: &str) {
        let Some((_, report)) = line.split_once("test result: ") else {
            return;
        };
        let words: Vec<_> = report
            .split([' ', ';', '.'])
            .filter(|word| !word.is_empty())
            .collect();
        for pair in words.windows(2) {
            let Ok(number) = pair[0].parse::<u32>() else {
                continue;
            };
            match pair[1] {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }
}

impl fmt::Display for Tests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tests {
            passed,
            failed,
            ignored,
        } = self;
        write!(
            f,
            "{passed} tests passed, {failed} failed, {ignored} ignored"
        )
    }
}

/// Everything but the page, which is compiled for WebAssembly only.
const NATIVE: [&str; 3] = ["--workspace", "--exclude", "quorumscope-web"];
const PAGE: [&str; 4] = ["--package", "quorumscope-web", "--target", WASM_TARGET];
const BROWSER_TESTS: &str = "quorumscope-tests/browser";
/// The tests that drive the page; no selection of all targets includes them.
const IN_BROWSER: [&str; 4] = ["--features", BROWSER_TESTS, "--test", "browser"];

fn format(_: &mut Tests) -> Result<()> {
    run(&mut command("cargo", &["fmt", "--all", "--check"]))
}

fn lint(_: &mut Tests) -> Result<()> {
    tools::install_target()?;
    let deny = ["--all-targets", "--", "-D", "warnings"];
    let mut native = command(
        "cargo",
        &["clippy", "--locked", "--features", BROWSER_TESTS],
    );
    run(native.args(NATIVE).args(deny))?;
    let mut browser = command("cargo", &["clippy", "--locked"]);
    browser.args(IN_BROWSER).args(NATIVE);
    run(browser.args(["--", "-D", "warnings"]))?;
    run(command("cargo", &["clippy", "--locked"])
        .args(PAGE)
        .args(deny))
}

fn doc(_: &mut Tests) -> Result<()> {
    tools::install_target()?;
    let native = ["doc", "--locked", "--no-deps", "--features", BROWSER_TESTS];
    let page = ["doc", "--locked", "--no-deps"];
    run(command("cargo", &native)
        .args(NATIVE)
        .env("RUSTDOCFLAGS", "-D warnings"))?;
    run(command("cargo", &page)
        .args(PAGE)
        .env("RUSTDOCFLAGS", "-D warnings"))
}

fn native(tests: &mut Tests) -> Result<()> {
    // With the browser's features, though its tests are not run: other features would have the
    // core compiled once more.
    let mut cargo = command("cargo", &["test", "--locked", "--features", BROWSER_TESTS]);
    run_and_read(cargo.args(NATIVE), |line| tests.read(line))?;
    // What of the page needs no browser: geometry, playback, what is offered and said.
    let mut cargo = command("cargo", &["test", "--locked", "--lib"]);
    run_and_read(cargo.args(["--package", "quorumscope-web"]), |line| {
        tests.read(line);
    })
}

fn wasm(tests: &mut Tests) -> Result<()> {
    tools::install()?;
    let driver = browser::install()?;
    let mut cargo = command("cargo", &["test", "--locked", "--lib", "--tests"]);
    cargo.args(PAGE);
    cargo.env(
        "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER",
        "wasm-bindgen-test-runner",
    );
    cargo.env("CHROMEDRIVER", driver);
    run_and_read(&mut cargo, |line| tests.read(line))
}

fn in_browser(tests: &mut Tests) -> Result<()> {
    if !build::dist().exists() {
        build::build()?;
    }
    let driver = browser::install()?;
    let mut cargo = command("cargo", &["test", "--locked"]);
    cargo.args(IN_BROWSER).args(NATIVE);
    // One browser at a time: two that draw without a graphics card starve each other.
    cargo.args(["--", "--test-threads=1"]);
    run_and_read(cargo.env("CHROMEDRIVER", driver), |line| tests.read(line))
}

#[cfg(test)]
mod tests {
    use super::Tests;

    #[test]
    fn reports_of_several_test_programs_add_up() {
        let mut tests = Tests::default();
        tests.read("running 4 tests");
        tests.read(
            "test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured; finished in 0.12s",
        );
        tests.read("test result: ok. 40 passed; 0 failed; 2 ignored; 0 filtered out");
        assert_eq!(
            tests,
            Tests {
                passed: 43,
                failed: 1,
                ignored: 2
            }
        );
    }
}
