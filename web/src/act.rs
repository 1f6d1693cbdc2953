//! What each action does.

use std::rc::Rc;

use quorumscope_core::history::MarkKind;
use quorumscope_core::ids::EventId;
use quorumscope_core::script::Protocol;

use crate::action::{Action, Favourite, Tab};
use crate::app::App;
use crate::crossing;
use crate::desk::{Closed, Dialog, Menu, Refusal};
use crate::draft::Draft;
use crate::frames::window;
use crate::intent::{Intent, Target};
use crate::members::Members;
use crate::model::{Model, Notice};
use crate::offers;
use crate::scenarios::PLAIN;
use crate::shell::Shell;

impl App {
    /// Does what is asked.
    pub(crate) fn act(&mut self, shell: &Shell, action: Action) {
        let mut model = shell.model.borrow_mut();
        let model = &mut *model;
        if !action.only_lights() {
            self.desk.refused = None;
        }
        match action {
            Action::Intent(intent) => self.follow_in(model, intent, false),
            Action::Do(favourite) => self.favour(model, favourite),
            Action::Close => self.close(model),
            Action::Load(script, title) => {
                self.load(model, &script, Some(title));
            }
            Action::Protocol(protocol) => self.cross(model, protocol),
            Action::Beside(beside) => self.put_beside(model, beside),
            Action::Twin(intent) => self.follow_in(model, intent, true),
            Action::TwinLog(window) => {
                if let Some(beside) = &mut self.beside {
                    beside.log = window;
                }
            }
            Action::Side(of_twin) => {
                self.desk.of_twin = of_twin;
                self.desk.selected = None;
                self.desk.why = None;
            }
            Action::Scenario(scenario) => scenario.fetch(&shell.host, self.on.clone()),
            Action::Notify(notice) => {
                self.desk.dialog = None;
                model.notify(notice);
            }
            Action::CopyScript => {
                // Where copying is not allowed, the share dialog shows the script to be marked.
                let _ = window().navigator().clipboard().write_text(&model.script());
            }
            Action::Dismiss => model.dismiss(),
            Action::Type(line) => {
                // What is wrong with the line is shown beneath it, from the transcript.
                let _ = model.run(&line);
            }
            Action::Why(event) => self.explain(model, event),
            Action::Show(_)
            | Action::Drawer
            | Action::Tree(_)
            | Action::Light(_)
            | Action::Filter(_)
            | Action::Console
            | Action::Help
            | Action::Share
            | Action::Scenarios
            | Action::Members(_)
            | Action::Settings(_)
            | Action::Refuse(_)
            | Action::Theme
            | Action::LogWindow(_) => self.lay(model, action),
            _ => {
                let beside = self.beside.as_mut();
                if !beside.is_some_and(|beside| beside.travel(model, &action)) {
                    travel(model, action);
                }
            }
        }
        // The attribute has a valid name.
        let _ = shell
            .host
            .set_attribute("data-theme", self.desk.theme.name());
    }

    /// Lays something on the desk.
    fn lay(&mut self, model: &mut Model, action: Action) {
        let desk = &mut self.desk;
        match action {
            Action::Show(tab) => {
                desk.drawer = !(desk.drawer && desk.tab == tab) || tab == Tab::Inspect;
                desk.tab = tab;
            }
            Action::Drawer => desk.drawer = !desk.drawer,
            Action::Tree(server) => desk.tree_of = server,
            Action::Light(about) => {
                desk.light = about;
                desk.light_of_twin = desk.of_twin;
            }
            Action::Filter(filter) => desk.filter = filter,
            Action::Console => {
                desk.drawer = true;
                desk.console_asked += 1;
            }
            Action::Help => {
                model.look();
                desk.dialog = Some(Dialog::Help);
            }
            Action::Share => {
                model.look();
                desk.dialog = Some(Dialog::Share);
            }
            Action::Scenarios => {
                model.look();
                desk.dialog = Some(Dialog::Scenarios);
            }
            Action::Members(members) => {
                model.look();
                desk.menu = None;
                let members = members.unwrap_or_else(|| Members::of(&self.view));
                desk.dialog = Some(Dialog::Members(members));
            }
            Action::Settings(draft) => {
                model.look();
                let draft = draft.unwrap_or_else(|| Draft::of(&model.script()));
                desk.dialog = Some(Dialog::Settings(draft));
            }
            Action::Refuse(refusal) => desk.refused = Some(refusal),
            Action::Theme => desk.theme = desk.theme.next(),
            Action::LogWindow(window) => desk.log = window,
            _ => {}
        }
    }

    /// Of two runs, the one that something is looked at in is the one that the panels show.
    fn follow_in(&mut self, model: &mut Model, intent: Intent, of_twin: bool) {
        match intent {
            Intent::Hover(_) => self.desk.light_of_twin = of_twin,
            Intent::Select(_) | Intent::Menu { .. } => self.desk.of_twin = of_twin,
            Intent::Run(_) => {}
        }
        self.follow(model, intent);
    }

    fn follow(&mut self, model: &mut Model, intent: Intent) {
        match intent {
            Intent::Hover(target) => {
                self.desk.light = Rc::new(target.map(|target| target.about()).unwrap_or_default());
            }
            Intent::Menu { target, x, y } => {
                model.look();
                self.desk.menu = Some(Menu { target, x, y });
            }
            Intent::Select(target) => self.select(model, target),
            Intent::Run(line) => self.run(model, line),
        }
    }

