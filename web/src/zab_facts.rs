//! What the inspector says of a server that runs Zab, and the words for its phase.

use quorumscope_core::ids::ServerId;
use quorumscope_core::view::{LearnerView, ProposalView, ServerView, ZabView, ZabVoteView};
use quorumscope_core::zab::{Decider, Pair, Phase, ServerState, SyncMode};

use crate::facts::{Fact, fact, listed, millis, or_none};

/// A phase, as the literature calls it; of the election, what a server does in it.
pub const fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Election => "looking",
        Phase::Discovery => "discovery",
        Phase::Synchronisation => "synchronisation",
        Phase::Broadcast => "broadcast",
    }
}

/// How a learner is brought up to date, by the packet that begins it.
pub const fn mode(mode: SyncMode) -> &'static str {
    match mode {
        SyncMode::Diff => "DIFF",
        SyncMode::Trunc => "TRUNC",
        SyncMode::Snap => "SNAP",
    }
}

/// What comes first: what the server does, whom it wants to lead, and what it has promised and
/// holds.
pub fn of_server(server: &ServerView, zab: &ZabView) -> Vec<Fact> {
    let state = zab.state.map_or("crashed", state);
    let mut facts = vec![
        fact(
            "state",
            if server.paused {
                format!("{state}, paused")
            } else {
                state.to_owned()
            },
        ),
        fact("phase", zab.phase.map_or("none", phase)),
        fact("acceptedEpoch", zab.accepted_epoch),
        fact("currentEpoch", zab.current_epoch),
        fact("leader, as it believes", or_none(server.leader)),
        fact("votes for", or_none(zab.vote)),
        fact("round of elections", zab.round),
    ];
    facts.extend(election(zab));
    facts.extend([
        fact("last zxid of its state", Pair(zab.last_zxid)),
        fact("last zxid of its log", Pair(zab.logged)),
        fact("durable to zxid", Pair(zab.durable)),
        fact("committed to zxid", Pair(zab.committed)),
    ]);
    facts.extend(broadcast(server, zab));
    facts.push(fact(
        "waits for its leader",
        server
            .timer
            .map_or_else(|| "no".to_owned(), |timer| millis(timer.remaining)),
    ));
    facts
}

/// While it looks for a leader: the votes it has heard of, beside its own.
fn election(zab: &ZabView) -> Vec<Fact> {
    if zab.phase != Some(Phase::Election) {
        return Vec::new();
    }
    let waits = if zab.finalizing {
        "yes: it has a quorum, and a better vote may come"
    } else {
        "no"
    };
    let heard = zab.votes.iter();
    std::iter::once(fact("finalizeWait", waits))
        .chain(heard.map(|heard| fact(format!("vote of {}", heard.from), ballot(heard, zab))))
        .collect()
}

/// A vote, and how it compares with the server's own.
fn ballot(heard: &ZabVoteView, zab: &ZabView) -> String {
    let ballot = heard.ballot;
    let compared = if zab.vote.is_some_and(|own| ballot.vote > own) {
        "better than its own"
    } else {
        "worse than its own"
    };
    let compared = match heard.decider {
        Decider::Epoch => format!("{compared} by epoch"),
        Decider::Zxid => format!("{compared} by zxid"),
        Decider::Id => format!("{compared} by id"),
        Decider::Nothing => "the same as its own".to_owned(),
        Decider::NoVote => "it has none itself".to_owned(),
    };
    format!(
        "{}, round {}, {}: {compared}",
        ballot.vote,
        ballot.round,
        state(ballot.state)
    )
}

/// Of a leader, whose word it has until it broadcasts, what is proposed and not committed, and who
/// learns from it.
fn broadcast(server: &ServerView, zab: &ZabView) -> Vec<Fact> {
    let needed = server.configuration.voters.len() / 2 + 1;
    let proposal = |proposal: &ProposalView| {
        let acks = match proposal.acks.len() {
            0 => "nobody yet".to_owned(),
            count => format!("{} ({count} of {needed})", listed(&proposal.acks)),
        };
        fact(
            format!("proposal {}", Pair(proposal.zxid)),
            format!("acknowledged by {acks}"),
        )
    };
    let gathered = (!zab.gathered.is_empty()).then(|| {
        let name = match zab.phase {
            Some(Phase::Discovery) => "has the word of",
            _ => "its history is acknowledged by",
        };
        let count = zab.gathered.len();
        let who = listed(&zab.gathered);
        fact(name, format!("{who} ({count} of {needed})"))
    });
    let proposals = zab.outstanding.iter().map(proposal);
    let mut facts: Vec<_> = gathered.into_iter().chain(proposals).collect();
    if let (Some(first), Some(last)) = (zab.pending.first(), zab.pending.last()) {
        let range = if first == last {
            Pair(*first).to_string()
        } else {
            format!("{} to {}", Pair(*first), Pair(*last))
        };
        facts.push(fact("waits for its commit", range));
    }
    let learner = |learner: &LearnerView| {
        let told = learning(server, zab, *learner);
        fact(format!("learner {}", learner.server), told)
    };
    facts.extend(zab.learners.iter().map(learner));
    facts
}

