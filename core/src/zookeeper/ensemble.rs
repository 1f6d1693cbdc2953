//! Who belongs to the ensemble, as the replicated state has it, and what comes of a client's wish
//! for another.
//!
//! Under Zab the change of the ensemble is the transaction that was asked for. Under Raft it is an
//! entry of the replica's own, perhaps the last of several: what a client asked for is a *wish*
//! until then, which every server knows, and which whoever leads sees to.

use super::reconfig::{Members, Reconfig};
use super::{Command, ErrorCode, SessionId, Xid, Zxid};
use crate::ids::ServerId;
use crate::quorum::is_majority;
use crate::time::Time;

/// The fewest voters that a client can leave: with one, the server would stand alone, which is
/// another program (`standaloneEnabled`).
const FEWEST_VOTERS: usize = 2;

/// Who belongs to the ensemble, since when, and who is to.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Ensemble {
    /// Whether clients may ask for another (`reconfigEnabled`).
    is_open: bool,
    members: Members,
    version: Zxid,
    /// Under Raft: the log is between two configurations.
    is_joint: bool,
    /// Under Raft: what was promised to a client and is not done yet.
    wish: Option<Wish>,
    /// Under Raft: the latest time that a command has brought; entries that are the replica's own
    /// bring none.
    clock: Time,
}

/// A change of the ensemble that a client was not refused.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Wish {
    /// The session that asked.
    pub session: SessionId,
    /// The number of its request.
    pub xid: Xid,
    /// Who is to belong to the ensemble.
    pub members: Members,
}

/// What a wish for another ensemble is judged by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Standing {
    /// Who belongs to the ensemble.
    pub members: Members,
    /// The transaction that made it so.
    pub version: Zxid,
    /// Whether another change is under way.
    pub is_changing: bool,
}

impl Standing {
    /// Who belongs to the ensemble after a change; or the first check that it fails: standing
    /// alone, a change under way, version, members, and whether a quorum of them is in step
    /// (`PrepRequestProcessor`, `reconfig`). Session and setting were looked at before; the right
    /// to change anything comes last of all.
    pub fn decide(
        &self,
        change: &Reconfig,
        has_quorum: impl FnOnce(&Members) -> bool,
    ) -> Result<Members, ErrorCode> {
        if self.members.voters().count() < FEWEST_VOTERS {
            return Err(ErrorCode::Unimplemented);
        }
        if self.is_changing {
            return Err(ErrorCode::ReconfigInProgress);
        }
        if change.from.is_some_and(|from| from != self.version) {
            return Err(ErrorCode::BadVersion);
        }
        let members = self.members.after(change);
        if members.voters().count() < FEWEST_VOTERS {
            return Err(ErrorCode::BadArguments);
        }
        if !has_quorum(&members) {
            return Err(ErrorCode::NewConfigNoQuorum);
        }
        Ok(members)
    }
}

impl Ensemble {
    /// The ensemble that begins with these members.
    pub fn founded(members: Members, is_open: bool) -> Self {
        Self {
            is_open,
            members,
            ..Self::default()
        }
    }

    /// Whether clients may ask for another.
    pub const fn is_open(&self) -> bool {
        self.is_open
    }

    /// Who belongs to it.
    pub const fn members(&self) -> &Members {
        &self.members
    }

    /// The transaction that made it so; zero for those that it began with.
    pub const fn version(&self) -> Zxid {
        self.version
    }

    /// Under Raft: the change that the leader has yet to bring about.
    pub const fn wish(&self) -> Option<&Wish> {
        self.wish.as_ref()
    }

    /// Whether several servers make it up; one by itself keeps no account of it.
    pub(super) fn is_of_several(&self) -> bool {
        self.members.voters().count() >= FEWEST_VOTERS
    }

    pub(super) fn standing(&self) -> Standing {
        Standing {
            members: self.members.clone(),
            version: self.version,
            is_changing: self.is_joint || self.wish.is_some(),
        }
    }

    pub(super) const fn clock(&self) -> Time {
        self.clock
    }

    pub(super) fn hear(&mut self, time: Time) {
        self.clock = self.clock.max(time);
    }

    /// Whether what `command` asks for was promised and is not done yet.
    pub(super) fn awaits(&self, command: &Command) -> bool {
        let asked = |wish: &Wish| (wish.session, wish.xid) == (command.session, command.xid);
        self.wish.as_ref().is_some_and(asked)
    }

    pub(super) fn undertake(&mut self, wish: Wish) {
        self.wish = Some(wish);
    }

