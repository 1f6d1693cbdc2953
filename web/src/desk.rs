//! What lies open on the page: panel, selection, menu, filter. No part of the run.

use std::rc::Rc;

use quorumscope_core::explain::Weight;
use quorumscope_core::ids::{EventId, ServerId};
use quorumscope_core::view::{About, LineView, Tone};

use crate::action::Tab;
use crate::draft::Draft;
use crate::intent::Target;
use crate::members::Members;
use crate::stage::LogWindow;

/// What lies open.
pub struct Desk {
    /// The panel that is shown.
    pub tab: Tab,
    /// Whether the panels are shown where they do not fit beside the stage.
    pub drawer: bool,
    /// What is inspected.
    pub selected: Option<Target>,
    /// What is lit up.
    pub light: Rc<About>,
    /// Side by side: whether what is lit up is of the twin,
    pub light_of_twin: bool,
    /// and whether what is selected is, and what the panels show.
    pub of_twin: bool,
    /// The open menu.
    pub menu: Option<Menu>,
    /// The open dialog.
    pub dialog: Option<Dialog>,
    /// What was asked for by hand last and refused.
    pub refused: Option<Refusal>,
    /// The event that is being explained.
    pub why: Option<EventId>,
    /// What the story shows.
    pub filter: Filter,
    /// Whose tree the znodes panel shows.
    pub tree_of: ServerId,
    /// Light or dark.
    pub theme: Theme,
    /// The part of the logs that is shown.
    pub log: LogWindow,
    /// The shipped script that runs, if it is one.
    pub scenario: Option<&'static str>,
    /// Counts the requests to put the cursor into the console.
    pub console_asked: u32,
}

/// A menu, where it was asked for.
#[derive(Clone, PartialEq, Debug)]
pub struct Menu {
    /// Whose.
    pub target: Target,
    /// Pixels from the left of the window.
    pub x: f64,
    /// Pixels from the top of the window.
    pub y: f64,
}

/// A line that was refused, and why: said where it was asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// The line.
    pub line: String,
    /// Why.
    pub text: String,
}

/// A dialog.
#[derive(Clone, PartialEq, Debug)]
pub enum Dialog {
    /// Keys and grammar.
    Help,
    /// Ways to pass the run on.
    Share,
    /// A change of the members that is being put together.
    Members(Members),
    /// The scripts that come with the page.
    Scenarios,
    /// The settings of a cluster that is to begin.
    Settings(Draft),
}

/// Light or dark.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Theme {
    /// As the system says.
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// What the story shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Filter {
    /// The least weight.
    pub weight: Weight,
    /// A tone, or all.
    pub tone: Option<Tone>,
    /// Words that must occur.
    pub words: String,
}

impl Theme {
    /// The next one, round and round.
    pub const fn next(self) -> Self {
        match self {
            Self::System => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::System,
        }
    }

    /// Its name, as the attribute `theme` writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The theme of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::System, Self::Light, Self::Dark]
            .into_iter()
            .find(|theme| theme.name() == name)
    }
}

impl Filter {
    /// Whether anything more than the usual is asked for.
    pub fn searches(&self) -> bool {
        !self.words.is_empty() || self.tone.is_some()
    }

    /// Whether a line is shown.
    pub fn admits(&self, line: &LineView) -> bool {
        line.weight >= self.weight
            && self.tone.is_none_or(|tone| line.tone == tone)
            && self.finds(line)
    }

    fn finds(&self, line: &LineView) -> bool {
        let text = line.text.to_ascii_lowercase();
        let why = line.why.as_deref().unwrap_or_default().to_ascii_lowercase();
        let words = self.words.to_ascii_lowercase();
        words
            .split_whitespace()
            .all(|word| text.contains(word) || why.contains(word))
    }
}

impl Desk {
    /// An empty desk.
    pub fn new(theme: Theme, scenario: Option<&'static str>) -> Self {
        Self {
            tab: Tab::Story,
            drawer: false,
            selected: None,
            light: Rc::default(),
            light_of_twin: false,
            of_twin: false,
            menu: None,
            dialog: None,
            refused: None,
            why: None,
            filter: Filter {
                weight: Weight::Step,
                tone: None,
                words: String::new(),
            },
            tree_of: ServerId::new(1),
            theme,
            log: LogWindow::default(),
            scenario,
            console_asked: 0,
        }
    }

    /// Makes room for a second run, or has it for one again.
    pub fn compare(&mut self, before: bool, now: bool) {
        if before == now {
            return;
        }
        self.of_twin = false;
        if now {
            self.tab = Tab::Compare;
        } else if self.tab == Tab::Compare {
            self.tab = Tab::Story;
        }
    }

    /// Closes the topmost open thing; says what was closed.
    pub fn close(&mut self) -> Closed {
        if self.menu.take().is_some() || self.dialog.take().is_some() {
            return Closed::Paper;
        }
        if self.selected.take().is_some() {
            if self.tab == Tab::Inspect {
                self.tab = Tab::Story;
            }
            return Closed::Inspector;
        }
        if self.why.take().is_some() {
            return Closed::Paper;
        }
        self.drawer = false;
        Closed::Paper
    }
}

/// What was closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Closed {
    /// The inspector: the run may go on.
    Inspector,
    /// Something that has nothing to do with the run.
    Paper,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_takes_the_menu_before_the_inspector() {
        let mut desk = Desk::new(Theme::System, None);
        let server = Target::Server(ServerId::new(1));
        desk.selected = Some(server.clone());
        desk.menu = Some(Menu {
            target: server,
            x: 0.0,
            y: 0.0,
        });
        assert_eq!(desk.close(), Closed::Paper);
        assert_eq!(desk.close(), Closed::Inspector);
        assert_eq!(desk.selected, None);
    }
}
