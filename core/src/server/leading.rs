//! What a server keeps only while it leads: whose sessions are alive, and what it has proposed.

use std::collections::BTreeMap;

use super::{Fact, Output, Server, ServerFact};
use crate::ids::ServerId;
use crate::time::{Duration, Time};
use crate::zookeeper::{Command, Service, SessionId, SessionTracker, Update, Xid};

/// A leader's volatile duties.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Leading {
    tracker: SessionTracker,
    /// Per origin: its boot and the first number not proposed yet in this term of office.
    proposed: BTreeMap<ServerId, (Time, u64)>,
}

impl Leading {
    /// A new leader gives every session its full timeout again: it cannot know what its
    /// predecessor had heard (ZooKeeper, Sessions).
    pub(super) fn new(now: Time, service: &Service, tick: Duration) -> Self {
        let mut tracker = SessionTracker::new(tick);
        for session in service.sessions() {
            tracker.touch(session.id(), now, session.timeout());
        }
        Self {
            tracker,
            proposed: BTreeMap::new(),
        }
    }

    /// Whether a forwarded command was not proposed yet.
    pub(super) fn is_news(&mut self, origin: ServerId, boot: Time, number: u64) -> bool {
        let (known_boot, next) = self.proposed.entry(origin).or_insert((boot, 0));
        if boot > *known_boot {
            (*known_boot, *next) = (boot, 0);
        }
        boot == *known_boot && number >= *next
    }

    /// A forwarded command that was news is proposed.
    pub(super) fn note_proposed(&mut self, origin: ServerId, number: u64) {
        if let Some((_, next)) = self.proposed.get_mut(&origin) {
            *next = number + 1;
        }
    }

    pub(super) fn watches_sessions(&self) -> bool {
        self.tracker.next_due().is_some()
    }
}

impl Server {
    /// As leader: these sessions' clients are alive.
    pub(super) fn touch_all(&mut self, now: Time, sessions: &[SessionId]) {
        let Some(leading) = &mut self.leading else {
            return;
        };
        for id in sessions {
            if let Some(session) = self.service.session(*id) {
                leading.tracker.touch(*id, now, session.timeout());
            }
        }
    }

    /// As leader: a session that was opened or closed joins or leaves the watch.
    pub(super) fn track_session(&mut self, now: Time, id: SessionId) {
        let Some(leading) = &mut self.leading else {
            return;
        };
        match self.service.session(id) {
            Some(session) => {
                leading.tracker.touch(id, now, session.timeout());
            }
            None => leading.tracker.remove(id),
        }
    }

    /// As leader: proposes the end of each session that was silent for its timeout. It ends for
    /// everyone when that is committed, at the same place in the log.
    pub(super) fn expire_silent_sessions(&mut self, now: Time, out: &mut Vec<Output>) {
        let Some(leading) = &mut self.leading else {
            return;
        };
        for session in leading.tracker.due(now) {
            let command = Command {
                session,
                xid: Xid::ZERO,
                time: now,
                update: Update::CloseSession { expired: true },
            };
            if self
                .replica
                .propose(now, command, &mut self.scratch.0)
                .is_ok()
            {
                out.push(Output::Fact(Fact::Server(ServerFact::SessionSilent {
                    session,
                })));
            } else if let Some(open) = self.service.session(session) {
                leading.tracker.remove(session);
                leading.tracker.touch(session, now, open.timeout());
            }
        }
    }
}