    pub(super) fn enter_joint(&mut self) {
        self.is_joint = true;
    }

    /// Whether the log only makes room for what is wished: voters to be get the log as learners
    /// first (dissertation §4.2.1).
    pub(super) fn is_on_the_way(&self, members: &Members) -> bool {
        let Some(wish) = &self.wish else {
            return false;
        };
        let is_wished = |id: ServerId| wish.members.contains(id) || self.members.contains(id);
        wish.members != *members
            && members.voters().eq(self.members.voters())
            && members.observers().all(is_wished)
    }

    /// These belong to it from now on, which may fulfil the wish.
    pub(super) fn settle(&mut self, members: &Members, version: Zxid) {
        if version < self.version {
            return;
        }
        self.members = members.clone();
        self.version = version;
        self.is_joint = false;
        self.wish.take_if(|wish| wish.members == *members);
    }
}

impl Members {
    /// Whether a majority of the voters is among these servers.
    pub(super) fn is_quorum(&self, servers: &[ServerId]) -> bool {
        let there = self.voters().filter(|id| servers.contains(id)).count();
        is_majority(there, self.voters().count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn servers(numbers: &[u16]) -> Vec<ServerId> {
        numbers.iter().copied().map(ServerId::new).collect()
    }

    fn voters(numbers: &[u16]) -> Members {
        Members::new(servers(numbers), [])
    }

    fn to(members: &[u16]) -> Reconfig {
        Reconfig {
            members: servers(members),
            ..Reconfig::default()
        }
    }

    #[test]
    fn the_first_check_that_a_wish_fails_names_its_error() {
        use ErrorCode::{
            BadArguments, BadVersion, NewConfigNoQuorum, ReconfigInProgress, Unimplemented,
        };
        let version = Zxid::new(0, 7);
        let standing = |members: &[u16], is_changing| Standing {
            members: voters(members),
            version,
            is_changing,
        };
        let from = |from, members: &[u16]| Reconfig {
            from: Some(from),
            ..to(members)
        };
        let stale = Zxid::new(0, 6);
        let here = servers(&[1, 2]);
        for (standing, change, outcome) in [
            (standing(&[1], true), from(stale, &[9]), Err(Unimplemented)),
            (
                standing(&[1, 2, 3], true),
                from(stale, &[9]),
                Err(ReconfigInProgress),
            ),
            (
                standing(&[1, 2, 3], false),
                from(stale, &[9]),
                Err(BadVersion),
            ),
            (
                standing(&[1, 2, 3], false),
                from(version, &[9]),
                Err(BadArguments),
            ),
            (
                standing(&[1, 2, 3], false),
                from(version, &[8, 9]),
                Err(NewConfigNoQuorum),
            ),
            (
                standing(&[1, 2, 3], false),
                from(version, &[1, 2, 9]),
                Ok(voters(&[1, 2, 9])),
            ),
        ] {
            let decided = standing.decide(&change, |members| members.is_quorum(&here));
            assert_eq!(decided, outcome, "{change}");
        }
    }

    #[test]
    fn a_majority_of_those_who_vote_is_a_quorum() {
        let members = Members::new(servers(&[1, 2, 3, 4]), servers(&[5]));
        assert!(members.is_quorum(&servers(&[1, 2, 3])));
        assert!(!members.is_quorum(&servers(&[1, 2, 5])));
    }

    #[test]
    fn a_wish_is_fulfilled_by_its_own_members_alone() {
        let mut ensemble = Ensemble::founded(voters(&[1, 2, 3]), true);
        let wish = Wish {
            session: SessionId::new(1),
            xid: Xid::ZERO,
            members: voters(&[1, 2, 4]),
        };
        ensemble.undertake(wish.clone());
        ensemble.enter_joint();
        let with_newcomer = Members::new(servers(&[1, 2, 3]), servers(&[4]));
        assert!(ensemble.is_on_the_way(&with_newcomer));
        for other in [
            voters(&[1, 2, 4]),
            voters(&[1, 2]),
            Members::new(servers(&[1, 2, 3]), servers(&[5])),
        ] {
            assert!(!ensemble.is_on_the_way(&other));
        }
        ensemble.settle(&voters(&[1, 2]), Zxid::new(0, 8));
        assert_eq!(ensemble.wish(), Some(&wish));
        ensemble.settle(&voters(&[1, 2, 4]), Zxid::new(0, 9));
        assert_eq!(ensemble.wish(), None);
        assert!(!ensemble.standing().is_changing);
        assert_eq!(ensemble.version(), Zxid::new(0, 9));
    }
}