    /// Runs a line that was asked for by hand. What is wrong with it is said there, and there it
    /// stays open; else what was open for it is put away.
    fn run(&mut self, model: &mut Model, line: String) {
        if let Err(complaint) = model.run(&line) {
            let text = complaint.text;
            self.desk.refused = Some(Refusal { line, text });
            return;
        }
        let decided =
            matches!(&self.desk.dialog, Some(Dialog::Members(members)) if members.line() == line);
        if decided {
            self.desk.dialog = None;
        }
        let was_open = self.desk.menu.take().is_some() || decided;
        if was_open && self.desk.selected.is_none() {
            model.look_away();
        }
    }

    fn select(&mut self, model: &mut Model, target: Target) {
        model.look();
        if let Target::Server(server) | Target::Entry { server, .. } = &target {
            self.desk.tree_of = *server;
        }
        self.desk.menu = None;
        self.desk.selected = Some(target);
        self.desk.tab = Tab::Inspect;
        self.desk.drawer = true;
    }

    fn explain(&mut self, model: &mut Model, event: Option<EventId>) {
        if event.is_some() {
            model.look();
        } else {
            model.look_away();
        }
        self.desk.why = event;
    }

    fn favour(&mut self, model: &mut Model, favourite: Favourite) {
        if let Some(errors) = offers::has_no_meaning(&self.view, favourite) {
            let title = "These servers have no election timers to move.".to_owned();
            let errors = vec![errors.to_owned()];
            return model.notify(Notice { title, errors });
        }
        let lines = if model.is_compared() {
            offers::favourite_of_both(&self.view, favourite)
        } else {
            offers::favourite(&self.view, favourite)
        };
        for line in lines {
            if model.run(&line).is_err() {
                return;
            }
        }
    }

    fn close(&mut self, model: &mut Model) {
        let menu_only = self.desk.menu.is_some() && self.desk.selected.is_some();
        match self.desk.close() {
            Closed::Inspector => model.look_away(),
            Closed::Paper if !menu_only => model.look_away(),
            Closed::Paper => {}
        }
    }

    /// Watches both protocols, or one.
    fn put_beside(&mut self, model: &mut Model, beside: bool) {
        model.compare(beside);
        self.desk.compare(!beside, beside);
    }

    /// Starts over under another protocol; what means nothing there is said. Of two that were
    /// watched side by side, that one goes on alone.
    fn cross(&mut self, model: &mut Model, protocol: Protocol) {
        if let Some(beside) = self.beside.take() {
            self.put_beside(model, false);
            if model.player().world().settings().protocol != protocol {
                model.adopt(beside.into_twin());
                self.desk.selected = None;
                self.desk.why = None;
            }
            return;
        }
        if model.player().world().settings().protocol == protocol {
            return;
        }
        let crossing = crossing::under(protocol, &model.script());
        let plain = (!crossing.acts).then_some(PLAIN);
        if self.load(model, &crossing.script, plain) && !crossing.left.is_empty() {
            let name = crossing::title(protocol);
            model.notify(Notice {
                title: format!("What {name} does not have was left out."),
                errors: crossing.left,
            });
        }
    }

    /// Starts over with a script. Whether it is of use: what is wrong with it is said by a notice.
    fn load(&mut self, model: &mut Model, script: &str, scenario: Option<&'static str>) -> bool {
        if model.load(script, &[]).is_err() {
            return false;
        }
        self.desk.scenario = scenario;
        self.desk.dialog = None;
        self.desk.selected = None;
        self.desk.why = None;
        self.desk.menu = None;
        self.desk.log.follow = true;
        if self.desk.tab == Tab::Inspect {
            self.desk.tab = Tab::Story;
        }
        model.play();
        true
    }
}

/// Moves within the run.
fn travel(model: &mut Model, action: Action) {
    match action {
        Action::Toggle => return model.toggle(),
        Action::Speed(speed) => return model.set_speed(speed),
        Action::Seek(to) => return model.seek(to),
        Action::Live => return model.player_mut().go_live(),
        Action::Rename(name) => return model.rename(&name),
        Action::Switch(branch) => return model.switch(branch),
        Action::Branch => return model.branch(),
        _ => model.pause(),
    }
    match action {
        Action::Step => model.player_mut().step(),
        Action::StepBack => model.player_mut().step_back(),
        Action::NextTurn => model.player_mut().next_turn(),
        Action::PreviousTurn => model.player_mut().previous_turn(),
        Action::NextNote => next_note(model),
        Action::PreviousNote => previous_note(model),
        _ => false,
    };
}

/// To the next step of a lesson: the next note of the record, or on to where the next one is made.
fn next_note(model: &mut Model) -> bool {
    let player = model.player();
    let now = player.now();
    let next = player
        .tape()
        .marks
        .iter()
        .find(|mark| mark.kind == MarkKind::Note && mark.at > now)
        .map(|mark| mark.at);
    match next {
        Some(at) => model.seek(at),
        None => model.play(),
    }
    true
}

/// To the previous step of a lesson.
fn previous_note(model: &mut Model) -> bool {
    let player = model.player();
    let now = player.now();
    let previous = player
        .tape()
        .marks
        .iter()
        .rev()
        .find(|mark| mark.kind == MarkKind::Note && mark.at < now)
        .map(|mark| mark.at);
    let Some(at) = previous else { return false };
    model.seek(at);
    true
}
