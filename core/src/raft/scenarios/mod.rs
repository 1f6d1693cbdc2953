//! What several replicas do together, and what one does with late, lost and doubled messages.

mod elections;
mod follower;
mod leader_disk;
mod replication;

use super::testing::{Bench, Letter, disk, entry, log_of_terms, s, terms_of};
use super::*;

/// A replica alone with its inputs: what it sends and writes is the test's to look at.
struct Solo {
    replica: Replica<u64>,
    out: Vec<Output<u64>>,
}

impl Solo {
    /// S1 of `servers`, with this disk.
    fn boot(servers: u16, disk: Durable<u64>, rules: Rules) -> Self {
        let members: Vec<_> = (1..=servers).map(s).collect();
        let mut out = Vec::new();
        let settings = Settings::default();
        let now = Time::ZERO;
        let bits = Bits(1 << 63);
        let replica = Replica::boot(
            s(1),
            Configuration::new(members, []),
            settings,
            rules,
            disk,
            now,
            bits,
            &mut out,
        );
        out.clear();
        Self { replica, out }
    }

    fn input(&mut self, input: Input<u64>) -> &[Output<u64>] {
        self.out.clear();
        self.replica
            .step(Time::from_millis(1), Bits(1 << 62), input, &mut self.out);
        &self.out
    }

    fn receive(&mut self, from: ServerId, message: Message<u64>) -> &[Output<u64>] {
        self.input(Input::Message { from, message })
    }

    fn sent(&self) -> Vec<Message<u64>> {
        let send = |output: &Output<u64>| match output {
            Output::Send { message, .. } => Some(message.clone()),
            _ => None,
        };
        self.out.iter().filter_map(send).collect()
    }

    fn writes(&self) -> Vec<(Token, Write<u64>)> {
        let persist = |output: &Output<u64>| match output {
            Output::Persist { token, write } => Some((*token, write.clone())),
            _ => None,
        };
        self.out.iter().filter_map(persist).collect()
    }

    /// The disk confirms everything.
    fn store_all(&mut self) {
        self.input(Input::Stored(Token::new(u64::MAX)));
    }

    /// The disk confirms everything, if the answer waits for that.
    fn store_all_if_held(&mut self) {
        if self.sent().is_empty() {
            self.store_all();
        }
    }
}

/// An `AppendEntries` with entries of these terms; each says its index plus `salt`.
fn append(term: u64, prev: (u64, u64), terms: &[u64], commit: u64) -> Message<u64> {
    let (prev_index, prev_term) = prev;
    let entries = (prev_index + 1..).zip(terms);
    Message::AppendEntries {
        term: Term::new(term),
        prev_index: Index::new(prev_index),
        prev_term: Term::new(prev_term),
        entries: entries.map(|(i, t)| entry(*t, i, i)).collect(),
        commit: Index::new(commit),
        round: 1,
    }
}

fn accepted(message: &Message<u64>) -> Option<u64> {
    match message {
        Message::AppendEntriesReply {
            outcome: AppendOutcome::Accepted { match_index },
            ..
        } => Some(match_index.number()),
        _ => None,
    }
}

fn request_vote(term: u64, last: (u64, u64)) -> Message<u64> {
    Message::RequestVote {
        term: Term::new(term),
        last_index: Index::new(last.0),
        last_term: Term::new(last.1),
        priority: 0,
        transfer: false,
    }
}

fn off(name: &str) -> Rules {
    let mut rules = Rules::default();
    rules.switch(name, false).unwrap();
    rules
}

#[test]
fn a_written_log_is_what_its_writes_say() {
    let mut disk = disk(1, &[1, 1, 1]);
    disk.apply(&Write::Truncate {
        from: Index::new(3),
    });
    disk.apply(&Write::Append {
        entries: vec![entry(2, 3, 3)],
    });
    assert_eq!(disk.log, log_of_terms(&[1, 1, 2]));
}
