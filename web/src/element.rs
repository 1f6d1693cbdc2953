//! The element for its host page: what `static/quorum-scope.js` holds and calls.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::JSON;
use quorumscope_core::time::{Duration, Time};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsError, JsValue};
use web_sys::HtmlElement;
use yew::{AppHandle, Callback};

use crate::app::{App, AppProps};
use crate::desk::Theme;
use crate::frames::{clock, millis};
use crate::model::{Model, Notice};
use crate::playback::Speed;
use crate::scenarios::PLAIN;
use crate::settings::{self, Attribute};
use crate::shell::Shell;

/// The longest stretch that can be asked for at once, in milliseconds: what the command language
/// allows for a run.
const LONGEST_MS: f64 = 30.0 * 24.0 * 3_600.0 * 1_000.0;

/// A `<quorum-scope>` element that runs.
#[wasm_bindgen]
pub struct Handle {
    shell: Rc<Shell>,
    app: Option<AppHandle<App>>,
}

/// Makes a panic say on the browser's console what it was.
#[wasm_bindgen(start)]
pub fn start() {
    std::panic::set_hook(Box::new(|panic| {
        web_sys::console::error_1(&panic.to_string().into());
    }));
}

/// Draws a cluster into `host`. `settings` alternates names and values of header attributes;
/// `script` is what runs, unless `fragment` is that of a shared link.
#[wasm_bindgen]
pub fn mount(host: HtmlElement, script: &str, fragment: &str, settings: Vec<String>) -> Handle {
    let attributes = pairs(settings);
    let shared = settings::from_fragment(fragment);
    let scenario = (script.trim().is_empty() && shared.is_none()).then_some(PLAIN);
    let model = match shared {
        None => Model::open(script, &attributes),
        Some(Ok(shared)) => {
            let mut model = Model::open(&shared, &[]);
            model.go_to_end();
            model
        }
        Some(Err(notice)) => Model::with_notice(notice),
    };
    let theme = host
        .get_attribute("theme")
        .and_then(|name| Theme::named(&name))
        .unwrap_or(Theme::System);
    let shell = Rc::new(Shell {
        host,
        model: RefCell::new(model),
        attributes,
        poke: RefCell::new(Callback::noop()),
    });
    let props = AppProps {
        shell: shell.clone(),
        theme,
        scenario,
    };
    let app = yew::Renderer::<App>::with_root_and_props(shell.host.clone().unchecked_into(), props)
        .render();
    Handle {
        shell,
        app: Some(app),
    }
}

fn pairs(settings: Vec<String>) -> Vec<Attribute> {
    let mut words = settings.into_iter();
    std::iter::from_fn(|| words.next().zip(words.next())).collect()
}

fn thrown(notice: &Notice) -> JsError {
    JsError::new(&format!("{} {}", notice.title, notice.errors.join("; ")))
}

/// Milliseconds of the host page as a time span.
fn span(ms: f64) -> Result<Duration, JsError> {
    if (0.0..=LONGEST_MS).contains(&ms) {
        Ok(Duration::from_micros((ms * 1_000.0).round() as u64))
    } else {
        Err(JsError::new(&format!(
            "expected milliseconds between 0 and {LONGEST_MS}, found {ms}"
        )))
    }
}

#[wasm_bindgen]
impl Handle {
    /// Runs a line of the command language; gives back what was done, in its canonical form.
    pub fn run(&self, line: &str) -> Result<String, JsError> {
        let outcome = self.shell.model.borrow_mut().run(line);
        self.shell.changed();
        outcome.map_err(|complaint| JsError::new(&complaint.text))
    }

    /// The cluster at this instant, as the command-line tool prints it.
    pub fn view(&self) -> Result<JsValue, JsError> {
        let view = self.shell.model.borrow().whole_view();
        let json = serde_json::to_string(&view)?;
        JSON::parse(&json).map_err(|_| JsError::new("the view is no JSON"))
    }

    /// Lets time run.
    pub fn play(&self) {
        self.shell.model.borrow_mut().play();
        self.shell.changed();
    }

