//! What a message says, field by field, for a reader who opens it.

use super::build::{label, outcome};
use crate::ids::MessageId;
use crate::raft::{AppendOutcome, InstallOutcome, Message};
use crate::server::PeerMessage;
use crate::sim::{Body, Packet, World};
use crate::zookeeper::Command;
use crate::zookeeper::frame::{ToClient, ToServer};

/// The fields of a message on its way, by name.
pub fn details_of_message(world: &World, id: MessageId) -> Option<Vec<(&'static str, String)>> {
    let message = world.network().message(id)?;
    let mut fields = vec![
        ("from", message.from.to_string()),
        ("to", message.to.to_string()),
        ("sent", message.sent.to_string()),
    ];
    let left = message.arrives.since(world.now());
    fields.push(if message.held {
        ("arrives", "held back".into())
    } else {
        ("arrives", format!("in {left}"))
    });
    fields.extend(match &message.body {
        Body::Peer(PeerMessage::Raft(message)) => raft_fields(message),
        Body::Peer(PeerMessage::Forward(forward)) => forward
            .commands
            .iter()
            .map(|command| ("command", command.to_string()))
            .collect(),
        Body::Peer(PeerMessage::Touch(sessions)) => sessions
            .iter()
            .map(|session| ("session", session.to_string()))
            .collect(),
        Body::ToServer(_, frame) => to_server_fields(frame),
        Body::ToClient(_, frame) => to_client_fields(frame),
        Body::Peer(PeerMessage::Zab(message))
        | Body::Wire(_, Packet::Frame(PeerMessage::Zab(message))) => super::zab::fields(message),
        Body::Closed(_) | Body::Wire(..) => Vec::new(),
    });
    Some(fields)
}

fn raft_fields(message: &Message<Command>) -> Vec<(&'static str, String)> {
    let mut fields = vec![("term", message.term().to_string())];
    match message {
        Message::RequestVote {
            last_index,
            last_term,
            ..
        }
        | Message::PreVote {
            last_index,
            last_term,
            ..
        } => {
            fields.push(("last log index", last_index.to_string()));
            fields.push(("last log term", last_term.to_string()));
        }
        Message::RequestVoteReply { granted, .. } => {
            fields.push(("vote granted", granted.to_string()));
        }
        Message::PreVoteReply { granted, .. } => {
            fields.push(("would vote", granted.to_string()));
        }
        Message::TimeoutNow { .. } => {}
        Message::ReadIndex { number, .. } => {
            fields.push(("question", format!("{number:x}")));
        }
        Message::ReadIndexReply { number, index, .. } => {
            fields.push(("question", format!("{number:x}")));
            fields.push(("read index", index.to_string()));
        }
        Message::AppendEntries {
            prev_index,
            prev_term,
            entries,
            commit,
            round,
            ..
        } => {
            fields.push(("previous index", prev_index.to_string()));
            fields.push(("previous term", prev_term.to_string()));
            fields.push(("leader's commit", commit.to_string()));
            fields.push(("round", round.to_string()));
            fields.extend(entries.iter().map(|entry| {
                (
                    "entry",
                    format!("{} ({}) {}", entry.index, entry.term, label(&entry.content)),
                )
            }));
        }
        Message::AppendEntriesReply { outcome, .. } => fields.extend(outcome_fields(outcome)),
        Message::InstallSnapshot {
            snapshot,
            offset,
            length,
            ..
        } => {
            fields.push(("last included index", snapshot.last.index.to_string()));
            fields.push(("last included term", snapshot.last.term.to_string()));
            fields.push(("configuration", snapshot.configuration.to_string()));
            fields.push(("offset", offset.to_string()));
            fields.push(("bytes", format!("{length} of {}", snapshot.size)));
            let done = offset + length >= snapshot.size;
            fields.push(("done", done.to_string()));
        }
        Message::InstallSnapshotReply {
            last_index,
            outcome,
            ..
        } => {
            fields.push(("last included index", last_index.to_string()));
            fields.push(match outcome {
                InstallOutcome::Stored { bytes } => ("bytes stored", bytes.to_string()),
                InstallOutcome::Installed { match_index } => {
                    ("match index", match_index.to_string())
                }
                InstallOutcome::StaleTerm => ("success", "false".into()),
            });
        }
    }
    fields
}

fn outcome_fields(outcome: &AppendOutcome) -> Vec<(&'static str, String)> {
    match outcome {
        AppendOutcome::Accepted { match_index } => vec![
            ("success", "true".into()),
            ("match index", match_index.to_string()),
        ],
        AppendOutcome::Rejected {
            hint_index,
            hint_term,
            ..
        } => vec![
            ("success", "false".into()),
            ("hint", format!("index {hint_index} of term {hint_term}")),
        ],
        AppendOutcome::StaleTerm => vec![("success", "false".into())],
    }
}

fn to_server_fields(frame: &ToServer) -> Vec<(&'static str, String)> {
    match frame {
        ToServer::Connect {
            session,
            timeout,
            last_zxid,
            read_only,
        } => vec![
            (
                "session",
                session.map_or_else(|| "new".into(), |s| s.session.to_string()),
            ),
            ("timeout", timeout.to_string()),
            ("last zxid seen", last_zxid.to_string()),
            ("read only", read_only.to_string()),
        ],
        ToServer::Request { xid, request } => {
            vec![("xid", xid.to_string()), ("request", request.to_string())]
        }
        ToServer::Close { xid } => vec![("xid", xid.to_string())],
        ToServer::Ping => Vec::new(),
    }
}

fn to_client_fields(frame: &ToClient) -> Vec<(&'static str, String)> {
    match frame {
        ToClient::Connected {
            session,
            timeout,
            read_only,
        } => {
            vec![
                ("session", session.session.to_string()),
                ("timeout", timeout.to_string()),
                ("read only", read_only.to_string()),
            ]
        }
        ToClient::Event { event, .. } => vec![("event", event.to_string())],
        ToClient::Reply { xid, zxid, reply } => vec![
            ("xid", xid.to_string()),
            ("zxid", zxid.to_string()),
            ("reply", outcome(reply)),
        ],
        ToClient::Expired | ToClient::Pong => Vec::new(),
    }
}
