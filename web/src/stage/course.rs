//! How far a server has come that runs Zab, in the words beside it.

use std::borrow::Cow;

use quorumscope_core::ids::ServerId;
use quorumscope_core::view::{ServerView, View};
use quorumscope_core::zab::{Phase, SyncMode};

use crate::zab_facts;

/// How far a server has come that runs Zab.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Course {
    pub(super) phase: Option<Phase>,
    /// While it looks for a leader: who it votes for.
    vote: Option<ServerId>,
    /// While it is brought up to date: how.
    transfer: Option<SyncMode>,
}

impl Course {
    /// How far `server` has come; nothing under Raft.
    pub(super) fn of(view: &View, server: &ServerView) -> Option<Self> {
        let zab = server.zab.as_ref()?;
        let looks = zab.phase == Some(Phase::Election);
        let synchronises = zab.phase == Some(Phase::Synchronisation);
        Some(Self {
            phase: zab.phase,
            vote: zab.vote.map(|vote| vote.leader).filter(|_| looks),
            transfer: zab_facts::transfer(view.servers.iter(), server.id).filter(|_| synchronises),
        })
    }

    /// Its phase in the fewest words.
    pub(super) fn says(self) -> Cow<'static, str> {
        match (self.phase, self.vote, self.transfer) {
            (None, ..) => "crashed".into(),
            (Some(Phase::Election), Some(leader), _) => format!("looking → {leader}").into(),
            (Some(Phase::Synchronisation), _, Some(mode)) => {
                format!("sync · {}", zab_facts::mode(mode)).into()
            }
            (Some(Phase::Synchronisation), ..) => "sync".into(),
            (Some(phase), ..) => zab_facts::phase(phase).into(),
        }
    }

    /// The same where there is hardly room: an arrow says that it votes, and a packet that it is sent
    /// what it lacks.
    pub(super) fn says_briefly(self) -> Cow<'static, str> {
        match (self.phase, self.vote, self.transfer) {
            (Some(Phase::Election), Some(leader), _) => format!("→ {leader}").into(),
            (Some(Phase::Synchronisation), _, Some(mode)) => zab_facts::mode(mode).into(),
            _ => self.says(),
        }
    }

    /// The same for who cannot see it.
    pub(super) fn names(self) -> impl Iterator<Item = String> {
        let phase = self.phase.filter(|phase| *phase != Phase::Election);
        let phase = phase.map(|phase| format!("phase {}", zab_facts::phase(phase)));
        let vote = self.vote.map(|leader| format!("votes for {leader}"));
        let by = |mode| format!("brought up to date by {}", zab_facts::mode(mode));
        let parts = [phase, vote, self.transfer.map(by)];
        parts.into_iter().flatten()
    }
}
