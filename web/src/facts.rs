//! What the inspector says of a thing: its facts, and which of them the last event changed.

use quorumscope_core::time::Duration;
use quorumscope_core::view::{
    ClientView, LinkView, MessageView, OperationView, RecipeView, ServerView, SessionView,
    TransferView, View, ZnodeView,
};
use quorumscope_core::zab::Pair;

use crate::intent::Target;
use crate::members;
use crate::offers;
use crate::zab_facts;

/// A named value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fact {
    /// What it is.
    pub name: String,
    /// Its value, as text.
    pub value: String,
    /// Its value before the last event, when that was another.
    pub before: Option<String>,
}

/// Details of a message that only its payload knows.
pub type Details = Vec<(&'static str, String)>;

#[expect(
    clippy::needless_pass_by_value,
    reason = "most values are made for the call"
)]
pub(crate) fn fact(name: impl Into<String>, value: impl ToString) -> Fact {
    Fact {
        name: name.into(),
        value: value.to_string(),
        before: None,
    }
}

pub(crate) fn or_none<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "none".to_owned(), |value| value.to_string())
}

/// A span, rounded to a tenth of a millisecond so that its digits do not flicker.
pub fn millis(span: Duration) -> String {
    let tenths = span.as_micros().div_ceil(100);
    format!("{}.{} ms", tenths / 10, tenths % 10)
}

/// What is to be said of `target`; nothing when it is gone.
pub fn facts(view: &View, target: &Target, tree: &[ZnodeView], details: &Details) -> Vec<Fact> {
    match target {
        Target::Server(id) => offers::server(view, *id).map(of_server),
        Target::Client(id) => offers::client(view, *id).map(of_client),
        Target::Link(a, b) => offers::link(view, *a, *b).map(of_link),
        Target::Message(id) => {
            offers::message(view, *id).map(|message| of_message(view, message, details))
        }
        Target::Entry { server, index } => of_entry(view, *server, *index),
        Target::Znode { path, .. } => {
            let known = tree
                .iter()
                .chain(&view.znodes)
                .find(|znode| znode.path == *path);
            known.map(of_znode)
        }
    }
    .unwrap_or_default()
}

/// `now`, with the values that differ from `before` marked and moved to the front.
pub fn changed_first(mut now: Vec<Fact>, before: &[Fact]) -> Vec<Fact> {
    for fact in &mut now {
        let old = before.iter().find(|old| old.name == fact.name);
        fact.before = old
            .filter(|old| old.value != fact.value)
            .map(|old| old.value.clone());
    }
    now.sort_by_key(|fact| fact.before.is_none());
    now
}

/// Whether a fact changes with time alone: it says nothing about the last event.
pub fn runs_down(name: &str) -> bool {
    matches!(
        name,
        "election timer" | "waits for its leader" | "lease" | "gives up in" | "arrives in"
    ) || name.starts_with("expires ")
}

fn of_server(server: &ServerView) -> Vec<Fact> {
    let mut facts = match &server.zab {
        Some(zab) => zab_facts::of_server(server, zab),
        None => of_replica(server),
    };
    facts.extend([
        fact("snapshot", snapshot(server)),
        fact(
            "configuration",
            members::written(&server.configuration, server.zab.is_some()),
        ),
        fact("takes part as", part(server)),
    ]);
    let newcomers = &server.configuration.newcomers;
    if !newcomers.is_empty() {
        facts.push(fact("waits to catch up", listed(newcomers)));
    }
    let disk = if server.disk.full {
        "full".to_owned()
    } else {
        format!("{} a write", server.disk.latency)
    };
    facts.extend([
        fact("disk", disk),
        fact("writes not durable yet", server.disk.pending),
        fact(
            "clock",
            format!(
                "{:+} µs, {:+} ppm",
                server.clock.offset_us, server.clock.drift_ppm
            ),
        ),
        fact(
            "clients",
            if server.clients.is_empty() {
                "none".to_owned()
            } else {
                listed(&server.clients)
            },
        ),
        fact("znodes", server.znodes),
    ]);
    facts
}

