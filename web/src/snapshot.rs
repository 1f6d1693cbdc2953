//! What the panels show: taken less often than frames are drawn, because nobody reads that fast.

use std::rc::Rc;

use quorumscope_core::history::{BranchView, Failure, Note, Player, Tape, Waiting};
use quorumscope_core::ids::EventId;
use quorumscope_core::script::Protocol;
use quorumscope_core::sim::World;
use quorumscope_core::time::Time;
use quorumscope_core::view::{self, LineView, SessionView, ToldView, View, WatchView, ZnodeView};
use yew::AttrValue;

use crate::action::Tab;
use crate::desk::{Desk, Dialog};
use crate::facts::{self, Details, Fact};
use crate::intent::Target;
use crate::model::{Exchange, Model};
use crate::offers::Offer;

/// How many milliseconds pass between two snapshots while the run plays.
pub const INTERVAL_MS: f64 = 100.0;
/// Lines that are looked through for the story, and when it is searched.
const LINES: usize = 300;
const LINES_SEARCHED: usize = 20_000;
/// Lines that are shown at most.
pub const LINES_SHOWN: usize = 120;

/// Events of watches that are shown at most.
const TOLD_SHOWN: usize = 4;

/// What the panels show at one moment.
pub struct Snapshot {
    /// The cluster.
    pub view: Rc<View>,
    /// Where the run is watched.
    pub now: Time,
    /// Where its record ends.
    pub end: Time,
    /// Whether these are the same.
    pub live: bool,
    /// The story, newest first.
    pub lines: Vec<LineView>,
    /// Whether older lines were left out.
    pub truncated: bool,
    /// The event that is explained, and its causal past, newest first.
    pub why: Option<(EventId, Vec<LineView>)>,
    /// The record's terms and marks; side by side of both runs, Raft's first.
    pub tapes: Vec<Marked>,
    /// All branches.
    pub branches: Vec<BranchView>,
    /// The tree of the chosen server.
    pub tree: Vec<ZnodeView>,
    /// The watches that the chosen server keeps.
    pub watches: Vec<WatchView>,
    /// The latest that clients were told by watches, the newest first.
    pub told: Vec<ToldView>,
    /// The sessions as the leader keeps them.
    pub sessions: Vec<SessionView>,
    /// What the inspector says.
    pub facts: Vec<Fact>,
    /// What can be done to what is inspected.
    pub offers: Vec<Offer>,
    /// What the open menu lists.
    pub menu: Vec<Offer>,
    /// Of the change of members or the settings that are being put together: why they cannot be.
    pub objection: Option<String>,
    /// What the script tells the reader now.
    pub notes: Vec<Note>,
    /// The current branch as a script and as the fragment of a link, while it is being shared.
    pub shared: Option<(AttrValue, AttrValue)>,
    /// What the script waits for.
    pub waiting: Option<Waiting>,
    /// What the script claimed or waited for, and was not so.
    pub failures: Vec<Failure>,
    /// What was run.
    pub transcript: Vec<Exchange>,
}

/// The terms and marks of one run's record.
pub struct Marked {
    /// What its servers run.
    pub protocol: Protocol,
    /// They.
    pub tape: Tape,
}

impl Marked {
    /// Those of `player`.
    pub fn of(player: &Player) -> Self {
        Self {
            protocol: player.world().settings().protocol,
            tape: player.tape().clone(),
        }
    }
}

