//! A run and how it is watched, without a screen.
//!
//! Everything that reaches the player from the page goes through here: the console, a click, a
//! key and the host page's script take the same path, [`Model::run`].

use quorumscope_core::history::{Player, RunError, Stop};
use quorumscope_core::ids::EventId;
use quorumscope_core::script::{self, Problem};
use quorumscope_core::time::{Duration, Time};
use quorumscope_core::view::{Scope, View};

use crate::beside;
use crate::facts::{self, Fact};
use crate::intent::Target;
use crate::offers::{self, Offer};
use crate::playback::{FIRST_SLICE, FRAME_BUDGET_MS, Playback, SLICE_MS, Speed};
use crate::settings::{self, Attribute};
use crate::snapshot;

/// As many lines as the console remembers.
const TRANSCRIPT_LIMIT: usize = 500;

/// A run being watched.
///
/// While `paused_by_looking` is set the run stands still only because something was inspected.
pub struct Model {
    player: Player,
    /// Whether time runs, and how fast.
    pub playback: Playback,
    /// What was typed, clicked and called, oldest first.
    transcript: Vec<Exchange>,
    /// What the page has to say about what it was given.
    notices: Vec<Notice>,
    paused_by_looking: bool,
    violations: usize,
    before: Option<Before>,
    /// Rises when another run begins.
    number: u32,
    is_compared: bool,
}

/// What was known of a thing just before an event.
struct Before {
    event: EventId,
    target: Target,
    facts: Vec<Fact>,
}

/// A line that was run, and what came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exchange {
    /// The line, as it was given.
    pub line: String,
    /// The command that was done, or what was wrong.
    pub outcome: Result<String, Complaint>,
}

/// What is wrong with a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Complaint {
    /// Where, in characters from 1; none when no single place is to blame.
    pub column: Option<usize>,
    /// What was expected.
    pub text: String,
}

/// Something the reader must know about what the page was given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notice {
    /// What could not be used.
    pub title: String,
    /// What is wrong with it, one error a line.
    pub errors: Vec<String>,
}

/// What became of a stretch of simulated time that was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    /// What was not simulated.
    pub left: Duration,
    /// Why it ended early, if it did and will not go on by itself.
    pub stopped: Option<&'static str>,
}

impl Model {
    /// Opens a script with the settings of an element. When either is of no use, the default
    /// cluster runs and a notice says why.
    pub fn open(text: &str, attributes: &[Attribute]) -> Self {
        let opened = settings::apply(text, attributes).and_then(|script| {
            Player::open(&script).map_err(|error| settings::unusable("The script", &error))
        });
        match opened {
            Ok(player) => Self::watching(player),
            Err(notice) => Self::with_notice(notice),
        }
    }

    /// The default cluster, with a notice why it is that.
    pub fn with_notice(mut notice: Notice) -> Self {
        notice.title.push_str(" This is the default cluster.");
        let player = Player::open("").expect("the empty script is the default cluster");
        let mut model = Self::watching(player);
        model.notices.push(notice);
        model
    }

    fn watching(player: Player) -> Self {
        Self {
            player,
            playback: Playback::default(),
            transcript: Vec::new(),
            notices: Vec::new(),
            paused_by_looking: false,
            violations: 0,
            before: None,
            number: 0,
            is_compared: false,
        }
    }

    /// Tells one run of this model from another.
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// Whether the run is watched beside its twin under the other protocol.
    pub const fn is_compared(&self) -> bool {
        self.is_compared
    }

    /// Has the run be watched beside its twin, or alone.
    pub const fn compare(&mut self, compared: bool) {
        self.is_compared = compared;
    }

    /// Goes on with another run, as fast as this one.
    pub fn adopt(&mut self, player: Player) {
        let known = (self.playback.clone(), self.number, self.is_compared);
        *self = Self::watching(player);
        (self.playback, self.number, self.is_compared) = known;
        self.number += 1;
    }

    /// Has `player` be the run for a moment, and looks at it.
    pub fn with(&mut self, player: &mut Player, look: impl FnOnce(&mut Self)) {
        std::mem::swap(&mut self.player, player);
        self.before = None;
        look(self);
        self.before = None;
        std::mem::swap(&mut self.player, player);
    }

