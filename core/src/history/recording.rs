//! What was done to a cluster, and when: enough to make the whole run again.

use crate::digest::Digest;
use crate::script::{Command, Header, Script, Step};
use crate::time::Time;

/// Raised when a change makes recordings of an earlier release run differently.
pub const BEHAVIOUR: u32 = 3;

/// A command and its time: it runs after every event at or before it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Timed {
    /// When.
    pub at: Time,
    /// What; every server by its number.
    pub command: Command,
}

/// A cluster and what was done to it. The times do not decrease.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Recording {
    /// The cluster.
    pub header: Header,
    /// What was done, in order.
    pub commands: Vec<Timed>,
}

impl Recording {
    /// The recording as a script that ends at `end`, where the state has this digest.
    pub fn script(&self, end: Time, digest: Digest) -> Script {
        self.script_with(end, digest, |_, done| done)
    }

    /// The same, where each command, by its place, is written as `word` has it.
    pub(super) fn script_with<'a>(
        &'a self,
        end: Time,
        digest: Digest,
        word: impl Fn(usize, &'a Command) -> &'a Command,
    ) -> Script {
        let header = Header {
            behaviour: Some(BEHAVIOUR),
            ..self.header.clone()
        };
        let timed = |(place, Timed { at, command }): (usize, &'a Timed)| Step::Command {
            at: Some(*at),
            command: word(place, command).clone(),
        };
        let end = Step::End {
            at: end,
            digest: Some(digest),
        };
        Script::new(
            header,
            self.commands
                .iter()
                .enumerate()
                .map(timed)
                .chain([end])
                .collect(),
        )
    }
}
