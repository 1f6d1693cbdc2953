//! What can be done to a thing: one list behind the menu, the inspector and the long press.
//!
//! Each offer is a line of the command language. One that is not possible now is left out, or
//! says why it is refused.

use quorumscope_core::ids::{ClientId, Endpoint, MessageId, ServerId};
use quorumscope_core::view::{ClientView, LinkView, MessageView, ServerView, View};

use crate::action::Favourite;
use crate::asks::RECIPES;
use crate::facts;
use crate::intent::Target;
use crate::operators;

/// Something that can be done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Offer {
    /// What the button says.
    pub label: String,
    /// The line that does it.
    pub line: String,
    /// Whether it takes something away.
    pub harmful: bool,
    /// What it has in common with its neighbours, with which it shares a line: `Hand over to`.
    pub row: Option<String>,
    /// Why it cannot be done now.
    pub refused: Option<String>,
}

impl Offer {
    /// The same in a row of alternatives.
    #[must_use]
    pub fn in_row(mut self, row: &str) -> Self {
        self.row = Some(row.to_owned());
        self
    }

    /// What it does, whole.
    pub fn name(&self) -> String {
        match &self.row {
            Some(row) => format!("{row} {}", self.label),
            None => self.label.clone(),
        }
    }
}

/// An offer that takes nothing away.
pub fn gentle(label: &str, line: String) -> Offer {
    Offer {
        label: label.to_owned(),
        line,
        harmful: false,
        row: None,
        refused: None,
    }
}

/// An offer that takes something away.
pub fn harmful(label: &str, line: String) -> Offer {
    Offer {
        harmful: true,
        ..gentle(label, line)
    }
}

/// What can be done to `target` now, the most wanted first.
pub fn offers(view: &View, target: &Target) -> Vec<Offer> {
    match target {
        Target::Server(id) | Target::Entry { server: id, .. } => server(view, *id)
            .map(|server| for_server(view, server))
            .unwrap_or_default(),
        Target::Client(id) => client(view, *id)
            .map(|client| for_client(view, client))
            .unwrap_or_default(),
        Target::Link(a, b) => link(view, *a, *b).map(for_link).unwrap_or_default(),
        Target::Message(id) => message(view, *id).map(for_message).unwrap_or_default(),
        Target::Znode { path, .. } => for_znode(view, path),
    }
}

/// The server of this name.
pub fn server(view: &View, id: ServerId) -> Option<&ServerView> {
    view.servers.iter().find(|server| server.id == id)
}

/// The client of this name.
pub fn client(view: &View, id: ClientId) -> Option<&ClientView> {
    view.clients.iter().find(|client| client.id == id)
}

/// The link between these ends, whichever way round it is kept.
pub fn link(view: &View, a: Endpoint, b: Endpoint) -> Option<&LinkView> {
    view.links
        .iter()
        .find(|link| (link.a, link.b) == (a, b) || (link.a, link.b) == (b, a))
}

/// The message in flight of this name.
pub fn message(view: &View, id: MessageId) -> Option<&MessageView> {
    view.messages.iter().find(|message| message.id == id)
}

/// Whoever leads in the highest term.
pub fn leader(view: &View) -> Option<&ServerView> {
    let leaders = view
        .servers
        .iter()
        .filter(|server| server.up && server.role == "leader");
    leaders.max_by_key(|server| server.term)
}

/// A client that can be asked for something.
pub fn working_client(view: &View) -> Option<&ClientView> {
    view.clients.iter().find(|client| runs(client))
}

/// Whether a client's process runs and may still have a session.
pub fn runs(client: &ClientView) -> bool {
    !matches!(client.state, "closed" | "killed" | "expired")
}

/// The first name that no client has yet.
pub fn free_client(view: &View) -> Option<ClientId> {
    let mut names = (0..ClientId::LIMIT).filter_map(ClientId::from_position);
    names.find(|id| client(view, *id).is_none())
}

fn for_server(view: &View, server: &ServerView) -> Vec<Offer> {
    let id = server.id;
    let mut offers = Vec::new();
    if !server.up {
        offers.push(gentle("Restart", format!("restart {id}")));
        offers.push(harmful("Wipe its disk", format!("wipe {id}")));
        offers.extend(operators::offers(view, server));
        return offers;
    }
    offers.push(harmful("Crash", format!("crash {id}")));
    if server.paused {
        offers.push(gentle("Resume", format!("resume {id}")));
    } else {
        offers.push(harmful("Pause", format!("pause {id}")));
    }
    if server.role != "leader" && !server.paused {
        offers.push(gentle("Time out now", format!("timeout {id}")));
    }
    if cut_off(view, id.into()) {
        offers.push(gentle("Heal its links", format!("heal {id}")));
    } else {
        offers.push(harmful("Isolate", format!("isolate {id}")));
    }
    offers.push(if server.disk.full {
        gentle("Disk as usual", format!("disk {id} ok"))
    } else {
        harmful("Disk full", format!("disk {id} full"))
    });
    offers.push(harmful("Slow disk, 50 ms", format!("disk {id} 50ms")));
    offers.extend(operators::offers(view, server));
    offers
}

/// Whether any link of this end is cut.
fn cut_off(view: &View, end: Endpoint) -> bool {
    let mut links = view
        .links
        .iter()
        .filter(|link| link.a == end || link.b == end);
    links.any(|link| link.cut_from_a || link.cut_from_b)
}

