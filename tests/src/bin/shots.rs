//! Screenshots of the built page, at every size and in both colour schemes, for people to look at.

use quorumscope_tests::browser::{Browser, Scheme, Screen, Site};
use std::process::ExitCode;
use std::time::Duration;

const USAGE: &str = "\
cargo xtask shots [PATH] [STEP ...] [--name NAME] [--size WIDTHxHEIGHT] [--scheme light|dark]

PATH   what to open, a path in dist/ with its query (index.html)
STEP   what to do before the picture, in this order:
       --run JS          run JavaScript statements, which may await
       --until JS        wait until a JavaScript expression holds
       --wait MS         wait so many milliseconds
       --click CSS       click an element (also --context-click, --hover, --tap)
       --press KEY       press a key: a, Space, Shift+ArrowLeft
       --write TEXT      type a text
The pictures are target/screenshots/NAME-WIDTHxHEIGHT-SCHEME.png; NAME is `page` unless told.
";

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--help") {
        print!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    match Plan::read(arguments.into_iter()) {
        Ok(plan) => {
            plan.take();
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
/// What to take pictures of.
struct Plan {
    path: String,
    name: String,
    screens: Vec<Screen>,
    schemes: Vec<Scheme>,
    steps: Vec<Step>,
}

/// Something done to the page.
enum Step {
    Run(String),
    Until(String),
    Wait(Duration),
    Click(String),
    ContextClick(String),
    Hover(String),
    Tap(String),
    Press(String),
    Write(String),
}

impl Plan {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut plan = Self {
            path: "index.html".to_owned(),
            name: "page".to_owned(),
            screens: Screen::ALL.into(),
            schemes: Scheme::ALL.into(),
            steps: Vec::new(),
        };
        while let Some(option) = arguments.next() {
            if !option.starts_with("--") {
                plan.path = option;
                continue;
            }
            let value = arguments
                .next()
                .ok_or_else(|| format!("{option} needs a value\n{USAGE}"))?;
            match option.as_str() {
                "--name" => plan.name = value,
                "--size" => plan.screens = vec![screen(&value)?],
                "--scheme" => plan.schemes = vec![scheme(&value)?],
                _ => plan.steps.push(Step::read(&option, value)?),
            }
        }
        Ok(plan)
    }

    fn take(&self) {
        let site = Site::dist();
        let browser = Browser::start(&site);
        for &screen in &self.screens {
            for &scheme in &self.schemes {
                browser.show_on(screen, scheme);
                // Opening an address that differs only in its fragment would keep the page as it is.
                browser.open("about:blank");
                browser.open(&self.path);
                for step in &self.steps {
                    step.take(&browser);
                }
                let Screen { width, height, .. } = screen;
                let name = format!("{}-{width}x{height}-{}", self.name, scheme.name());
                println!("{}", browser.screenshot(&name).display());
            }
        }
    }
}

impl Step {
    fn read(option: &str, value: String) -> Result<Self, String> {
        Ok(match option {
            "--run" => Self::Run(value),
            "--until" => Self::Until(value),
            "--wait" => {
                let milliseconds = value.parse();
                Self::Wait(Duration::from_millis(
                    milliseconds.map_err(|error| format!("--wait {value}: {error}"))?,
                ))
            }
            "--click" => Self::Click(value),
            "--context-click" => Self::ContextClick(value),
            "--hover" => Self::Hover(value),
            "--tap" => Self::Tap(value),
            "--press" => Self::Press(value),
            "--write" => Self::Write(value),
            _ => return Err(format!("there is no option {option}\n{USAGE}")),
        })
    }

    fn take(&self, browser: &Browser) {
        match self {
            Self::Run(statements) => drop(browser.execute(statements, &[])),
            Self::Until(expression) => browser.wait_until(expression),
            Self::Wait(time) => std::thread::sleep(*time),
            Self::Click(selector) => browser.click(selector),
            Self::ContextClick(selector) => browser.context_click(selector),
            Self::Hover(selector) => browser.hover(selector),
            Self::Tap(selector) => browser.tap(selector),
            Self::Press(chord) => browser.press(chord),
            Self::Write(text) => browser.write(text),
        }
    }
}

/// Reads `1280x800`; the designed sizes keep their way of being touched.
fn screen(text: &str) -> Result<Screen, String> {
    let wrong = || format!("--size {text}: write it as 1280x800");
    let (width, height) = text.split_once('x').ok_or_else(wrong)?;
    let width = width.parse().map_err(|_| wrong())?;
    let height = height.parse().map_err(|_| wrong())?;
    let designed = Screen::ALL.into_iter();
    let designed = designed
        .clone()
        .find(|screen| (screen.width, screen.height) == (width, height));
    Ok(designed.unwrap_or(Screen {
        width,
        height,
        touch: false,
    }))
}

fn scheme(text: &str) -> Result<Scheme, String> {
    let scheme = Scheme::ALL.into_iter().find(|scheme| scheme.name() == text);
    scheme.ok_or_else(|| format!("--scheme {text}: there are light and dark"))
}
