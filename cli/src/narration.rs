//! What happened in a run, line by line, as the page narrates it.

use quorumscope_core::explain::Weight;
use quorumscope_core::history::Player;
use quorumscope_core::ids::EventId;
use quorumscope_core::time::Time;
use quorumscope_core::view::LineView;

/// Tells a run while it goes on. `told` is the last event that was told, `notes` how many sentences
/// of the script were.
#[derive(Debug, Default)]
pub struct Narration {
    told: Option<EventId>,
    notes: usize,
}

impl Narration {
    /// A narration that has told nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// What has happened since the last time, oldest first: every step of the protocol, but not its
    /// routine, and what the script says.
    pub fn go_on(&mut self, player: &Player) -> Vec<String> {
        let events = self.new_lines(player);
        let mut events = events.iter().rev().peekable();
        let mut told = Vec::new();
        for note in player.notes().skip(self.notes) {
            while let Some(line) = events.next_if(|line| line.time <= note.time) {
                told.push(sentence(line));
            }
            let text = format!("“{}”", note.text);
            told.push(told_at(note.time, &text));
        }
        told.extend(events.map(sentence));
        self.notes = player.notes().count();
        self.told = Some(player.world().event());
        told
    }

    /// The lines that were not told yet, newest first.
    fn new_lines(&self, player: &Player) -> Vec<LineView> {
        let is_new = |line: &LineView| self.told.is_none_or(|told| line.event > told);
        let mut limit = 64;
        loop {
            let mut lines = player.lines(limit);
            // Fewer than asked for: there are no older ones. An old one: there are no newer ones.
            if lines.len() < limit || !lines.last().is_none_or(is_new) {
                lines.retain(|line| is_new(line) && line.weight > Weight::Quiet);
                return lines;
            }
            limit *= 2;
        }
    }
}

fn sentence(line: &LineView) -> String {
    let because = line.why.as_ref().map(|why| format!(", because {why}"));
    let text = format!("{}{}", line.text, because.unwrap_or_default());
    told_at(line.time, &text)
}

fn told_at(time: Time, text: &str) -> String {
    format!("{:>12}  {text}", time.to_string())
}
