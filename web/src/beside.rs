//! Side by side: the run that is watched, and its twin under the other protocol, on one clock.
//!
//! The twin does what is done to the run, so everything that changes a run goes to the
//! [`Model`] as ever, and this only follows. It is there while the model says
//! that it is compared.

use std::rc::Rc;

use quorumscope_core::compare::{Comparison, Difference, Figures, Gait, Left};
use quorumscope_core::history::{OpenError, Player};
use quorumscope_core::script::Protocol;
use quorumscope_core::view::{About, Scope, View};
use yew::Callback;

use crate::action::Action;
use crate::crossing::title;
use crate::desk::Desk;
use crate::fixed::Fixed;
use crate::intent::Intent;
use crate::model::{Model, Notice};
use crate::playback::{FIRST_SLICE, SLICE_MS};
use crate::snapshot::{self, Marked, Snapshot};
use crate::stage::LogWindow;

/// What a frame may spend on each of two runs.
pub const FRAME_BUDGET_MS: f64 = 4.5;
/// What may be spent at once on a twin that has a long way to go.
const CATCH_UP_MS: f64 = 60.0;

/// A run's twin, and what is shown of it.
pub struct Beside {
    comparison: Comparison,
    /// The model's run that it stands beside.
    run: u32,
    /// The twin at the instant that is shown.
    pub view: Rc<View>,
    /// The part of its logs that is shown.
    pub log: LogWindow,
    /// What the comparison says.
    pub shown: Fixed<Compared>,
    /// Whether it has yet to come to where the run is.
    pub is_behind: bool,
    /// How many lines that were not done to it were told.
    told: usize,
    /// Told what hands do to it.
    pub on_intent: Callback<Intent>,
    /// Told which part of its logs is wanted.
    pub on_window: Callback<LogWindow>,
}

/// What the comparison says at one moment.
pub struct Compared {
    /// Both runs in numbers, Raft's first.
    pub figures: Option<[Figures; 2]>,
    /// The changes of leader of both, the newest first.
    pub story: Vec<Difference>,
    /// What was not done to the twin.
    pub left: Vec<Left>,
    /// What the twin runs.
    pub twin: Protocol,
}

impl Beside {
    /// A twin for the model's run.
    fn open(model: &Model, on: &Callback<Action>) -> Result<Self, OpenError> {
        let comparison = Comparison::beside(model.player())?;
        let view = Rc::new(comparison.twin().view(&Scope::default()));
        let shown = Fixed::new(compared(&comparison, model));
        Ok(Self {
            comparison,
            run: model.number(),
            view,
            log: LogWindow::default(),
            shown,
            is_behind: true,
            told: 0,
            on_intent: on.reform(Action::Twin),
            on_window: on.reform(Action::TwinLog),
        })
    }

    /// Takes the twin to where the run is, or as far as `budget` milliseconds reach.
    pub fn follow(&mut self, model: &mut Model, budget: f64, clock: impl Fn() -> f64) {
        let deadline = clock() + budget;
        let mut slice = FIRST_SLICE;
        loop {
            let begun = clock();
            let gait = self.comparison.follow(model.player(), slice);
            let now = clock();
            if now - begun < SLICE_MS {
                slice = slice + slice;
            }
            self.is_behind = gait == Gait::Behind;
            if gait == Gait::Violated {
                return self.halt(model);
            }
            if gait == Gait::Abreast || now >= deadline {
                return;
            }
        }
    }

    /// Both halt where an invariant of either is violated.
    fn halt(&self, model: &mut Model) {
        let twin = self.comparison.twin();
        model.seek(twin.now());
        let scope = Scope {
            log: (1, 0),
            znodes: false,
        };
        let violations = twin.view(&scope).violations;
        model.notify(Notice {
            title: format!("{} violates an invariant.", title(self.shown.twin)),
            errors: violations
                .into_iter()
                .map(|violation| format!("{}: {}", violation.invariant, violation.what))
                .collect(),
        });
    }

    /// Shows the next frame of both; a twin that is behind is waited for. Says whether anything
    /// moved.
    pub fn frame(&mut self, model: &mut Model, now: f64, clock: impl Fn() -> f64) -> bool {
        let waited = self.is_behind;
        let moved = if waited {
            model.playback.forget();
            true
        } else {
            model.frame(now, &clock)
        };
        let budget = if waited { CATCH_UP_MS } else { FRAME_BUDGET_MS };
        self.follow(model, budget, clock);
        moved
    }