    /// Starts over with another script. When it is of no use, the run goes on untouched.
    pub fn load(&mut self, text: &str, attributes: &[Attribute]) -> Result<(), Notice> {
        let opened = settings::apply(text, attributes).and_then(|script| {
            Player::open(&script).map_err(|error| settings::unusable("The script", &error))
        });
        match opened {
            Ok(player) => {
                let known = (self.playback.speed, self.number, self.is_compared);
                *self = Self::watching(player);
                (self.playback.speed, self.number, self.is_compared) = known;
                self.number += 1;
                Ok(())
            }
            Err(mut notice) => {
                notice.title.push_str(" The run goes on as it was.");
                self.notices = vec![notice.clone()];
                Err(notice)
            }
        }
    }

    /// The run.
    pub fn player(&self) -> &Player {
        &self.player
    }

    /// The run, to move within it.
    pub fn player_mut(&mut self) -> &mut Player {
        &mut self.player
    }

    /// What the page has to say about what it was given.
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// Has the page say something more.
    pub fn notify(&mut self, notice: Notice) {
        if !self.notices.contains(&notice) {
            self.notices.push(notice);
        }
    }

    /// Puts all notices away.
    pub fn dismiss(&mut self) {
        self.notices.clear();
    }

    /// Goes to the end of a recording, which is the instant at which it was shared. A script that
    /// has no end is left at its beginning.
    pub fn go_to_end(&mut self) {
        let Some(end) = self.player.script_end() else {
            return;
        };
        while self.player.now() < end {
            let before = self.player.now();
            let stopped = self.player.advance(end.since(before)).stop.is_some();
            if stopped || self.player.now() == before {
                return;
            }
        }
    }

    /// What the console shows.
    pub fn transcript(&self) -> &[Exchange] {
        &self.transcript
    }

    /// Runs a line of the command language; says what was done.
    pub fn run(&mut self, line: &str) -> Result<String, Complaint> {
        let outcome = self.player.run(line).map_err(|error| Complaint {
            column: error.place().map(|(column, _)| column as usize),
            text: match &error {
                RunError::Line(error) => error.problem.to_string(),
                _ => error.to_string(),
            },
        });
        if self.transcript.len() == TRANSCRIPT_LIMIT {
            self.transcript.remove(0);
        }
        self.transcript.push(Exchange {
            line: line.to_owned(),
            outcome: outcome.clone(),
        });
        outcome
    }

    /// Why a command cannot be carried out now: the same words that running it would give.
    pub fn refusal(&self, line: &str) -> Option<String> {
        let world = self.player.world();
        let names = script::Names {
            servers: Some(world.servers()),
            protocol: Some(world.settings().protocol),
            ..script::Names::default()
        };
        match script::parse_command_with(line, &names) {
            Ok(command) => script::execute(&mut world.clone(), &command)
                .err()
                .map(|refused| refused.to_string()),
            Err(error) => Some(error.problem.to_string()),
        }
    }

    /// Whether only servers that run another protocol can do what a line says.
    fn is_of_the_other_protocol(&self, line: &str) -> bool {
        let names = script::Names {
            protocol: Some(self.player.world().settings().protocol),
            ..script::Names::default()
        };
        let read = script::parse_command_with(line, &names);
        read.is_err_and(|error| matches!(error.problem, Problem::OtherProtocol { .. }))
    }

    /// What can be done to `target`, and what cannot be done now and why. Side by side, a message is
    /// of one run, and its lines say of which.
    pub fn offers(&self, view: &View, target: &Target) -> Vec<Offer> {
        let mut offers = offers::offers(view, target);
        if self.is_compared && matches!(target, Target::Message(_)) {
            for offer in &mut offers {
                offer.line = format!("{} {}", view.protocol, offer.line);
            }
        }
        offers.retain(|offer| !self.is_of_the_other_protocol(&offer.line));
        for offer in &mut offers {
            if offer.refused.is_none() {
                offer.refused = self.refusal(&offer.line);
            }
        }
        offers
    }

    /// Shows the next frame: simulates what is due at `now` on the window's `clock`. Says whether
    /// anything moved.
    pub fn frame(&mut self, now: f64, clock: impl Fn() -> f64) -> bool {
        if !self.playback.playing {
            self.playback.forget();
            return false;
        }
        let before = self.player.revision();
        let due = self.playback.due(now);
        let progress = self.simulate(
            due.unwrap_or(Duration::from_secs(3_600)),
            if self.is_compared {
                beside::FRAME_BUDGET_MS
            } else {
                FRAME_BUDGET_MS
            },
            clock,
        );
        if progress.stopped.is_some() {
            self.playback.playing = false;
        }
        self.player.revision() != before
    }

