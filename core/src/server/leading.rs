//! What a server keeps only while it leads: whose sessions are alive, and what it has proposed.

use std::collections::BTreeMap;

use super::{ByProtocol, Fact, Output, Server, ServerFact, Settings};
use crate::ids::ServerId;
use crate::time::{Duration, Time};
use crate::zookeeper::{
    Command, Identities, Pending, Service, Session, SessionId, SessionTracker, Update, Xid,
};

/// A leader's volatile duties.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Leading {
    tracker: SessionTracker,
    /// When it looks again for znodes that nothing keeps.
    next_sweep: Time,
    under_way: ByProtocol<Proposed, Pending>,
}

/// Per origin: its boot and the first number not proposed yet in this term of office.
type Proposed = BTreeMap<ServerId, (Time, u64)>;

impl Leading {
    /// A new leader gives every session its full timeout again: it cannot know what its
    /// predecessor had heard (ZooKeeper, Sessions).
    pub(super) fn new(now: Time, service: &Service, settings: Settings) -> Self {
        let under_way = match settings.replica {
            ByProtocol::Raft(_) => ByProtocol::Raft(Proposed::new()),
            ByProtocol::Zab(_) => ByProtocol::Zab(Pending::with_owners()),
        };
        let mut tracker = SessionTracker::new(settings.tick);
        for session in service.sessions() {
            tracker.touch(session.id(), now, session.timeout());
        }
        Self {
            tracker,
            next_sweep: now + settings.sweep,
            under_way,
        }
    }

    /// Whether a forwarded command was not proposed yet.
    pub(super) fn is_news(&mut self, origin: ServerId, boot: Time, number: u64) -> bool {
        let ByProtocol::Raft(proposed) = &mut self.under_way else {
            return false;
        };
        let (known_boot, next) = proposed.entry(origin).or_insert((boot, 0));
        if boot > *known_boot {
            (*known_boot, *next) = (boot, 0);
        }
        boot == *known_boot && number >= *next
    }

    /// The replica has taken a command of this origin.
    pub(super) fn note_proposed(&mut self, origin: ServerId, number: u64) {
        if let ByProtocol::Raft(proposed) = &mut self.under_way
            && let Some((_, next)) = proposed.get_mut(&origin)
        {
            *next = number + 1;
        }
    }

    /// Under Zab: what is proposed and not applied yet.
    pub(super) const fn pending_mut(&mut self) -> Option<&mut Pending> {
        match &mut self.under_way {
            ByProtocol::Raft(_) => None,
            ByProtocol::Zab(pending) => Some(pending),
        }
    }

    /// At which server a session's client is.
    pub(super) fn owner(&self, service: &Service, session: SessionId) -> Option<ServerId> {
        match &self.under_way {
            ByProtocol::Raft(_) => service.session(session).map(Session::owner),
            ByProtocol::Zab(pending) => pending.owner(session),
        }
    }

    /// Under Zab: a session's client has come to `server`. If the session is alive, it is there from
    /// now on, with its full timeout.
    pub(super) fn revalidate(
        &mut self,
        now: Time,
        service: &Service,
        (session, timeout): (SessionId, Duration),
        server: ServerId,
    ) -> bool {
        let ByProtocol::Zab(pending) = &mut self.under_way else {
            return false;
        };
        let is_alive =
            service.will_be_open(pending, session) && self.tracker.touch(session, now, timeout);
        if is_alive {
            pending.move_session(session, server);
        }
        is_alive
    }

    /// When a session expires if nothing more is heard of its client.
    pub(super) fn deadline(&self, session: SessionId) -> Option<Time> {
        self.tracker.deadline(session)
    }

    pub(super) fn watches_sessions(&self) -> bool {
        self.tracker.next_due().is_some()
    }
}

impl Server {
    /// These sessions' clients are alive, as the leader is to know.
    #[inline(never)] // Apart: it is needed later, and fetched then.
    pub(super) fn touch_all(&mut self, now: Time, sessions: &[SessionId]) {
        for id in sessions {
            if let Some(timeout) = self.protocol.session_timeout(*id) {
                self.touch(now, *id, timeout);
            }
        }
    }

    /// This session's client is alive: from now on it may be silent for its `timeout`.
    pub(super) fn touch(&mut self, now: Time, session: SessionId, timeout: Duration) {
        if let ByProtocol::Zab(side) = &mut self.protocol {
            side.touch(session, timeout);
        }
        if let Some(leading) = &mut self.leading
            && self.protocol.service().session(session).is_some()
        {
            leading.tracker.touch(session, now, timeout);
        }
    }

    /// As leader: a session that was opened or closed joins or leaves the watch.
    pub(super) fn track_session(&mut self, now: Time, id: SessionId) {
        let Some(leading) = &mut self.leading else {
            return;
        };
        match self.protocol.service().session(id) {
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
        // Nothing can be proposed meanwhile; whoever leads then watches the sessions anew.
        if self.protocol.hands_over() {
            return;
        }
        for session in leading.tracker.due(now) {
            let update = Update::CloseSession { expired: true };
            let command = own_command(self.protocol.id(), now, session, update);
            if self.protocol.propose_own(now, command) {
                out.push(Output::Fact(Fact::Server(ServerFact::SessionSilent {
                    session,
                })));
            } else if let Some(open) = self.protocol.service().session(session) {
                leading.tracker.remove(session);
                leading.tracker.touch(session, now, open.timeout());
            }
        }
    }

    /// As leader: proposes to delete the containers and the znodes with a life of their own that
    /// nothing keeps any more. Whether that is so is decided again where the log has it.
    pub(super) fn sweep(&mut self, now: Time, out: &mut Vec<Output>) {
        let interval = self.settings.sweep;
        let Some(leading) = self.leading.as_mut().filter(|it| it.next_sweep <= now) else {
            return;
        };
        leading.next_sweep = now + interval;
        let due: Vec<_> = self
            .protocol
            .service()
            .tree()
            .sweepable(now)
            .cloned()
            .collect();
        for path in due {
            let update = Update::Sweep { path: path.clone() };
            let command = own_command(self.protocol.id(), now, SessionId::new(0), update);
            if self.protocol.propose_own(now, command) {
                out.push(Output::Fact(Fact::Server(ServerFact::Sweeps { path })));
            }
        }
    }
}

/// What the leader proposes of its own accord.
fn own_command(leader: ServerId, now: Time, session: SessionId, update: Update) -> Command {
    Command {
        session,
        xid: Xid::ZERO,
        time: now,
        origin: leader,
        identities: Identities::default(),
        in_step: Vec::new(),
        update,
    }
}
