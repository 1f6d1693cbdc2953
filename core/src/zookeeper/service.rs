//! The replicated state of the service and the two steps that change it.

use super::digested::DigestedMap;
use super::reconfig::CONFIGURED;
use super::tree::Birth;
use super::{
    Change, Command, DataTree, Ensemble, ErrorCode, Pending, Reply, Request, Response, Rules,
    Session, SessionId, Stat, Txn, TxnHeader, Update, Wish, Zxid, path,
};
use crate::time::{Duration, Time};

/// Bytes that a znode takes besides its path and data: its stat.
const ZNODE_HEADER: usize = 68;

/// Bytes that a session takes: id, timeout, password, the number of its last write.
const SESSION_RECORD: usize = 8 + 8 + 16 + 4;

/// Everything that the servers of an ensemble agree on. An ephemeral's owner is always an open
/// session; a server opens its sessions in the order of their ids, so that one at or below its
/// last has been opened before, open or not; `last_zxid` is the newest transaction applied, failed ones included.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Service {
    tree: DataTree,
    sessions: DigestedMap<SessionId, Session>,
    /// The last session that each server opened, under the number that its sessions share.
    opened: DigestedMap<u8, SessionId>,
    last_zxid: Zxid,
    ensemble: Ensemble,
    rules: Rules,
}

impl Default for Service {
    fn default() -> Self {
        Self::new()
    }
}

impl Service {
    /// The state of a server by itself: no session, and the znodes that are always there.
    pub fn new() -> Self {
        Self::of(Ensemble::default(), Rules::default())
    }

    /// The state that an ensemble begins with, under rules that may be switched off. Who belongs to
    /// it is written down where there are several (ZooKeeper, `initConfigInZKDatabase`).
    pub fn of(ensemble: Ensemble, rules: Rules) -> Self {
        let mut tree = DataTree::new();
        if ensemble.is_of_several() {
            let text = ensemble.members().text(Zxid::ZERO);
            let beginning = (Zxid::ZERO, Time::ZERO);
            tree.set_data(path::CONFIG, Some(&text), CONFIGURED, beginning);
        }
        Self {
            tree,
            sessions: DigestedMap::new(),
            opened: DigestedMap::new(),
            last_zxid: Zxid::ZERO,
            ensemble,
            rules,
        }
    }

    /// Who belongs to the ensemble.
    pub const fn ensemble(&self) -> &Ensemble {
        &self.ensemble
    }

    /// The rules it follows.
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The znodes.
    pub fn tree(&self) -> &DataTree {
        &self.tree
    }

    /// The session, if it is open.
    pub fn session(&self, id: SessionId) -> Option<&Session> {
        self.sessions.get(&id)
    }

