//! What an operator may ask of a server beyond breaking it: leadership and membership.

use quorumscope_core::view::{ServerView, View};

use crate::members::{self, Members, Part};
use crate::offers::{self, Offer, gentle};
use crate::settings::MAX_SERVERS;

/// What may be asked of `server` or of the cluster by way of it. Not all of it is possible now.
pub fn offers(view: &View, server: &ServerView) -> Vec<Offer> {
    let mut offers = Vec::new();
    if server.up {
        let line = format!("snapshot {}", server.id);
        offers.push(gentle("Take a snapshot", line));
        leadership(view, server, &mut offers);
        priority(server, &mut offers);
    }
    membership(view, server, &mut offers);
    offers
}

fn leadership(view: &View, server: &ServerView, offers: &mut Vec<Offer>) {
    let id = server.id;
    if server.role == "leader" {
        let voters = server.configuration.voters.iter();
        offers.extend(voters.filter(|other| **other != id).map(|other| {
            let line = format!("transfer {id} -> {other}");
            gentle(&other.to_string(), line).in_row("Hand over to")
        }));
        return;
    }
    let leader = offers::leader(view).map_or("leader".to_owned(), |leader| leader.id.to_string());
    offers.push(gentle("Make it lead", format!("transfer {leader} -> {id}")));
    offers.push(gentle("Forget its leader", format!("forget leader {id}")));
}

fn priority(server: &ServerView, offers: &mut Vec<Offer>) {
    let row = format!("Priority {}", server.priority);
    let steps = [
        ("lower", server.priority.checked_sub(1)),
        ("raise", server.priority.checked_add(1)),
    ];
    offers.extend(steps.into_iter().filter_map(|(label, priority)| {
        let line = format!("priority {} {}", server.id, priority?);
        Some(gentle(label, line).in_row(&row))
    }));
}

fn membership(view: &View, server: &ServerView, offers: &mut Vec<Offer>) {
    let now = Members::of(view);
    let is_zab = server.zab.is_some();
    for (part, word) in Part::ALL {
        if part == now.part(server.id) {
            continue;
        }
        let line = now.with(server.id, part).line();
        offers.push(Offer {
            harmful: part == Part::Out,
            ..gentle(members::word(word, is_zab), line).in_row("Member as")
        });
    }
    offers.extend(cluster(view));
}

/// What may be asked of the cluster as a whole.
pub fn cluster(view: &View) -> Vec<Offer> {
    let mut offers = Vec::new();
    if members::configuration(view).is_some_and(|known| known.outgoing.is_some()) {
        let line = "leave joint".to_owned();
        offers.push(gentle("Leave the joint configuration", line));
    }
    let next = view.servers.len() + 1;
    let mut add = gentle(&format!("Start S{next}, a spare"), format!("add S{next}"));
    if next > usize::from(MAX_SERVERS) {
        add.refused = Some(format!("The page has room for {MAX_SERVERS} servers."));
    }
    offers.push(add);
    offers
}
