//! The root component: owns what lies on the desk, draws frames, and does what it is told.

use std::rc::Rc;

use quorumscope_core::view::{Scope, View};
use wasm_bindgen::JsValue;
use yew::platform::{spawn_local, time::sleep};
use yew::prelude::*;

use crate::action::Action;
use crate::beside::{self, Beside};
use crate::desk::{Desk, Theme};
use crate::fixed::Fixed;
use crate::frames::{Frames, Sight, clock, millis};
use crate::hands::Hands;
use crate::intent::Intent;
use crate::model::Model;
use crate::narrator::Narrator;
use crate::page;
use crate::shell::Shell;
use crate::snapshot::{self, Snapshot};
use crate::stage::LogWindow;

/// Columns that stay free behind the last entry, so that the next one has somewhere to go.
const ROOM_AHEAD: u64 = 2;

/// What the root component is made from.
#[derive(Properties, PartialEq)]
pub struct AppProps {
    /// The element.
    pub shell: Rc<Shell>,
    /// The theme it begins with.
    pub theme: Theme,
    /// The shipped script it begins with, if it is one.
    pub scenario: Option<&'static str>,
}

/// What the root component is told.
pub enum Msg {
    /// The browser draws a frame.
    Frame(f64),
    /// Something is to be done.
    Do(Action),
    /// The host page changed the run.
    Poked,
    /// The element came into sight, or went out of it.
    Seen(bool),
    /// The live region may speak again.
    Speak,
}

/// The root component.
pub struct App {
    pub(crate) desk: Desk,
    pub(crate) view: Rc<View>,
    pub(crate) snapshot: Fixed<Snapshot>,
    pub(crate) narrator: Narrator,
    pub(crate) on: Callback<Action>,
    pub(crate) on_intent: Callback<Intent>,
    pub(crate) on_window: Callback<LogWindow>,
    pub(crate) root: NodeRef,
    /// Side by side: the twin of the run, while both are watched.
    pub(crate) beside: Option<Box<Beside>>,
    snapped_at: f64,
    seen: bool,
    speaks_later: bool,
    frames: Frames,
    hands: Option<Hands>,
    sight: Option<Sight>,
}

impl Component for App {
    type Message = Msg;
    type Properties = AppProps;

    fn create(ctx: &Context<Self>) -> Self {
        let shell = &ctx.props().shell;
        *shell.poke.borrow_mut() = ctx.link().callback(|()| Msg::Poked);
        let desk = Desk::new(ctx.props().theme, ctx.props().scenario);
        let mut model = shell.model.borrow_mut();
        let view = Rc::new(model.player().view(&Scope::default()));
        let snapshot = Fixed::new(snapshot::take(&mut model, &desk, &view));
        Self {
            desk,
            view,
            snapshot,
            narrator: Narrator::default(),
            on: ctx.link().callback(Msg::Do),
            on_intent: ctx
                .link()
                .callback(|intent| Msg::Do(Action::Intent(intent))),
            on_window: ctx
                .link()
                .callback(|window| Msg::Do(Action::LogWindow(window))),
            root: NodeRef::default(),
            beside: None,
            snapped_at: 0.0,
            seen: true,
            speaks_later: false,
            frames: Frames::new(ctx.link().callback(Msg::Frame)),
            hands: None,
            sight: None,
        }
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        let shell = ctx.props().shell.clone();
        let redraw = match msg {
            Msg::Frame(now) => self.draw_frame(ctx, &shell, now),
            Msg::Do(action) if action.only_lights() => {
                self.act(&shell, action);
                true
            }
            Msg::Do(action) => {
                self.act(&shell, action);
                self.refresh(ctx, &shell)
            }
            Msg::Poked => self.refresh(ctx, &shell),
            Msg::Seen(seen) => {
                self.seen = seen;
                shell.model.borrow_mut().playback.forget();
                false
            }
            Msg::Speak => {
                self.speaks_later = false;
                self.narrate(ctx);
                true
            }
        };
        let behind = self.beside.as_ref().is_some_and(|beside| beside.is_behind);
        if self.seen && (behind || shell.model.borrow().playback.playing) {
            self.frames.ask();
        }
        redraw
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        page::page(self, &ctx.props().shell)
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        if !first {
            return;
        }
        let shell = &ctx.props().shell;
        self.hands = Some(Hands::new(&shell.host, self.on.clone()));
        self.sight = Some(Sight::new(&shell.host, ctx.link().callback(Msg::Seen)));
        if shell.model.borrow().playback.playing {
            self.frames.ask();
        }
        shell.emit("ready", &[]);
    }
}