    /// Stops time.
    pub fn pause(&self) {
        self.shell.model.borrow_mut().pause();
        self.shell.changed();
    }

    /// Whether time runs.
    pub fn playing(&self) -> bool {
        self.shell.model.borrow().playback.playing
    }

    /// Where the run is watched, in milliseconds.
    pub fn time(&self) -> f64 {
        millis(self.shell.model.borrow().player().now())
    }

    /// Goes to an instant, in milliseconds.
    pub fn seek(&self, ms: f64) -> Result<(), JsError> {
        let to = Time::ZERO + span(ms)?;
        self.shell.model.borrow_mut().seek(to);
        self.shell.changed();
        Ok(())
    }

    /// Plays at this multiple of real time; infinity is as fast as it goes.
    #[wasm_bindgen(js_name = setSpeed)]
    pub fn set_speed(&self, factor: f64) -> Result<(), JsError> {
        let speed = if factor == f64::INFINITY {
            Some(Speed::Most)
        } else {
            Speed::from_factor(factor)
        };
        let speed = speed
            .ok_or_else(|| JsError::new(&format!("expected a speed above 0, found {factor}")))?;
        self.shell.model.borrow_mut().set_speed(speed);
        self.shell.changed();
        Ok(())
    }

    /// Simulates as much of `ms` as fits into `budget` milliseconds of real time. Gives back what
    /// is left, or a negative number when the run stopped by itself.
    #[wasm_bindgen(js_name = advanceSome)]
    pub fn advance_some(&self, ms: f64, budget: f64) -> Result<f64, JsError> {
        let progress = self
            .shell
            .model
            .borrow_mut()
            .simulate(span(ms)?, budget, clock);
        let left = millis(Time::ZERO + progress.left);
        let done = left == 0.0 || progress.stopped.is_some();
        if done {
            self.shell.changed();
        }
        Ok(if progress.stopped.is_some() {
            -1.0
        } else {
            left
        })
    }

    /// Starts over with another script; throws, and changes nothing, when it is of no use.
    pub fn load(&self, script: &str) -> Result<(), JsError> {
        let loaded = self
            .shell
            .model
            .borrow_mut()
            .load(script, &self.shell.attributes);
        self.shell.changed();
        loaded.map_err(|notice| thrown(&notice))
    }

    /// Starts over with the run of a shared link.
    #[wasm_bindgen(js_name = loadFragment)]
    pub fn load_fragment(&self, fragment: &str) -> Result<(), JsError> {
        let Some(shared) = settings::from_fragment(fragment) else {
            return Ok(());
        };
        let mut model = self.shell.model.borrow_mut();
        let loaded = match shared {
            Ok(script) => model.load(&script, &[]).map(|()| model.go_to_end()),
            Err(mut notice) => {
                notice.title.push_str(" The run goes on as it was.");
                model.notify(notice.clone());
                Err(notice)
            }
        };
        drop(model);
        self.shell.changed();
        loaded.map_err(|notice| thrown(&notice))
    }

    /// Watches the run beside its twin under the other protocol, or alone.
    pub fn compare(&self, compared: bool) {
        self.shell.model.borrow_mut().compare(compared);
        self.shell.changed();
    }

    /// Whether it is.
    pub fn compares(&self) -> bool {
        self.shell.model.borrow().is_compared()
    }

    /// Shows a message above the cluster.
    pub fn notify(&self, title: &str, text: &str) {
        self.shell.model.borrow_mut().notify(Notice {
            title: title.to_owned(),
            errors: vec![text.to_owned()],
        });
        self.shell.changed();
    }

    /// The current branch as a script.
    pub fn script(&self) -> String {
        self.shell.model.borrow_mut().script()
    }

    /// The current branch as the fragment of a link.
    pub fn fragment(&self) -> String {
        self.shell.model.borrow_mut().fragment()
    }

    /// Takes the element off its host page.
    pub fn unmount(&mut self) {
        if let Some(app) = self.app.take() {
            app.destroy();
        }
    }
}