/// What only a server that runs Raft has.
fn of_replica(server: &ServerView) -> Vec<Fact> {
    let mut facts = vec![
        fact(
            "role",
            if server.paused {
                format!("{}, paused", server.role)
            } else {
                server.role.to_owned()
            },
        ),
        fact("term", server.term),
        fact("voted for", or_none(server.voted_for)),
        fact("leader, as it believes", or_none(server.leader)),
        fact("commit index", server.commit),
        fact("applied index", server.applied),
        fact("durable index", server.durable),
        fact("last index", server.last),
        fact("priority", server.priority),
        fact("linearizable reads waiting", server.pending_reads),
        fact(
            "election timer",
            server
                .timer
                .map_or_else(|| "none".to_owned(), |timer| millis(timer.remaining)),
        ),
    ];
    facts.extend(
        server
            .lease
            .map(|lease| fact("lease", millis(lease.remaining))),
    );
    let receives = server.snapshot.partial;
    facts.extend(receives.map(|partial| fact("receives a snapshot", way(partial))));
    facts.extend(server.transfer.map(|to| fact("hands over to", to)));
    facts.extend(server.ballots.iter().map(|ballot| {
        fact(
            format!("vote of {}", ballot.peer),
            format!("{:?}", ballot.vote).to_ascii_lowercase(),
        )
    }));
    facts.extend(server.peers.iter().map(|peer| {
        let mut value = format!(
            "match {}, next {}, {} in flight, {}",
            peer.match_index, peer.next_index, peer.inflight, peer.state
        );
        if let Some(sent) = peer.snapshot {
            value += " ";
            value += &way(sent);
        }
        fact(format!("peer {}", peer.peer), value)
    }));
    facts
}

/// What a leader's time is called.
pub const fn era(is_zab: bool) -> &'static str {
    if is_zab { "epoch" } else { "term" }
}

/// What its snapshot stands for.
fn snapshot(server: &ServerView) -> String {
    let taken = server.snapshot;
    match taken.index {
        0 => "none".to_owned(),
        index => format!(
            "to entry {index} of {} {}, {} bytes",
            era(server.zab.is_some()),
            taken.term,
            taken.bytes
        ),
    }
}

/// How far a snapshot has come on its way.
fn way(way: TransferView) -> String {
    format!(
        "to entry {}: {} of {} bytes",
        way.index, way.stored, way.bytes
    )
}

/// What a server is by its own configuration, and whether that is settled.
fn part(server: &ServerView) -> String {
    let known = &server.configuration;
    let settled = if known.committed || !server.up {
        ""
    } else {
        ", not committed"
    };
    let word = members::word(known.part, server.zab.is_some());
    match known.index {
        0 => format!("{word}, from the beginning"),
        index => format!("{word}, by entry {index}{settled}"),
    }
}