    /// The open sessions, in the order of their ids.
    pub fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.sessions.iter().map(|(_, session)| session)
    }

    /// The newest transaction that was applied.
    pub fn last_zxid(&self) -> Zxid {
        self.last_zxid
    }

    /// The last session that was opened by the server that `session` is of.
    pub fn last_opened_like(&self, session: SessionId) -> Option<SessionId> {
        self.opened.get(&session.server_number()).copied()
    }

    /// Whether a session was opened before, though it may be closed by now.
    pub(super) fn was_opened(&self, session: SessionId) -> bool {
        self.last_opened_like(session)
            .is_some_and(|last| session <= last)
    }

    /// Bytes that the whole state takes, on a disk or in messages.
    pub fn size(&self) -> u64 {
        let znodes = self.tree.iter().map(|(path, node)| {
            let data = node.data().map_or(0, super::Data::len);
            (path.len() + data + ZNODE_HEADER) as u64
        });
        let sessions = self.sessions.len() + self.opened.len();
        znodes.sum::<u64>() + (sessions * SESSION_RECORD + 8) as u64
    }

    /// Turns a command into a transaction against the state as it will be once `pending` has been
    /// applied. The outcome, be it an error, is frozen in the transaction; the caller gives it its
    /// zxid either way and [adds](Pending::add) it to what is pending.
    pub fn prepare(&self, pending: &Pending, command: &Command) -> Txn {
        pending.ahead_of(self).prepare(command)
    }

    /// Whether a session will be open once `pending` has been applied.
    pub fn will_be_open(&self, pending: &Pending, session: SessionId) -> bool {
        pending.ahead_of(self).session(session).is_some()
    }

    /// Installs a transaction, appends to `changes` what it did to the tree, and answers the one
    /// who asked for it. To install again what the state already holds changes nothing.
    pub fn apply(&mut self, header: &TxnHeader, txn: &Txn, changes: &mut Vec<Change>) -> Reply {
        let reply = self.install(header, txn, changes);
        self.last_zxid = self.last_zxid.max(header.zxid);
        reply
    }

    /// Carries out a command that was replicated as such: prepares and applies it in one go. A
    /// write that was carried out before, and is met again because somebody asked twice, changes
    /// nothing and gets the same reply (dissertation §6.3).
    ///
    /// No reply yet to a change of the ensemble: it comes when the ensemble is
    /// [as it was asked for](Self::configured).
    pub fn execute(
        &mut self,
        command: &Command,
        zxid: Zxid,
        changes: &mut Vec<Change>,
    ) -> Option<Reply> {
        let remembered = self.remembered(command);
        if remembered.is_some() || self.ensemble.awaits(command) {
            self.last_zxid = self.last_zxid.max(zxid);
            return remembered;
        }
        self.carry_out(command, zxid, changes)
    }

    /// The same, without asking whether it was carried out before.
    pub fn carry_out(
        &mut self,
        command: &Command,
        zxid: Zxid,
        changes: &mut Vec<Change>,
    ) -> Option<Reply> {
        self.ensemble.hear(command.time);
        let txn = match &command.update {
            Update::Write(Request::Reconfig(change)) => {
                match self.decide_ensemble(command, change) {
                    Ok(members) if members != *self.ensemble.members() => {
                        self.ensemble.undertake(Wish {
                            session: command.session,
                            xid: command.xid,
                            members,
                        });
                        self.last_zxid = self.last_zxid.max(zxid);
                        return None;
                    }
                    Ok(members) => Txn::Configure { members },
                    Err(code) => Txn::Error(code),
                }
            }
            _ => self.prepare(&Pending::default(), command),
        };
        let header = TxnHeader {
            session: command.session,
            xid: command.xid,
            zxid,
            time: command.time,
        };
        let reply = self.apply(&header, &txn, changes);
        // A write that came by way of a server that the client had left was never this session's.
        if let Update::Write(_) = command.update
            && reply != Err(ErrorCode::SessionMoved)
        {
            self.sessions.update(&command.session, |session| {
                session.remember(command.xid, &reply);
            });
        }
        Some(reply)
    }

    /// The reply to a write that this state has already seen, if it has.
    pub fn remembered(&self, command: &Command) -> Option<Reply> {
        match command.update {
            Update::Write(_) => self.session(command.session)?.remembered(command.xid),
            Update::CreateSession { .. }
            | Update::AttachSession { .. }
            | Update::CloseSession { .. }
            | Update::Sweep { .. } => None,
        }
    }

    fn install(&mut self, header: &TxnHeader, txn: &Txn, changes: &mut Vec<Change>) -> Reply {
        match txn {
            Txn::Multi(txns) => {
                // Every part is installed, whatever a replay makes of the answers.
                let replies: Vec<Reply> = txns
                    .iter()
                    .map(|txn| self.install(header, txn, changes))
                    .collect();
                let responses = replies.into_iter().collect::<Result<_, _>>()?;
                Ok(Response::Multi(responses))
            }
            Txn::MultiFailed(failure) => Ok(Response::MultiFailed(*failure)),
            Txn::CreateSession { .. } | Txn::AttachSession { .. } | Txn::CloseSession { .. } => {
                self.install_session(header, txn, changes)
            }
            Txn::Check { .. } => Ok(Response::Checked),
            Txn::Sync { path } => Ok(Response::Synced { path: path.clone() }),
            Txn::Configure { members } => self.install_members(header, members, changes),
            Txn::Error(code) => Err(*code),
            Txn::Create { .. } | Txn::Delete { .. } | Txn::SetData { .. } | Txn::SetAcl { .. } => {
                self.install_node(header, txn, changes)
            }
        }
    }

    fn install_node(&mut self, header: &TxnHeader, txn: &Txn, changes: &mut Vec<Change>) -> Reply {
        let moment = (header.zxid, header.time);
        match txn {
            Txn::Create {
                path,
                data,
                acl,
                owner,
                parent_creates,
                answers_stat,
            } => {
                let birth = Birth {
                    data: data.as_ref(),
                    acl,
                    owner: *owner,
                    parent_creates: *parent_creates,
                };
                let is_new = self.tree.create(path, birth, moment);
                if is_new.ok_or(ErrorCode::NoNode)? {
                    changes.push(Change::Created { path: path.clone() });
                }
                Ok(Response::Created {
                    path: path.clone(),
                    stat: match answers_stat {
                        true => Some(self.stat(path)?),
                        false => None,
                    },
                })
            }
            Txn::Delete { path } => {
                if self.tree.delete(path, header.zxid) {
                    changes.push(Change::Deleted { path: path.clone() });
                }
                Ok(Response::Deleted)
            }
            Txn::SetData {
                path,
                data,
                version,
            } => {
                if self.tree.set_data(path, data.as_ref(), *version, moment) {
                    changes.push(Change::DataChanged { path: path.clone() });
                }
                Ok(Response::Stat(self.stat(path)?))
            }
            Txn::SetAcl { path, acl, version } => {
                self.tree.set_acl(path, acl, *version, header.zxid);
                Ok(Response::Stat(self.stat(path)?))
            }
            _ => Err(ErrorCode::SystemError),
        }
    }

    fn install_session(
        &mut self,
        header: &TxnHeader,
        txn: &Txn,
        changes: &mut Vec<Change>,
    ) -> Reply {
        match txn {
            Txn::CreateSession {
                timeout,
                password,
                owner,
            } => {
                let session = Session::new(header.session, *timeout, *password, *owner, header.xid);
                Ok(Response::SessionCreated {
                    timeout: self.open(session),
                })
            }
            Txn::AttachSession { timeout, owner } => {
                self.sessions.update(&header.session, |session| {
                    session.attach(*timeout, *owner);
                });
                Ok(Response::SessionCreated { timeout: *timeout })
            }
            Txn::CloseSession { ephemerals } => {
                for path in ephemerals {
                    if self.tree.delete(path, header.zxid) {
                        changes.push(Change::Deleted { path: path.clone() });
                    }
                }
                self.sessions.remove(&header.session);
                Ok(Response::SessionClosed)
            }
            _ => Err(ErrorCode::SystemError),
        }
    }

    /// Enters a session unless it is open already; answers the timeout that it has.
    fn open(&mut self, session: Session) -> Duration {
        if let Some(open) = self.session(session.id()) {
            return open.timeout();
        }
        let timeout = session.timeout();
        if !self.was_opened(session.id()) {
            let server = session.id().server_number();
            self.opened.insert(server, session.id());
        }
        self.sessions.insert(session.id(), session);
        timeout
    }

    fn stat(&self, path: &str) -> Result<Stat, ErrorCode> {
        let node = self.tree.get(path).ok_or(ErrorCode::NoNode)?;
        Ok(node.stat())
    }
}

/// The state that a recovering server starts from: the parts of a snapshot that was taken while
/// transactions went on.
#[cfg(test)]
pub(super) fn fuzzy(sessions: Service, tree: DataTree, last_zxid: Zxid) -> Service {
    Service {
        tree,
        last_zxid,
        ..sessions
    }
}

mod membership;
#[cfg(test)]
mod tests;
