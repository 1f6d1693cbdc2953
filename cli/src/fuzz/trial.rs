//! One random run.

use quorumscope_core::check::Monitor;
use quorumscope_core::client::Client;
use quorumscope_core::client::recipes::{Progress, Running};
use quorumscope_core::history::{Player, Recording, Timed};
use quorumscope_core::script::{Command, Located, Script, Step, execute};
use quorumscope_core::server::Server;
use quorumscope_core::sim::World;
use quorumscope_core::time::Time;
use quorumscope_core::zookeeper::Request;

use super::adversary::Adversary;
use super::calm;
use super::dice::Dice;
use super::recipes::Followers;
use super::{Finding, Options, Outcome, Tally, plan};

/// A run while it is made: the world, what watches it, and what was done to it.
pub(super) struct Trial {
    pub(super) world: World,
    pub(super) monitor: Monitor,
    recording: Recording,
    tally: Tally,
    /// Whether each server led after the event before.
    led: Vec<bool>,
}

/// Runs one seed.
///
/// # Panics
/// If a name in [`Options::off`] is no rule's.
pub fn run_seed(seed: u64, options: &Options) -> Outcome {
    let mut dice = Dice::new(seed);
    let header = plan::header(seed, options, &mut dice);
    let clocks = plan::Clocks::of(&header);
    let mut trial = Trial::new(header);
    let followers = Followers::new(seed);
    let mut adversary = Adversary::new(options.protocol, clocks, followers, &mut dice);
    adversary.torment(&mut trial, &mut dice, options.duration);
    let failed = if trial.is_safe() {
        calm::recover(&mut trial)
    } else {
        None
    };
    trial.outcome(seed, failed)
}

impl Trial {
    fn new(header: quorumscope_core::script::Header) -> Self {
        let settings = header
            .world()
            .expect("the names of rules were checked before");
        let mut world = World::new(settings);
        world.observe(false);
        Self {
            monitor: Monitor::new(&world),
            led: vec![false; world.nodes().len()],
            world,
            recording: Recording {
                header,
                commands: Vec::new(),
            },
            tally: Tally::default(),
        }
    }

    /// Whether no invariant was violated.
    pub(super) fn is_safe(&self) -> bool {
        self.monitor.violations().is_empty()
    }

    /// Lets the next event happen, if it is due by `until`; else it is `until`.
    pub(super) fn event(&mut self, until: Time) -> bool {
        if self.world.step_until(until).is_none() {
            return false;
        }
        self.monitor.after_event(&self.world);
        self.tally.events += 1;
        self.count_leader();
        true
    }

    /// Lets everything happen that is due now.
    fn settle(&mut self) {
        while self.event(self.world.now()) {}
    }

    fn count_leader(&mut self) {
        let Some(touched) = self.world.touched() else {
            return;
        };
        let server = self.world.server(touched.server);
        let leads = server.is_some_and(Server::leads);
        if self.led.len() <= touched.server.position() {
            self.led.resize(self.world.nodes().len(), false);
        }
        let led = std::mem::replace(&mut self.led[touched.server.position()], leads);
        self.tally.leaders += u64::from(leads && !led);
    }

    /// Carries out a command after everything that is due now, as a player of the recording will;
    /// whether the cluster could.
    pub(super) fn command(&mut self, command: &Command) -> bool {
        self.settle();
        let Ok(command) = execute(&mut self.world, command) else {
            return false;
        };
        self.monitor.after_command(&self.world);
        self.tally.commands += 1;
        let at = self.world.now();
        self.recording.commands.push(Timed { at, command });
        true
    }

    fn outcome(mut self, seed: u64, failed: Option<calm::Failed>) -> Outcome {
        self.settle();
        if self.is_safe() {
            self.monitor.at_end(&self.world);
        }
        self.tally.runs = 1;
        self.tally.simulated = self.world.now().since(Time::ZERO);
        let servers = self.world.nodes().iter().filter_map(|node| node.server());
        self.tally.entries = servers
            .map(|server| match (server.raft(), server.zab()) {
                (Some(replica), _) => replica.commit_index().number(),
                (None, Some(replica)) => replica.log().len() as u64,
                (None, None) => 0,
            })
            .max()
            .unwrap_or(0);
        for call in self.monitor.history().calls() {
            let is_read = matches!(call.request, Some(Request::Linearizable(_)));
            let is_answered = call.reply().is_some();
            self.tally.answers += u64::from(is_answered);
            self.tally.reads += u64::from(is_answered && is_read);
        }
        self.tally.recipes = self.count_recipes();
        let tally = self.tally;
        let violation = self.monitor.violations().first().cloned();
        let finding = match (violation, failed) {
            (Some(violation), _) => Some(Finding {
                seed,
                property: violation.invariant.to_owned(),
                time: violation.time,
                what: violation.what,
                script: self.script(None),
            }),
            (None, Some(failed)) => Some(Finding {
                seed,
                property: "liveness".to_owned(),
                time: self.world.now(),
                what: failed.what.clone(),
                script: self.script(Some(failed.demand)),
            }),
            (None, None) => None,
        };
        Outcome { tally, finding }
    }

    /// Those that still run and have what they are for, or have come to their end.
    fn count_recipes(&self) -> u64 {
        let clients = self.world.clients().map(|(_, node)| node.process());
        let all = clients.flat_map(Client::recipes);
        let well = |it: &&Running| matches!(it.progress(), Progress::Holds | Progress::Done);
        all.filter(well).count() as u64
    }

    /// The run as a script, with what it demands before its end.
    fn script(&mut self, demand: Option<Step>) -> String {
        let mut script: Script = self.recording.script(self.world.now(), self.world.digest());
        let end = script.steps.pop();
        script
            .steps
            .extend(demand.map(|value| Located { line: 0, value }));
        script.steps.extend(end);
        script.to_string()
    }
}

/// Whether a script shows, in a player, what was found.
pub(super) fn shows(finding: &Finding) -> bool {
    let Ok(mut player) = Player::open(&finding.script) else {
        return false;
    };
    crate::run_to_end(&mut player, None, |_| {});
    let view = player.view(&quorumscope_core::view::Scope {
        log: (1, 0),
        znodes: false,
    });
    let violated = view.violations.first().is_some_and(|violation| {
        (violation.invariant, violation.time) == (finding.property.as_str(), finding.time)
    });
    violated || (finding.property == "liveness" && !player.failures().is_empty())
}
