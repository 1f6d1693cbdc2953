//! What the page can be told to do, by a button, a key, the menu or the host page.

use std::rc::Rc;

use quorumscope_core::ids::{EventId, ServerId};
use quorumscope_core::script::Protocol;
use quorumscope_core::time::Time;
use quorumscope_core::view::About;

use crate::desk::{Filter, Refusal};
use crate::draft::Draft;
use crate::intent::Intent;
use crate::members::Members;
use crate::model::Notice;
use crate::playback::Speed;
use crate::scenarios::Scenario;
use crate::stage::LogWindow;

/// Something to do.
#[derive(Clone, PartialEq, Debug)]
pub enum Action {
    /// Play, or pause.
    Toggle,
    /// To the previous event.
    StepBack,
    /// To the next event.
    Step,
    /// To the previous turn of the story.
    PreviousTurn,
    /// To the next turn of the story.
    NextTurn,
    /// To the previous step of a lesson.
    PreviousNote,
    /// To the next step of a lesson.
    NextNote,
    /// To the end of what was recorded.
    Live,
    /// To this instant.
    Seek(Time),
    /// Play at this speed.
    Speed(Speed),
    /// What an intent of the stage says.
    Intent(Intent),
    /// Run a line typed into the console.
    Type(String),
    /// One of the things a lecturer does all the time.
    Do(Favourite),
    /// Open a branch at this instant.
    Branch,
    /// Go to another branch.
    Switch(u32),
    /// Name the current branch.
    Rename(String),
    /// Show a panel.
    Show(Tab),
    /// Show or hide the panels where they do not fit beside the stage.
    Drawer,
    /// Explain an event, or nothing any more.
    Why(Option<EventId>),
    /// Look at this server's tree.
    Tree(ServerId),
    /// Show these lines of the story.
    Filter(Filter),
    /// Light this up.
    Light(Rc<About>),
    /// Put the cursor into the console.
    Console,
    /// Show or hide the help.
    Help,
    /// Show or hide the ways to pass the run on.
    Share,
    /// Show the scripts that come with the page.
    Scenarios,
    /// Put a change of the members together: from how they are, or this far.
    Members(Option<Members>),
    /// Put the settings of a new cluster together: from those that are, or this far.
    Settings(Option<Draft>),
    /// Start over with the same servers, seed, faults and clients' operations under this protocol.
    Protocol(Protocol),
    /// Watch the run beside its twin under the other protocol, or alone.
    Beside(bool),
    /// What an intent says that is about the twin.
    Twin(Intent),
    /// Show this window of the twin's logs.
    TwinLog(LogWindow),
    /// Have the panels show the twin, or the run.
    Side(bool),
    /// Say why a line is not offered, where it is asked for.
    Refuse(Refusal),
    /// Put away what an action has to say.
    Dismiss,
    /// Close whatever is open, the topmost first.
    Close,
    /// The next of light, dark, as the system says.
    Theme,
    /// Start over with another script, which comes with the page under this title.
    Load(Rc<str>, &'static str),
    /// Fetch this script, and start over with it.
    Scenario(&'static Scenario),
    /// Say something above the cluster.
    Notify(Notice),
    /// Copy the run as a script.
    CopyScript,
    /// Show this window of the logs.
    LogWindow(LogWindow),
}

impl Action {
    /// Whether it only changes what is lit up: the run and what is said of it stay as they are.
    pub const fn only_lights(&self) -> bool {
        matches!(
            self,
            Self::Light(_) | Self::Intent(Intent::Hover(_)) | Self::Twin(Intent::Hover(_))
        )
    }
}

/// One of the things a lecturer does all the time: a key each.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Favourite {
    /// A client's write, through a client that is started if there is none.
    Write,
    /// Crash the leader and boot it from its disk.
    RestartLeader,
    /// Spread the election timers.
    SpreadTimers,
    /// Align the election timers.
    AlignTimers,
    /// Bring all servers back.
    BringBack,
}

/// The panels beside the stage.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tab {
    /// What happened and why.
    Story,
    /// The znodes of one server.
    Znodes,
    /// The clients and what they asked.
    Clients,
    /// What is selected.
    Inspect,
    /// Both runs compared; only while there are two.
    Compare,
}

impl Tab {
    /// All of them, in their order; the last only while there are two runs.
    pub const ALL: [Self; 5] = [
        Self::Story,
        Self::Znodes,
        Self::Clients,
        Self::Inspect,
        Self::Compare,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Story => "Story",
            Self::Znodes => "Znodes",
            Self::Clients => "Clients",
            Self::Inspect => "Inspect",
            Self::Compare => "Compare",
        }
    }
}