fn for_client(view: &View, client: &ClientView) -> Vec<Offer> {
    let id = client.id;
    if !runs(client) {
        return vec![gentle("Open a new session", format!("client {id}"))];
    }
    let mut offers: Vec<Offer> = view
        .servers
        .iter()
        .filter(|server| server.up && client.server != Some(server.id))
        .map(|server| {
            let line = format!("client {id} connect {}", server.id);
            gentle(&server.id.to_string(), line).in_row("Connect to")
        })
        .collect();
    let alive = client.recipes.iter().filter(|one| facts::is_alive(one));
    offers.extend(alive.map(|recipe| {
        let line = format!("client {id} release {}", recipe.path);
        gentle(&format!("Let go of {}", recipe.path), line)
    }));
    for (row, recipes) in RECIPES {
        offers.extend(recipes.iter().map(|(label, recipe)| {
            let recipe = recipe.replace("CLIENT", &id.to_string());
            gentle(label, format!("client {id} recipe {recipe}")).in_row(row)
        }));
    }
    offers.push(gentle("Close its session", format!("client {id} close")));
    offers.push(harmful("Kill", format!("client {id} kill")));
    offers
}

fn for_link(link: &LinkView) -> Vec<Offer> {
    let (a, b) = (link.a, link.b);
    let mut offers = Vec::new();
    if link.cut_from_a || link.cut_from_b {
        offers.push(gentle("Heal", format!("heal {a} {b}")));
    }
    if !(link.cut_from_a && link.cut_from_b) {
        offers.push(harmful("Cut", format!("cut {a} {b}")));
    }
    if !link.cut_from_a && !link.cut_from_b {
        offers.push(harmful(
            &format!("Cut {a} → {b} only"),
            format!("cut {a} -> {b}"),
        ));
        offers.push(harmful(
            &format!("Cut {b} → {a} only"),
            format!("cut {b} -> {a}"),
        ));
    }
    offers
}

fn for_message(message: &MessageView) -> Vec<Offer> {
    let id = message.id;
    let halt = if message.held {
        gentle("Release", format!("release {id}"))
    } else {
        gentle("Hold", format!("hold {id}"))
    };
    vec![
        harmful("Drop", format!("drop {id}")),
        halt,
        gentle("Deliver now", format!("deliver {id}")),
        gentle("Delay by 20 ms", format!("delay {id} 20ms")),
        gentle("Duplicate", format!("duplicate {id}")),
    ]
}

fn for_znode(view: &View, path: &str) -> Vec<Offer> {
    let Some(client) = working_client(view) else {
        return Vec::new();
    };
    let id = client.id;
    let mut offers = vec![
        gentle("Read it", format!("client {id} get {path}")),
        gentle("next change", format!("client {id} get {path} watch")).in_row("Watch"),
        gentle("children", format!("client {id} children {path} watch")).in_row("Watch"),
        gentle("always", format!("client {id} addwatch {path}")).in_row("Watch"),
        gentle(
            "all below",
            format!("client {id} addwatch {path} recursive"),
        )
        .in_row("Watch"),
    ];
    if path != "/" {
        offers.push(harmful("Delete", format!("client {id} delete {path}")));
    }
    offers
}

/// Why what a lecturer does under Raft cannot be done here.
pub fn has_no_meaning(view: &View, wanted: Favourite) -> Option<&'static str> {
    let of_timers = matches!(wanted, Favourite::SpreadTimers | Favourite::AlignTimers);
    (of_timers && view.protocol == "zab").then_some(
        "Under Zab a vote is compared and not granted: the best history wins, whoever begins, and no vote is split.",
    )
}

/// The lines that do what a lecturer does all the time.
pub fn favourite(view: &View, wanted: Favourite) -> Vec<String> {
    match wanted {
        Favourite::Write => write(view),
        Favourite::RestartLeader => leader(view)
            .map(|leader| {
                vec![
                    format!("crash {}", leader.id),
                    format!("restart {}", leader.id),
                ]
            })
            .unwrap_or_default(),
        Favourite::SpreadTimers => vec!["spread timers".to_owned()],
        Favourite::AlignTimers => vec!["align timers".to_owned()],
        Favourite::BringBack => vec!["restart all".to_owned()],
    }
}

/// The same where two runs are watched: the leader is whoever leads in each.
pub fn favourite_of_both(view: &View, wanted: Favourite) -> Vec<String> {
    match wanted {
        Favourite::RestartLeader => vec!["crash leader".to_owned(), "restart all".to_owned()],
        Favourite::Write if working_client(view).is_none() => match free_client(view) {
            Some(id) => vec![format!("client {id} open leader"), request(id)],
            None => Vec::new(),
        },
        _ => favourite(view, wanted),
    }
}

fn request(id: ClientId) -> String {
    format!("client {id} create /request- sequential")
}

fn write(view: &View) -> Vec<String> {
    if let Some(client) = working_client(view) {
        return vec![request(client.id)];
    }
    let Some(id) = free_client(view) else {
        return Vec::new();
    };
    let open = leader(view).map_or(format!("client {id}"), |leader| {
        format!("client {id} open {}", leader.id)
    });
    vec![open, request(id)]
}
