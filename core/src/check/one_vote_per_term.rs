//! Votes and terms are promises that outlive crashes.

use super::{Clash, Glance, Invariant, Property};
use crate::explain::Rule;
use crate::ids::{Endpoint, ServerId};
use crate::raft::{Message, Term};
use crate::server::PeerMessage;
use crate::sim::Body;

/// What each server has given its word for, in the order of the servers.
#[derive(Clone, Debug, Default)]
pub(super) struct OneVotePerTerm {
    given: Vec<Word>,
}

/// The latest term that a server has spoken in, and the vote that it gave away in it. A vote that
/// never left, because a crash came first, binds nobody.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Word {
    term: Term,
    vote: Option<ServerId>,
}

impl Invariant for OneVotePerTerm {
    const PROPERTY: Property = Property {
        name: "one_vote_per_term",
        title: "One vote a term",
        rule: Rule {
            text: "a server votes for at most one candidate in a given term, and its term only rises, crashes included",
            source: "Raft §5.1, §5.2, Figure 2",
        },
    };

    fn check(&mut self, glance: &Glance<'_>) -> Result<(), Clash> {
        let position = glance.server.position();
        if self.given.len() <= position {
            self.given.resize(position + 1, Word::default());
        }
        let given = &mut self.given[position];
        if !glance.before.up && !glance.now.up {
            // An emptied disk is a fault that Raft does not promise to survive: whoever boots from
            // it is another server under an old name.
            *given = Word::default();
            return Ok(());
        }
        let has = Word {
            term: glance.now.term,
            vote: glance.now.vote,
        };
        if has == *given {
            return Ok(());
        }
        keeps(glance.server, *given, has)?;
        *given = given.after(glance, has);
        Ok(())
    }
}

fn keeps(server: ServerId, given: Word, has: Word) -> Result<(), Clash> {
    if has.term < given.term {
        return Err(Clash {
            what: format!(
                "{server} went back from term {} to term {}",
                given.term, has.term
            ),
            facts: [
                (server, format!("spoke in term {}", given.term)),
                (server, format!("is in term {}", has.term)),
            ],
        });
    }
    match (given.vote, has.vote) {
        (Some(first), Some(second)) if given.term == has.term && first != second => Err(Clash {
            what: format!(
                "{server} voted for {first} and for {second} in term {}",
                has.term
            ),
            facts: [first, second].map(|candidate| {
                (
                    server,
                    format!("voted for {candidate} in term {}", has.term),
                )
            }),
        }),
        _ => Ok(()),
    }
}

impl Word {
    /// What has been given away once those messages have left that are on their way now.
    fn after(mut self, glance: &Glance<'_>, has: Self) -> Self {
        let own_vote = has.vote == Some(glance.server);
        let mut speaks = glance.now.leads;
        let mut votes = glance.now.leads && own_vote;
        for message in glance.world.network().flying() {
            if message.from != Endpoint::Server(glance.server) {
                continue;
            }
            let Body::Peer(PeerMessage::Raft(message)) = &message.body else {
                continue;
            };
            // Whoever asks for a pre-vote, or promises one, names a term that it is not in yet.
            let hypothetical = matches!(
                message,
                Message::PreVote { .. } | Message::PreVoteReply { granted: true, .. }
            );
            if message.term() == has.term && !hypothetical {
                speaks = true;
                votes |= match message {
                    Message::RequestVote { .. } => own_vote,
                    Message::RequestVoteReply { granted, .. } => *granted,
                    _ => false,
                };
            }
        }
        if speaks && has.term > self.term {
            self = Self {
                term: has.term,
                vote: None,
            };
        }
        if votes && has.term == self.term && has.vote.is_some() {
            self.vote = has.vote;
        }
        self
    }
}