/// How a learner stands with its leader.
fn learning(server: &ServerView, zab: &ZabView, learner: LearnerView) -> String {
    let by = learner
        .mode
        .map_or_else(String::new, |it| format!(" by {}", mode(it)));
    if !learner.up_to_date {
        return match learner.mode {
            Some(_) => format!("is brought up to date{by}"),
            None => "not synchronised yet".to_owned(),
        };
    }
    // An observer is told of commits only, and acknowledges nothing.
    let has_voice = server.configuration.voters.contains(&learner.server);
    let waits = |proposal: &&ProposalView| has_voice && !proposal.acks.contains(&learner.server);
    match zab.outstanding.iter().filter(waits).count() {
        0 => format!("up to date{by}"),
        owed => format!("up to date{by}, {owed} to acknowledge"),
    }
}

/// How a server is being brought up to date, as the leader that does it knows.
pub fn transfer<'a>(
    mut servers: impl Iterator<Item = &'a ServerView>,
    to: ServerId,
) -> Option<SyncMode> {
    servers.find_map(|server| {
        let mut learners = server.zab.as_ref()?.learners.iter();
        let is_it = |it: &&LearnerView| it.server == to && !it.up_to_date;
        learners.find(is_it)?.mode
    })
}

const fn state(state: ServerState) -> &'static str {
    match state {
        ServerState::Looking => "looking",
        ServerState::Following => "following",
        ServerState::Leading => "leading",
        ServerState::Observing => "observing",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intent::Target;
    use quorumscope_core::history::Player;
    use quorumscope_core::time::Time;
    use quorumscope_core::view::Scope;

    /// What is said of the first server of which `seen` comes to hold.
    fn facts_when(seen: impl Fn(&ZabView) -> bool) -> Vec<Fact> {
        let run = "quorumscope 1\nprotocol zab\nservers 5\n\nclient A\nclient A create /a\n";
        let mut player = Player::open(run).unwrap();
        while player.now() < Time::from_millis(10_000) {
            let view = player.view(&Scope::default());
            let mut servers = view.servers.iter();
            if let Some(found) = servers.find(|server| seen(server.zab.as_ref().unwrap())) {
                let target = Target::Server(found.id);
                return crate::facts::facts(&view, &target, &[], &Vec::new());
            }
            player.step();
        }
        panic!("it never comes");
    }

    fn value<'a>(facts: &'a [Fact], name: &str) -> Option<&'a str> {
        let fact = facts.iter().find(|fact| fact.name == name);
        fact.map(|fact| fact.value.as_str())
    }

    #[test]
    fn a_looking_server_says_what_it_has_heard_and_which_comparison_decides() {
        let facts = facts_when(|zab| zab.votes.iter().any(|it| it.decider == Decider::Id));
        assert_eq!(value(&facts, "phase"), Some("looking"));
        let decided = facts.iter().any(|fact| fact.value.ends_with(" by id"));
        assert!(decided, "{facts:?}");
        assert_eq!(value(&facts, "term"), None);
    }

    #[test]
    fn a_leader_to_be_says_who_acknowledges_its_history() {
        let facts =
            facts_when(|zab| zab.phase == Some(Phase::Synchronisation) && zab.gathered.len() == 1);
        let acknowledged = value(&facts, "its history is acknowledged by");
        assert_eq!(acknowledged, Some("S5 (1 of 3)"));
    }

    #[test]
    fn a_member_in_broadcast_has_accepted_the_epoch_that_is_current() {
        let facts =
            facts_when(|zab| zab.phase == Some(Phase::Broadcast) && zab.committed.counter() > 0);
        assert_eq!(value(&facts, "acceptedEpoch"), Some("1"));
        assert_eq!(value(&facts, "currentEpoch"), Some("1"));
        assert!(
            value(&facts, "committed to zxid")
                .unwrap()
                .starts_with("⟨1, ")
        );
    }
}