    /// Takes the twin to where the run is, after something was done.
    pub fn catch_up(&mut self, model: &mut Model, clock: impl Fn() -> f64) {
        self.follow(model, CATCH_UP_MS, clock);
    }

    /// Takes the view that the stage draws.
    pub fn look(&mut self, znodes: bool) {
        let last = self.view.servers.iter().map(|server| server.last).max();
        let count = self.log.count.max(1);
        let first = if self.log.follow {
            (last.unwrap_or(0) + 2).saturating_sub(count).max(1)
        } else {
            self.log.first
        };
        self.log.first = first;
        let scope = Scope {
            log: (first, count),
            znodes,
        };
        self.view = Rc::new(self.comparison.twin().view(&scope));
    }

    /// Takes what the comparison says; has the page say what was newly left out.
    pub fn read(&mut self, model: &mut Model) {
        let shown = compared(&self.comparison, model);
        let fresh = shown.left.get(self.told..).unwrap_or_default();
        if !fresh.is_empty() && !self.is_behind {
            let name = title(shown.twin);
            model.notify(Notice {
                title: format!("{name} was spared this; it was done to one run only."),
                errors: fresh
                    .iter()
                    .map(|left| format!("{}: {}", left.line, left.why))
                    .collect(),
            });
        }
        if !self.is_behind {
            self.told = shown.left.len();
        }
        self.shown = Fixed::new(shown);
    }

    /// The records of both, Raft's first.
    pub fn tapes(&self, own: Vec<Marked>) -> Vec<Marked> {
        let mut both = own;
        both.push(Marked::of(self.comparison.twin()));
        both.sort_by_key(|one| one.protocol);
        both
    }

    /// What the panels show, with the twin in them instead of the run.
    pub fn snapshot(&mut self, model: &mut Model, desk: &Desk, run: Snapshot) -> Snapshot {
        let view = &self.view;
        let mut twins = None;
        self.comparison.lend(|twin| {
            model.with(twin, |model| {
                twins = Some(snapshot::take(model, desk, view));
            });
        });
        let Some(twins) = twins else {
            return run;
        };
        Snapshot {
            view: twins.view,
            lines: twins.lines,
            truncated: twins.truncated,
            why: twins.why,
            tree: twins.tree,
            watches: twins.watches,
            told: twins.told,
            sessions: twins.sessions,
            facts: twins.facts,
            offers: twins.offers,
            menu: twins.menu,
            ..run
        }
    }

    /// The twin, as a run of its own.
    pub fn into_twin(self) -> Player {
        self.comparison.into_twin()
    }

    /// Steps both runs, if that is what is asked.
    pub fn travel(&mut self, model: &mut Model, action: &Action) -> bool {
        let first = match action {
            Action::Step | Action::StepBack | Action::NextTurn | Action::PreviousTurn => {
                model.pause();
                model.player_mut()
            }
            _ => return false,
        };
        match action {
            Action::Step => self.comparison.step(first),
            Action::StepBack => self.comparison.step_back(first),
            Action::NextTurn => self.comparison.next_turn(first),
            _ => self.comparison.previous_turn(first),
        };
        true
    }
}

fn compared(comparison: &Comparison, model: &Model) -> Compared {
    let first = model.player();
    Compared {
        figures: comparison.figures(first),
        story: comparison.story(first),
        left: comparison.left(first),
        twin: comparison.twin().world().settings().protocol,
    }
}

/// Opens or closes what stands beside the model's run, as the model says.
pub fn attend(beside: &mut Option<Box<Beside>>, model: &mut Model, on: &Callback<Action>) {
    if !model.is_compared() {
        *beside = None;
        return;
    }
    if beside.as_ref().is_some_and(|it| it.run == model.number()) {
        return;
    }
    match Beside::open(model, on) {
        Ok(opened) => *beside = Some(Box::new(opened)),
        Err(error) => {
            *beside = None;
            model.compare(false);
            model.notify(Notice {
                title: "There is no such cluster under the other protocol.".to_owned(),
                errors: vec![error.to_string()],
            });
        }
    }
}

/// What is lit up in the other run where this is pointed at in one: servers and clients are the
/// same, messages, entries and znodes are not.
pub fn in_the_other(about: &About) -> Rc<About> {
    Rc::new(About {
        endpoints: about.endpoints.clone(),
        ..About::default()
    })
}