impl App {
    /// The first index of the logs that is drawn.
    pub(crate) fn log_first(&self) -> u64 {
        let window = self.desk.log;
        let last = self
            .view
            .servers
            .iter()
            .map(|server| server.last)
            .max()
            .unwrap_or(0);
        let following = (last + ROOM_AHEAD).saturating_sub(window.count).max(1);
        if window.follow {
            following
        } else {
            window.first
        }
    }

    /// Simulates what is due and draws it; the panels follow at their own pace.
    fn draw_frame(&mut self, ctx: &Context<Self>, shell: &Shell, now: f64) -> bool {
        if !self.seen {
            return false;
        }
        let (moved, playing) = {
            let mut model = shell.model.borrow_mut();
            let moved = match &mut self.beside {
                Some(beside) => beside.frame(&mut model, now, clock),
                None => model.frame(now, clock),
            };
            (moved, model.playback.playing)
        };
        if !playing || now - self.snapped_at >= snapshot::INTERVAL_MS {
            return self.refresh(ctx, shell);
        }
        if moved {
            self.look(&shell.model.borrow(), false);
        }
        moved
    }

    /// Takes the view that the stage draws; the panels want the znodes as well.
    fn look(&mut self, model: &Model, znodes: bool) {
        let wanted = Scope {
            log: (self.log_first(), self.desk.log.count),
            znodes,
        };
        self.view = Rc::new(model.player().view(&wanted));
        if let Some(beside) = &mut self.beside {
            beside.look(znodes);
        }
    }

    /// Takes everything anew and tells the host page.
    fn refresh(&mut self, ctx: &Context<Self>, shell: &Shell) -> bool {
        let fresh = {
            let mut model = shell.model.borrow_mut();
            let before = self.beside.is_some();
            beside::attend(&mut self.beside, &mut model, &self.on);
            self.desk.compare(before, self.beside.is_some());
            if let Some(beside) = &mut self.beside {
                beside.catch_up(&mut model, clock);
            }
            self.look(&model, true);
            let mut taken = snapshot::take(&mut model, &self.desk, &self.view);
            if let Some(beside) = &mut self.beside {
                beside.read(&mut model);
                taken.tapes = beside.tapes(taken.tapes);
                if self.desk.of_twin {
                    taken = beside.snapshot(&mut model, &self.desk, taken);
                }
            }
            self.snapshot = Fixed::new(taken);
            model.fresh_violations(&self.view)
        };
        // The run has stopped, and the lamps say why.
        self.desk.drawer |= fresh > 0;
        self.snapped_at = clock();
        self.narrate(ctx);
        self.tell_host(shell, fresh);
        true
    }

    fn tell_host(&self, shell: &Shell, fresh_violations: usize) {
        let playing = shell.model.borrow().playback.playing;
        let time = JsValue::from_f64(millis(self.view.time));
        shell.emit(
            "change",
            &[("time", time.clone()), ("playing", playing.into())],
        );
        for violation in self.view.violations.iter().rev().take(fresh_violations) {
            let invariant = JsValue::from_str(violation.invariant);
            shell.emit(
                "violation",
                &[
                    ("time", time.clone()),
                    ("invariant", invariant),
                    ("what", violation.what.as_str().into()),
                ],
            );
        }
    }

    fn narrate(&mut self, ctx: &Context<Self>) {
        let wait = self.narrator.hear(&self.snapshot.lines, clock());
        let Some(wait) = wait.filter(|_| !self.speaks_later) else {
            return;
        };
        self.speaks_later = true;
        let speak = ctx.link().callback(|()| Msg::Speak);
        spawn_local(async move {
            sleep(std::time::Duration::from_millis(wait.ceil() as u64)).await;
            speak.emit(());
        });
    }
}
