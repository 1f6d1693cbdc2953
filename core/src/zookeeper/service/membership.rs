//! What the service does about the ensemble that it runs on.

use super::Service;
use crate::zookeeper::reconfig::CONFIGURED;
use crate::zookeeper::{
    Change, Command, ErrorCode, Members, Pending, Perms, Reconfig, Reply, Response, SessionId, Txn,
    TxnHeader, Xid, Zxid, path,
};

impl Service {
    /// The first check of a change of the ensemble that is the service's: the session is open, and
    /// its client connected with the server that asks.
    pub fn check_caller(&self, pending: &Pending, command: &Command) -> Result<(), ErrorCode> {
        let ahead = pending.ahead_of(self);
        ahead.check_session(command.session, command.origin)
    }

    /// The last one: the right to write `/zookeeper/config`, which is nobody's until a list grants
    /// it, but for the one who is above all lists.
    pub fn may_configure(&self, pending: &Pending, command: &Command) -> Result<(), ErrorCode> {
        let node = pending.ahead_of(self).node(path::CONFIG);
        let node = node.ok_or(ErrorCode::NoNode)?;
        node.acl.check(Perms::WRITE, &command.identities)
    }

    /// Whether the ensemble may become what a command that was replicated as such asks for.
    pub(super) fn decide_ensemble(
        &self,
        command: &Command,
        change: &Reconfig,
    ) -> Result<Members, ErrorCode> {
        let nothing = Pending::default();
        self.check_caller(&nothing, command)?;
        if !self.ensemble.is_open() {
            return Err(ErrorCode::ReconfigDisabled);
        }
        let has_quorum = |members: &Members| members.is_quorum(&command.in_step);
        let members = self.ensemble.standing().decide(change, has_quorum)?;
        self.may_configure(&nothing, command)?;
        Ok(members)
    }

    /// Under Raft: the log says who belongs to the ensemble from `zxid` on. If somebody waits for
    /// just that, the request and the answer to it.
    pub fn configured(
        &mut self,
        members: &Members,
        zxid: Zxid,
        changes: &mut Vec<Change>,
    ) -> Option<(SessionId, Xid, Reply)> {
        if self.ensemble.is_on_the_way(members) {
            self.last_zxid = self.last_zxid.max(zxid);
            return None;
        }
        let fulfilled = self.ensemble.wish().filter(|it| it.members == *members);
        let fulfilled = fulfilled.map(|it| (it.session, it.xid));
        let (session, xid) = fulfilled.unwrap_or((SessionId::new(0), Xid::ZERO));
        let header = TxnHeader {
            session,
            xid,
            zxid,
            time: self.ensemble.clock(),
        };
        let members = members.clone();
        let reply = self.apply(&header, &Txn::Configure { members }, changes);
        fulfilled?;
        self.sessions
            .update(&session, |session| session.remember(xid, &reply));
        Some((session, xid, reply))
    }

    /// Under Raft: the log is on its way from one ensemble to another from `zxid` on.
    pub fn entered_joint(&mut self, zxid: Zxid) {
        self.ensemble.enter_joint();
        self.last_zxid = self.last_zxid.max(zxid);
    }