    /// Simulates `by`, or as much of it as fits into `budget` milliseconds.
    pub fn simulate(&mut self, by: Duration, budget: f64, clock: impl Fn() -> f64) -> Progress {
        let end = self.player.now() + by;
        let deadline = clock() + budget;
        let mut slice = FIRST_SLICE;
        loop {
            let left = end.since(self.player.now());
            if left == Duration::ZERO {
                return Progress {
                    left,
                    stopped: None,
                };
            }
            let begun = clock();
            let stopped = self.advance(left.min(slice));
            let now = clock();
            if now - begun < SLICE_MS {
                slice = slice + slice;
            }
            if stopped.is_some() || now >= deadline {
                return Progress {
                    left: end.since(self.player.now()),
                    stopped,
                };
            }
        }
    }

    fn advance(&mut self, by: Duration) -> Option<&'static str> {
        match self.player.advance(by).stop? {
            Stop::Waits => Some("pause"),
            Stop::Violation => Some("violation"),
            // A script that is through lets its cluster run on.
            Stop::End => None,
        }
    }

    /// Plays, or pauses; where a script waits, it goes on.
    pub fn toggle(&mut self) {
        if self.playback.playing {
            self.pause();
        } else {
            self.play();
        }
    }

    /// Lets time run.
    pub fn play(&mut self) {
        self.player.go_on();
        self.paused_by_looking = false;
        self.playback.playing = true;
        self.playback.forget();
    }

    /// Stops time.
    pub fn pause(&mut self) {
        self.paused_by_looking = false;
        self.playback.playing = false;
    }

    /// Stops time because something is being looked at.
    pub fn look(&mut self) {
        if self.playback.playing {
            self.playback.playing = false;
            self.paused_by_looking = true;
        }
    }

    /// Lets time run again if it stands only because something was looked at.
    pub fn look_away(&mut self) {
        if self.paused_by_looking {
            self.play();
        }
    }

    /// Goes to an instant of the current branch.
    pub fn seek(&mut self, to: Time) {
        self.pause();
        self.player.seek(to);
    }

    /// Goes to another branch, at the same instant where that has it.
    pub fn switch(&mut self, branch: u32) {
        self.pause();
        // A branch that is offered exists.
        let _ = self.player.switch(branch);
    }

    /// Names the current branch.
    pub fn rename(&mut self, name: &str) {
        let current = self
            .player
            .branches()
            .into_iter()
            .find(|branch| branch.current);
        if let Some(branch) = current {
            // The current branch exists.
            let _ = self.player.rename(branch.id, name.to_owned());
        }
    }

    /// Opens a branch at this instant.
    pub fn branch(&mut self) {
        let name = format!("from {}", self.player.now());
        let opened = self.player.fork(name);
        if let Err(error) = opened {
            self.notices.push(Notice {
                title: "No branch can be opened here.".to_owned(),
                errors: vec![error.to_string()],
            });
        }
    }

    /// Changes the speed.
    pub fn set_speed(&mut self, speed: Speed) {
        self.playback.speed = speed;
        self.playback.forget();
    }

    /// How many violations came since this was asked last.
    pub fn fresh_violations(&mut self, view: &View) -> usize {
        let before = std::mem::replace(&mut self.violations, view.violations.len());
        view.violations.len().saturating_sub(before)
    }

    /// The cluster now, with everything that is in its logs.
    pub fn whole_view(&self) -> View {
        self.player.view(&Scope::default())
    }

    /// The facts of `target` just before the last event, without those that time alone changes;
    /// none at the beginning.
    pub fn facts_before(&mut self, target: &Target) -> Vec<Fact> {
        let event = self.player.world().event();
        if let Some(known) = self
            .before
            .as_ref()
            .filter(|known| known.event == event && known.target == *target)
        {
            return known.facts.clone();
        }
        let now = self.player.now();
        while self.player.world().event() == event && self.player.step_back() {}
        let mut facts = snapshot::facts_of(self, &self.player.view(&Scope::default()), target);
        facts.retain(|fact| !facts::runs_down(&fact.name));
        while self.player.world().event() < event && self.player.step() {}
        self.player.advance(now.since(self.player.now()));
        self.before = Some(Before {
            event,
            target: target.clone(),
            facts: facts.clone(),
        });
        facts
    }

    /// The current branch as a script; one that is compared says `leader` where it was asked so.
    pub fn script(&mut self) -> String {
        if self.is_compared {
            // The twin's leader is another server.
            self.player.script_as_asked()
        } else {
            self.player.script()
        }
    }

    /// The current branch as the fragment of a link.
    pub fn fragment(&mut self) -> String {
        format!("#{}{}", settings::RUN, script::link::encode(&self.script()))
    }
}