/// Takes a snapshot; of `view`, and of what the open panel needs besides.
pub fn take(model: &mut Model, desk: &Desk, view: &Rc<View>) -> Snapshot {
    let (lines, truncated) = story(model, desk);
    let inspects = desk.tab == Tab::Inspect || desk.menu.is_some();
    let facts = if inspects {
        inspected(model, desk, view)
    } else {
        Vec::new()
    };
    let tree_wanted = desk.tab == Tab::Znodes;
    let shared = (desk.dialog == Some(Dialog::Share))
        .then(|| (model.script().into(), model.fragment().into()));
    let player = model.player();
    Snapshot {
        view: view.clone(),
        now: player.now(),
        end: player.end(),
        live: player.is_live(),
        lines,
        truncated,
        why: desk.why.map(|event| (event, player.causes(event))),
        tapes: vec![Marked::of(player)],
        branches: player.branches(),
        tree: if tree_wanted {
            view::tree_of(player.world(), desk.tree_of)
        } else {
            Vec::new()
        },
        watches: if tree_wanted {
            view::watches_of(player.world(), desk.tree_of)
        } else {
            Vec::new()
        },
        told: if tree_wanted {
            told(player.world())
        } else {
            Vec::new()
        },
        sessions: if desk.tab == Tab::Clients {
            sessions(player.world())
        } else {
            Vec::new()
        },
        facts,
        offers: offered(model, view, desk.selected.as_ref()),
        menu: offered(model, view, desk.menu.as_ref().map(|menu| &menu.target)),
        objection: match &desk.dialog {
            Some(Dialog::Members(members)) => model.refusal(&members.line()),
            Some(Dialog::Settings(draft)) => draft.objection(),
            _ => None,
        },
        notes: player.notes().cloned().collect(),
        waiting: player.waiting().cloned(),
        failures: player.failures().to_vec(),
        shared,
        transcript: model.transcript().to_vec(),
    }
}

fn told(world: &World) -> Vec<ToldView> {
    let mut told = view::told_since(world, Time::ZERO);
    told.truncate(TOLD_SHOWN);
    told
}

/// The leader's book of sessions; only the leader expires them.
fn sessions(world: &World) -> Vec<SessionView> {
    view::leader_of(world)
        .map(|leader| view::sessions_of(world, leader))
        .unwrap_or_default()
}

fn offered(model: &Model, view: &View, target: Option<&Target>) -> Vec<Offer> {
    target
        .map(|target| model.offers(view, target))
        .unwrap_or_default()
}

fn story(model: &Model, desk: &Desk) -> (Vec<LineView>, bool) {
    let limit = if desk.filter.searches() {
        LINES_SEARCHED
    } else {
        LINES
    };
    let all = model.player().lines(limit);
    let mut lines: Vec<_> = all
        .into_iter()
        .filter(|line| desk.filter.admits(line))
        .collect();
    let truncated = lines.len() > LINES_SHOWN;
    lines.truncate(LINES_SHOWN);
    (lines, truncated)
}

/// The facts of what is selected, those first that the last event changed. While the run plays
/// there is no telling which event that was.
fn inspected(model: &mut Model, desk: &Desk, view: &Rc<View>) -> Vec<Fact> {
    let Some(target) = &desk.selected else {
        return Vec::new();
    };
    let now = facts_of(model, view, target);
    if model.playback.playing {
        return now;
    }
    let before = model.facts_before(target);
    facts::changed_first(now, &before)
}

/// What is to be said of `target` in `view`, the cluster where the run is watched.
pub fn facts_of(model: &Model, view: &View, target: &Target) -> Vec<Fact> {
    let world = model.player().world();
    let details = details(world, target);
    let tree = match target {
        Target::Znode {
            server: Some(server),
            ..
        } => view::tree_of(world, *server),
        _ => Vec::new(),
    };
    let sessions = match target {
        Target::Server(server) => view::sessions_of(world, *server),
        Target::Client(_) => sessions(world),
        _ => Vec::new(),
    };
    let mut facts = facts::facts(view, target, &tree, &details);
    facts.extend(facts::of_sessions(view, target, &sessions));
    facts
}

/// What only the payload of a message knows.
fn details(world: &World, target: &Target) -> Details {
    match target {
        Target::Message(message) => view::details_of_message(world, *message).unwrap_or_default(),
        _ => Details::new(),
    }
}