    /// Who asked is answered what `/zookeeper/config` holds now.
    pub(super) fn install_members(
        &mut self,
        header: &TxnHeader,
        members: &Members,
        changes: &mut Vec<Change>,
    ) -> Reply {
        let moment = (header.zxid, header.time);
        self.ensemble.settle(members, header.zxid);
        let data = Some(members.text(header.zxid));
        let is_news = self
            .tree
            .set_data(path::CONFIG, data.as_ref(), CONFIGURED, moment);
        if is_news {
            let path = path::CONFIG.into();
            changes.push(Change::DataChanged { path });
        }
        let stat = self.stat(path::CONFIG)?;
        Ok(Response::Data { data, stat })
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture::{A, B, Rig, set};
    use super::*;
    use crate::ids::ServerId;
    use crate::zookeeper::{Ensemble, Identities, Request, Rules, Update};

    const SUPER: &str = "super:secret";

    fn servers(numbers: &[u16]) -> Vec<ServerId> {
        numbers.iter().copied().map(ServerId::new).collect()
    }

    fn voters(numbers: &[u16]) -> Members {
        Members::new(servers(numbers), [])
    }

    /// Servers 1 to 3, whom clients may change, and all of whom are in step.
    fn rig() -> Rig {
        let ensemble = Ensemble::founded(voters(&[1, 2, 3]), true);
        Rig::on(Service::of(ensemble, Rules::default()))
    }

    fn wish(rig: &mut Rig, session: SessionId, leaving: &[u16]) -> Command {
        let change = Reconfig {
            leaving: servers(leaving),
            ..Reconfig::default()
        };
        let mut identities = Identities::default();
        identities.prove("digest", SUPER, Some(SUPER)).unwrap();
        Command {
            identities,
            in_step: servers(&[1, 2, 3]),
            ..rig.command(session, Update::Write(Request::Reconfig(change.into())))
        }
    }

    fn execute(rig: &mut Rig, command: &Command) -> Option<Reply> {
        let zxid = Rig::zxid(command);
        rig.service.execute(command, zxid, &mut rig.changes)
    }

    #[test]
    fn a_wish_is_answered_once_the_ensemble_is_as_it_was_wished() {
        let mut rig = rig();
        let first = wish(&mut rig, A, &[3]);
        assert_eq!(execute(&mut rig, &first), None);
        assert_eq!(rig.service.last_zxid(), Rig::zxid(&first));
        // Whoever met it twice in the log waits, and who comes next is refused.
        assert_eq!(execute(&mut rig, &first), None);
        let second = wish(&mut rig, B, &[2]);
        let refused = Some(Err(ErrorCode::ReconfigInProgress));
        assert_eq!(execute(&mut rig, &second), refused);
        // An operator's change, or one half of the way, is not what was wished.
        let others = Members::new(servers(&[1, 2, 3]), servers(&[4]));
        let at = |counter| Zxid::new(1, counter);
        let answered = rig.service.configured(&others, at(20), &mut rig.changes);
        assert_eq!(answered, None);
        assert_eq!(rig.service.ensemble().members(), &others);
        rig.service.entered_joint(at(21));
        let answered = rig
            .service
            .configured(&voters(&[1, 2]), at(22), &mut rig.changes);
        let (session, xid, reply) = answered.unwrap();
        assert_eq!((session, xid), (A, first.xid));
        let Ok(Response::Data { data, stat }) = reply.clone() else {
            panic!("{reply:?}");
        };
        assert_eq!(data, Some(voters(&[1, 2]).text(at(22))));
        assert_eq!((stat.mzxid, stat.mtime), (at(22), second.time));
        // From now on it is a write like any other that was carried out.
        assert_eq!(execute(&mut rig, &first), Some(reply));
        let told = rig.changes.iter();
        assert_eq!(told.filter(|it| **it == config_changed()).count(), 2);
    }

    fn config_changed() -> Change {
        let path = path::CONFIG.into();
        Change::DataChanged { path }
    }

    #[test]
    fn nothing_is_wished_between_two_configurations() {
        let mut rig = rig();
        rig.service.entered_joint(Zxid::new(1, 9));
        let late = wish(&mut rig, A, &[3]);
        let refused = Some(Err(ErrorCode::ReconfigInProgress));
        assert_eq!(execute(&mut rig, &late), refused);
        rig.service
            .configured(&voters(&[1, 2, 3]), Zxid::new(1, 10), &mut rig.changes);
        let again = wish(&mut rig, A, &[3]);
        assert_eq!(execute(&mut rig, &again), None);
    }

    #[test]
    fn who_is_in_step_is_what_the_leader_found_and_who_asks_is_looked_at_last() {
        let mut rig = rig();
        let mut command = wish(&mut rig, A, &[3]);
        command.in_step = servers(&[3]);
        let no_quorum = Some(Err(ErrorCode::NewConfigNoQuorum));
        assert_eq!(execute(&mut rig, &command), no_quorum);
        let mut command = wish(&mut rig, A, &[3]);
        command.identities = Identities::default();
        let refused = Some(Err(ErrorCode::NoAuth));
        assert_eq!(execute(&mut rig, &command), refused);
    }

    #[test]
    fn members_that_stay_as_they_are_get_another_version_at_once() {
        let mut rig = rig();
        let command = wish(&mut rig, A, &[9]);
        let reply = execute(&mut rig, &command).unwrap();
        assert!(matches!(reply, Ok(Response::Data { .. })), "{reply:?}");
        assert_eq!(rig.service.ensemble().version(), Rig::zxid(&command));
        assert_eq!(rig.service.ensemble().wish(), None);
    }

    #[test]
    fn the_end_of_a_session_ends_no_wish_of_its_client() {
        let mut rig = rig();
        let command = wish(&mut rig, A, &[3]);
        assert_eq!(execute(&mut rig, &command), None);
        rig.close(A).unwrap();
        rig.run(B, set("/t", "x", -1)).unwrap();
        assert!(rig.service.ensemble().wish().is_some());
        let (members, zxid) = (voters(&[1, 2]), Zxid::new(1, 30));
        let answered = rig.service.configured(&members, zxid, &mut rig.changes);
        assert!(answered.is_some());
        assert_eq!(rig.service.ensemble().wish(), None);
    }
}
