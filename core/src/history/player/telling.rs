//! What a reader is shown and told of a run, and what a run says of itself.

use super::Player;
use crate::check::Monitor;
use crate::ids::EventId;
use crate::script::{Command, Header};
use crate::sim::{Record, World};
use crate::view::{InvariantView, LineView, Scope, VerdictView, View, ViolationView, line_of};

use super::super::recording::Timed;

/// The longest causal past that is told.
const MAX_CAUSES: usize = 32;

impl Player {
    fn records_of(&self, event: EventId) -> impl Iterator<Item = &Record> {
        let replayed = self
            .world()
            .records()
            .iter()
            .filter(move |record| record.event == event);
        self.branch().journal.of(event).chain(replayed)
    }

    /// What the reader sees.
    pub fn view(&self, scope: &Scope) -> View {
        let mut view = View::of(self.world(), scope);
        self.judge_operations(&mut view);
        let now = self.world().event();
        let seen = self.branch().frontier.monitor.violations();
        view.violations = seen
            .iter()
            .filter(|violation| violation.event <= now)
            .map(|violation| ViolationView {
                invariant: violation.invariant,
                time: violation.time,
                event: violation.event,
                what: violation.what.clone(),
                facts: violation.facts.to_vec(),
            })
            .collect();
        let broken = |name| {
            view.violations
                .iter()
                .any(|violation| violation.invariant == name)
        };
        view.invariants = Monitor::properties(self.world().settings().protocol)
            .map(|property| InvariantView {
                name: property.name,
                title: property.title,
                rule: property.rule,
                holds: !broken(property.name),
            })
            .collect();
        view
    }

    /// What the operations in a view are to be thought of. Those that were answered by then had the
    /// verdict by then.
    fn judge_operations(&self, view: &mut View) {
        let history = self.branch().frontier.monitor.history();
        for client in &mut view.clients {
            let answered = client.operations.iter_mut();
            for operation in answered.filter(|operation| operation.answered.is_some()) {
                let call = history.find(client.id, operation.invoked, operation.number);
                operation.verdict = call.map(|call| VerdictView::of(history, call));
            }
        }
    }

    /// The narration up to now, newest first, at most `limit` lines.
    pub fn lines(&self, limit: usize) -> Vec<LineView> {
        let event = self.world().event();
        let replayed = self.world().records();
        if replayed.is_empty() {
            return self
                .branch()
                .journal
                .until(event)
                .take(limit)
                .map(line_of)
                .collect();
        }
        replayed.iter().rev().take(limit).map(line_of).collect()
    }

    /// What was told of one event.
    pub fn lines_of(&self, event: EventId) -> Vec<LineView> {
        self.records_of(event).map(line_of).collect()
    }

    /// The causal past of an event, newest first: what led to it, what led to that, and so on.
    pub fn causes(&self, event: EventId) -> Vec<LineView> {
        let mut lines = Vec::new();
        let mut next = self
            .records_of(event)
            .next()
            .and_then(|record| record.cause);
        while let Some(cause) = next.filter(|_| lines.len() < MAX_CAUSES) {
            lines.extend(self.records_of(cause).map(line_of));
            next = self
                .records_of(cause)
                .next()
                .and_then(|record| record.cause);
        }
        lines
    }

    /// The branch as a script that can be opened again, and ends in the same state.
    pub fn script(&mut self) -> String {
        let branch = self.branch_mut();
        branch.settle();
        let digest = branch.frontier.cursor.world.digest();
        branch
            .recording
            .script(branch.frontier.now(), digest)
            .to_string()
    }

    /// The same, where what named the leader still does: under another protocol, or in another
    /// run, it is done to whoever leads there.
    pub fn script_as_asked(&mut self) -> String {
        let branch = self.branch_mut();
        branch.settle();
        let digest = branch.frontier.cursor.world.digest();
        let word = |place, done| branch.asked(place).unwrap_or(done);
        branch
            .recording
            .script_with(branch.frontier.now(), digest, word)
            .to_string()
    }

    /// The header of the run.
    pub fn header(&self) -> &Header {
        &self.branch().recording.header
    }

    /// What was done on the branch, in order.
    pub fn commands(&self) -> &[Timed] {
        &self.branch().recording.commands
    }

    /// A command of [`Player::commands`] as it was asked for: it may have named the leader.
    pub fn asked(&self, place: usize) -> Option<&Command> {
        self.branch().asked(place)
    }

    /// How many commands of the branch were done where the reader is.
    pub fn commands_done(&self) -> usize {
        self.cursor().commands
    }

    /// How many commands of the branch are those of the branch that it left.
    pub fn commands_inherited(&self) -> usize {
        self.branch().inherited
    }

    /// Tells what happened on the branch after an event, or all, the oldest first. What is forgotten
    /// is told again by replay.
    pub fn tell_after(&self, event: Option<EventId>, mut hear: impl FnMut(&Record)) {
        let branch = self.branch();
        if branch.journal.covers(event.unwrap_or(EventId::new(0))) {
            branch.journal.after(event).for_each(hear);
            return;
        }
        branch.retell(event, |told| told.iter().for_each(&mut hear));
    }

    /// The world of the branch when an event had happened, and nothing after it.
    pub fn world_after(&self, event: EventId) -> World {
        self.branch().world_after(event)
    }

    /// The last event that had happened when the branch left the one that it comes from, or at its
    /// beginning.
    pub fn event_at_birth(&self) -> EventId {
        self.branch().born
    }

    /// The last event of the branch.
    pub fn last_event(&self) -> EventId {
        self.branch().frontier.cursor.world.event()
    }
}