pub(crate) fn listed<T: ToString>(items: &[T]) -> String {
    items
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

/// Whether a recipe still has something, or waits for it.
pub fn is_alive(recipe: &RecipeView) -> bool {
    matches!(recipe.state, "running" | "holds" | "unsure")
}

/// How a recipe stands, in its own words.
pub fn standing(recipe: &RecipeView) -> String {
    match recipe.state {
        "holds" => recipe.held.to_owned(),
        "running" => "waits".to_owned(),
        "unsure" => format!("{}, unless its session has expired", recipe.held),
        "failed" => format!("failed: {}", recipe.error.unwrap_or("its session ended")),
        state => state.to_owned(),
    }
}

/// What a recipe has found out and made: its own znode, its fencing token, elements.
pub fn found(recipe: &RecipeView) -> String {
    let mut found = Vec::new();
    if let Some(own) = &recipe.own {
        found.push(format!("its znode {own}"));
    }
    if let Some(token) = &recipe.token {
        found.push(format!("fencing token {token}"));
    }
    if !recipe.found.is_empty() {
        found.push(format!("found {}", recipe.found.join(", ")));
    }
    if !recipe.doubtful.is_empty() {
        found.push(format!("perhaps took {}", recipe.doubtful.join(", ")));
    }
    found.join(" · ")
}

fn of_recipe(recipe: &RecipeView) -> Fact {
    let mut value = standing(recipe);
    if is_alive(recipe)
        && let Some(step) = recipe.steps.get(recipe.step)
    {
        value = format!(
            "{value} (step {} of {}: {step})",
            recipe.step + 1,
            recipe.steps.len()
        );
    }
    fact(format!("recipe {}", recipe.text), value)
}

/// The sessions that a server keeps; of a client, what the leader knows of its session.
pub fn of_sessions(view: &View, target: &Target, sessions: &[SessionView]) -> Vec<Fact> {
    let own = match target {
        Target::Client(id) => offers::client(view, *id).and_then(|client| client.session.as_ref()),
        _ => None,
    };
    let wanted = |session: &&SessionView| match target {
        Target::Client(_) => Some(&session.id) == own,
        _ => true,
    };
    let one = |session: &SessionView| {
        let holder = session
            .client
            .map_or_else(|| session.id.clone(), |client| format!("client {client}"));
        match session.left {
            Some(left) => fact(
                format!("expires session of {holder} in"),
                format!("{} of {}", millis(left), session.timeout),
            ),
            None => fact(format!("session of {holder}"), session.timeout),
        }
    };
    sessions.iter().filter(wanted).map(one).collect()
}

fn of_client(client: &ClientView) -> Vec<Fact> {
    let mut facts = vec![
        fact("state", client.state),
        fact("server", or_none(client.server)),
        fact("session", or_none(client.session.as_ref())),
        fact("session timeout", client.timeout),
        fact(
            "gives up in",
            client
                .timer
                .map_or_else(|| "none".to_owned(), |timer| millis(timer.remaining)),
        ),
        fact("last zxid seen", &client.last_zxid),
        fact("operations waiting", waiting(client).count()),
        fact(
            "linearizable reads waiting",
            waiting(client)
                .filter(|operation| operation.text.ends_with(" linearizable"))
                .count(),
        ),
    ];
    facts.extend(client.recipes.iter().rev().map(of_recipe));
    facts
}

fn waiting(client: &ClientView) -> impl Iterator<Item = &OperationView> {
    let operations = client.operations.iter();
    operations.filter(|operation| operation.answered.is_none())
}

fn of_link(link: &LinkView) -> Vec<Fact> {
    let way = |cut: bool| if cut { "cut" } else { "open" };
    let latency = format!("{} to {}", link.latency.0, link.latency.1);
    vec![
        fact(format!("{} → {}", link.a, link.b), way(link.cut_from_a)),
        fact(format!("{} → {}", link.b, link.a), way(link.cut_from_b)),
        fact("latency", latency),
        fact("loss", format!("{} %", f64::from(link.loss_ppm) / 10_000.0)),
    ]
}

fn of_message(view: &View, message: &MessageView, details: &Details) -> Vec<Fact> {
    let arrives = if message.held {
        "held".to_owned()
    } else {
        millis(message.arrives.since(view.time))
    };
    let mut facts = vec![
        fact("kind", message.kind),
        fact("from", message.from),
        fact("to", message.to),
        fact("sent at", message.sent),
        fact("arrives in", arrives),
    ];
    facts.extend(details.iter().map(|(name, value)| fact(*name, value)));
    facts
}

fn of_entry(view: &View, server: quorumscope_core::ids::ServerId, index: u64) -> Option<Vec<Fact>> {
    let server = offers::server(view, server)?;
    if index <= server.snapshot.base {
        return Some(vec![
            fact("held by", "the snapshot: the log does not hold it any more"),
            fact("snapshot", snapshot(server)),
        ]);
    }
    let entry = server.log.iter().find(|entry| entry.index == index)?;
    let yes = |holds: bool| if holds { "yes" } else { "no" };
    let holders: Vec<_> = view
        .servers
        .iter()
        .filter(|other| {
            other
                .log
                .iter()
                .any(|held| held.index == index && held.term == entry.term)
        })
        .map(|other| other.id)
        .collect();
    let mut facts = vec![fact("holds", &entry.label)];
    facts.extend(entry.zxid.map(|zxid| fact("zxid", Pair(zxid))));
    facts.extend([
        fact(era(entry.zxid.is_some()), entry.term),
        fact("durable here", yes(entry.durable)),
        fact("committed, as it knows", yes(entry.committed)),
        fact("applied here", yes(entry.applied)),
        fact(
            "held by",
            format!(
                "{}: {} of {}",
                listed(&holders),
                holders.len(),
                view.servers.len()
            ),
        ),
    ]);
    Some(facts)
}

fn of_znode(znode: &ZnodeView) -> Vec<Fact> {
    let mut facts = vec![
        fact(
            "data",
            znode
                .data
                .as_deref()
                .map_or_else(|| "none".to_owned(), |data| format!("{data:?}")),
        ),
        fact("kind", znode.kind),
    ];
    if let Some(owner) = &znode.owner {
        let holder = znode
            .client
            .map_or_else(String::new, |client| format!(", client {client}"));
        facts.push(fact("owner", format!("{owner}{holder}")));
    }
    facts.extend([
        fact("version", znode.version),
        fact("children version", znode.cversion),
        fact("children", znode.children),
        fact("created by", &znode.czxid),
        fact("data set by", &znode.mzxid),
        fact("children changed by", &znode.pzxid),
        fact("held by", listed(&znode.on)),
    ]);
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_last_event_changed_comes_first() {
        let before = vec![fact("role", "follower"), fact("term", 3)];
        let now = changed_first(vec![fact("role", "follower"), fact("term", 4)], &before);
        assert_eq!(now[0].name, "term");
        assert_eq!(now[0].before.as_deref(), Some("3"));
        assert_eq!(now[1].before, None);
    }
}
