//! What a server does when its Zab replica says something: a request becomes a transaction, and a
//! transaction becomes an answer.

use super::session::{Applied, Kind};
use super::zab_side::Told;
use super::{Asked, ByProtocol, Effect, Output, Server, ZabTxn};
use crate::ids::ServerId;
use crate::raft::Reconfiguration;
use crate::random::Bits;
use crate::time::Time;
use crate::zab::Configuration;
use crate::zookeeper::{Command, Members, SessionId, Txn, Xid, Zxid};

impl Server {
    #[inline(never)] // Apart: who runs Raft need not fetch it.
    pub(super) fn hear_zab(&mut self, now: Time, random: Bits, told: Told, out: &mut Vec<Output>) {
        match told {
            Told::Delivered { zxid, txn, effect } => {
                self.delivered(now, zxid, &txn, effect, out);
            }
            Told::Prepare { origin, asked } => self.prepare(now, random, origin, asked),
            Told::Touched(sessions) => {
                for (session, timeout) in sessions {
                    self.touch(now, session, timeout);
                }
            }
            Told::Revalidate {
                server,
                session,
                timeout,
            } => self.validate_session(now, server, (session, timeout), out),
            Told::Revalidated { session, is_alive } => {
                self.session_validated(session, is_alive, out);
            }
            Told::Synced(tag) => self.serve_reads(now, &[tag], out),
        }
    }

    /// As leader: decides what a request does, on top of everything that was proposed before it
    /// (`PrepRequestProcessor`). The outcome, be it an error, takes a zxid.
    fn prepare(&mut self, now: Time, random: Bits, origin: ServerId, asked: Asked) {
        let (ByProtocol::Zab(side), Some(leading)) = (&mut self.protocol, &mut self.leading) else {
            return;
        };
        let Some(pending) = leading.pending_mut() else {
            return;
        };
        let command = Command {
            time: now,
            ..asked.command
        };
        let service = side.service();
        let ensemble = side.decide_ensemble(pending, &command);
        let (txn, configuration) = match ensemble {
            None => (service.prepare(pending, &command), None),
            Some(Ok((members, new))) => (Txn::Configure { members }, Some(new)),
            Some(Err(code)) => (Txn::Error(code), None),
        };
        let txn = ZabTxn {
            session: command.session,
            xid: command.xid,
            time: now,
            origin,
            ticket: asked.ticket,
            txn,
        };
        if let Some(zxid) = side.propose(now, random, txn.clone(), configuration.as_ref()) {
            pending.add(side.service(), &txn.header(zxid), &txn.txn);
        }
    }

    /// A transaction is committed and applied: who asked for it here is answered.
    fn delivered(
        &mut self,
        now: Time,
        zxid: Zxid,
        txn: &ZabTxn,
        effect: Effect,
        out: &mut Vec<Output>,
    ) {
        if let Some(pending) = self.leading.as_mut().and_then(|it| it.pending_mut()) {
            pending.applied(zxid);
        }
        let is_own = txn.origin == self.protocol.id();
        let redeemed = txn.ticket.filter(|_| is_own);
        let redeemed = redeemed.and_then(|ticket| self.outbox.redeem(ticket));
        let (kind, connection) = match redeemed {
            Some((update, connection)) => (Kind::of(&update), connection),
            None => (kind_of(txn), None),
        };
        let applied = Applied {
            session: txn.session,
            xid: txn.xid,
            zxid,
            kind,
            reply: effect.reply,
            changes: effect.changes.to_vec(),
            is_own,
            connection,
        };
        self.publish(now, applied, out);
    }

    /// As leader: proposes another configuration. Whether it may was asked before.
    #[inline(never)] // Apart: who runs Raft need not fetch it.
    pub(super) fn reconfigure(&mut self, now: Time, random: Bits, change: &Reconfiguration) {
        let ByProtocol::Zab(side) = &mut self.protocol else {
            return;
        };
        let (voters, observers) = (change.voters.iter(), change.learners.iter());
        let members = Members::new(voters.copied(), observers.copied());
        let Ok(configuration) = Configuration::new(members.voters(), members.observers()) else {
            return;
        };
        let txn = ZabTxn {
            session: SessionId::new(0),
            xid: Xid::ZERO,
            time: now,
            origin: side.id(),
            ticket: None,
            txn: Txn::Configure { members },
        };
        if let Some(zxid) = side.propose(now, random, txn.clone(), Some(&configuration))
            && let Some(pending) = self.leading.as_mut().and_then(|it| it.pending_mut())
        {
            pending.add(side.service(), &txn.header(zxid), &txn.txn);
        }
    }
}

/// What a transaction that nobody here waits for does to its session. What the leader closes by
/// itself has expired.
fn kind_of(txn: &ZabTxn) -> Kind {
    match txn.txn {
        Txn::CreateSession { .. } | Txn::AttachSession { .. } => Kind::Opens,
        Txn::CloseSession { .. } => Kind::Closes {
            expired: txn.ticket.is_none(),
        },
        _ => Kind::Writes,
    }
}
