//! A server: its term in its term's colour, its role by shape, the votes it asked for.

use std::borrow::Cow;

use quorumscope_core::ids::ServerId;
use quorumscope_core::view::{BallotView, PeerView, ServerView, View, Vote, ZabView};
use quorumscope_core::zab::{Phase, ServerState};
use yew::prelude::*;

use super::course::Course;
use super::geometry::{FACE, HALO, LabelStyle, Layout, Point, Spot};
use super::marks::Mark;
use super::term_class;
use crate::facts::era;
use crate::members::{self, Standing};
use crate::number::num;
use crate::zab_facts;

/// How far from the centre the votes stand.
const BALLOTS: f64 = 19.5;
/// The radius of a server without a voice.
const MUTE: f64 = 24.0;
/// From this many votes on they are drawn smaller, so that none hides another.
const MANY: usize = 7;

/// What of a server is drawn here; its log, its timer and its client connections are not.
#[expect(clippy::struct_excessive_bools, reason = "each is a mark of its own")]
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Face {
    id: ServerId,
    up: bool,
    paused: bool,
    role: &'static str,
    term: u64,
    leader: Option<ServerId>,
    disk_full: bool,
    priority: u8,
    transfer: Option<ServerId>,
    holds_lease: bool,
    reads: usize,
    standing: Standing,
    /// Under Zab: how far it has come.
    zab: Option<Course>,
    /// The votes of this term, or as leader the acknowledgements of its last entry while that is
    /// not committed; each at the bearing of who gives it.
    votes: Vec<(f64, Vote)>,
    /// Of these: had and needed, in each half of a joint configuration.
    quorums: Vec<(usize, usize)>,
}

impl Face {
    /// What is drawn of `server`.
    pub(crate) fn of(view: &View, server: &ServerView, layout: &Layout) -> Self {
        let voices = voices(server);
        let towards = |(voter, vote): &(ServerId, Vote)| {
            // Its own stands where no peer is: on the outer side.
            let bearing = if *voter == server.id {
                layout.spot_of(server.id).map(|spot| spot.bearing)
            } else {
                layout.bearing(server.id, *voter)
            };
            Some((bearing?, *vote))
        };
        let known = &server.configuration;
        let has = |voter: &&ServerId| voices.contains(&(**voter, Vote::Have));
        let halves = known.outgoing.iter().chain([&known.voters]);
        let quorum = |half: &Vec<ServerId>| (half.iter().filter(has).count(), half.len() / 2 + 1);
        Self {
            id: server.id,
            up: server.up,
            paused: server.paused,
            role: server.role,
            term: server.term,
            leader: server.leader.filter(|leader| *leader != server.id),
            disk_full: server.disk.full,
            priority: server.priority,
            transfer: server.transfer,
            holds_lease: server.lease.is_some(),
            reads: server.pending_reads,
            standing: members::standing(view, server),
            zab: Course::of(view, server),
            quorums: if voices.is_empty() {
                Vec::new()
            } else {
                halves.map(quorum).collect()
            },
            votes: voices.iter().filter_map(towards).collect(),
        }
    }

    /// Whether it asks for votes; under Zab also for promises and for the acknowledgements of its
    /// history.
    fn polls(&self) -> bool {
        !self.votes.is_empty() && (self.role != "leader" || self.is_prospective())
    }

    /// Under Zab the phase, else the role in the fewest words: of a follower that has no voice, what
    /// it is instead.
    fn says(&self, style: LabelStyle) -> Cow<'static, str> {
        match (self.zab, style) {
            (Some(course), LabelStyle::Line) => return course.says(),
            (Some(course), _) => return course.says_briefly(),
            (None, _) => {}
        }
        match (self.role, self.standing.word) {
            ("precandidate", _) => "pre-candidate".into(),
            ("follower", word) if word != "voter" => word.into(),
            (role, _) => role.into(),
        }
    }

    /// Whether it leads an epoch that has not begun.
    fn is_prospective(&self) -> bool {
        let begun = |course: Course| course.phase == Some(Phase::Broadcast);
        self.role == "leader" && !self.zab.is_none_or(begun)
    }

    /// For who cannot see it.
    fn name(&self) -> String {
        let mut parts = vec![
            self.id.to_string(),
            self.role.to_owned(),
            format!("{} {}", era(self.zab.is_some()), self.term),
        ];
        parts.extend(self.zab.into_iter().flat_map(Course::names));
        match self.standing.halves {
            Some((true, true)) => parts.push("votes in the old and the new half".to_owned()),
            Some((true, false)) => parts.push("votes in the old half".to_owned()),
            Some((false, _)) => parts.push("votes in the new half".to_owned()),
            None if self.standing.word == "voter" => {}
            None => parts.push(members::word(self.standing.word, self.zab.is_some()).to_owned()),
        }
        if self.paused {
            parts.push("paused".to_owned());
        }
        if self.disk_full {
            parts.push("disk full".to_owned());
        }
        if let Some(leader) = self.leader.filter(|_| self.up) {
            parts.push(format!("follows {leader}"));
        }
        if let Some(to) = self.transfer {
            parts.push(format!("hands over to {to}"));
        }
        if self.holds_lease {
            parts.push("holds a lease".to_owned());
        }
        if self.priority > 0 {
            parts.push(format!("priority {}", self.priority));
        }
        if self.reads > 0 {
            parts.push(format!("{} reads wait", self.reads));
        }
        let what = match self.zab.and_then(|course| course.phase) {
            Some(Phase::Discovery) => "promises",
            _ if self.role == "leader" => "acknowledgements",
            _ => "votes",
        };
        parts.extend(
            self.quorums
                .iter()
                .map(|(have, need)| format!("has {have} of {need} {what} it needs")),
        );
        parts.join(", ")
    }
}

/// Who has a voice in what `server` counts, and how each stands: votes while it stands for
/// election; as leader, acknowledgements of its last entry until that is committed, and under Zab
/// before that the promises to follow it and the acknowledgements of its history.
fn voices(server: &ServerView) -> Vec<(ServerId, Vote)> {
    let known = &server.configuration;
    let olds = known.outgoing.iter().flatten();
    let mut voters: Vec<_> = known.voters.iter().chain(olds).copied().collect();
    voters.sort_unstable();
    voters.dedup();
    if let Some(zab) = server.zab.as_ref().filter(|zab| leads_no_epoch(zab)) {
        let has = |voter: &ServerId| zab.gathered.contains(voter);
        let given = |voter| {
            if has(&voter) {
                (voter, Vote::Have)
            } else {
                (voter, Vote::Open)
            }
        };
        return voters.into_iter().map(given).collect();
    }
    let own = if server.role != "leader" || server.durable >= server.last {
        Vote::Have
    } else {
        Vote::Coming
    };
    let acknowledged = |peer: &PeerView| {
        if peer.match_index >= server.last {
            Vote::Have
        } else if peer.inflight > 0 {
            Vote::Coming
        } else {
            Vote::Open
        }
    };
    let vote = |voter: &ServerId| {
        if *voter == server.id {
            return Some(own);
        }
        let ballot = |ballot: &&BallotView| ballot.peer == *voter;
        let peer = |peer: &&PeerView| peer.peer == *voter;
        match server.role {
            "leader" => server.peers.iter().find(peer).map(acknowledged),
            _ => server.ballots.iter().find(ballot).map(|ballot| ballot.vote),
        }
    };
    let counts = match server.role {
        "leader" => server.commit < server.last,
        _ => !server.ballots.is_empty(),
    };
    let counted = voters.iter().filter(|_| counts);
    counted
        .filter_map(|voter| Some((*voter, vote(voter)?)))
        .collect()
}

/// Whether a server leads, and its epoch has not begun.
fn leads_no_epoch(zab: &ZabView) -> bool {
    zab.state == Some(ServerState::Leading) && zab.phase != Some(Phase::Broadcast)
}

/// See [`ServerNode`].
#[derive(Properties, Clone, PartialEq)]
pub(crate) struct ServerNodeProps {
    /// What to draw.
    pub(crate) face: Face,
    /// Where.
    pub(crate) spot: Spot,
    /// How large.
    pub(crate) scale: f64,
    /// How it is marked.
    pub(crate) mark: Mark,
}

/// A server.
#[function_component]
pub(crate) fn ServerNode(props: &ServerNodeProps) -> Html {
    let ServerNodeProps { face, spot, .. } = props;
    let state = if face.up { face.role } else { "crashed" };
    let class = classes!(
        "server",
        state,
        term_class(face.term),
        face.paused.then_some("paused"),
        face.standing.word,
        face.polls().then_some("polling"),
        face.is_prospective().then_some("prospective"),
        props.mark.class(),
    );
    html! {
        <g class="seat" transform={format!("translate({} {})", num(spot.at.x), num(spot.at.y))}>
            // The label stays outside, so that the middle of the server is the middle of its disc.
            <g {class} role="button" tabindex={props.mark.tab_index()} aria-label={face.name()}
                data-server={face.id.to_string()} data-role={face.role}
                data-term={face.term.to_string()} data-up={face.up.to_string()}
                data-paused={face.paused.to_string()} data-part={face.standing.word}
                data-phase={face.zab.and_then(|zab| zab.phase).map(zab_facts::phase)}
                transform={format!("scale({})", (props.scale * 1000.0).round() / 1000.0)}>
                <circle class="halo" r={num(HALO).to_string()} />
                <circle class="body" r={num(if face.standing.word == "voter" { FACE } else { MUTE }).to_string()} />
                { marks(face) }
            </g>
            { label(face, spot) }
        </g>
    }
}

/// What stands on and above the body.
fn marks(face: &Face) -> Html {
    if !face.up {
        return html! { <><path class="cross" d="M-12 -12L12 12M12 -12L-12 12" />{ half_moons(face) }</> };
    }
    let size = if face.votes.len() < MANY { 3.4 } else { 2.5 };
    let polls = face.polls();
    let joint = face.quorums.len() > 1;
    let count = |(line, (have, need)): (usize, &(usize, usize))| {
        let y = if joint { 3.5 + 8.5 * line as f64 } else { 9.0 };
        html! { <text class={classes!("quorum", joint.then_some("half"))} y={num(y).to_string()}>{ format!("{have}/{need}") }</text> }
    };
    html! {
        <>
            if face.role == "leader" {
                <path class="crown" d={CROWN} />
            }
            <text class="term" y={polls.then_some(if joint { "-7" } else { "-4" })}>{ face.term }</text>
            { for face.quorums.iter().enumerate().filter(|_| polls).map(count) }
            { for face.votes.iter().map(|(bearing, vote)| ballot(*bearing, *vote, size)) }
            { half_moons(face) }
            if face.priority > 0 {
                <g class="badge" transform="translate(23 -22)"><rect x="-12" y="-8" width="24" height="16" rx="4" /><text>{ format!("p{}", face.priority) }</text></g>
            }
            if face.paused {
                <g class="pause" transform="translate(20.5 20.5)">
                    <circle r="10.5" />
                    <path d="M-3 -4.5v9M3 -4.5v9" />
                </g>
            }
        </>
    }
}

/// What a leader wears.
pub(super) const CROWN: &str = "M-13 -37v-13l6.5 6 6.5 -9 6.5 9 6.5 -6v13z";

/// While joint: the left half is full for a voter of the old half, the right one for the new.
fn half_moons(face: &Face) -> Html {
    let Some((old, new)) = face.standing.halves else {
        return Html::default();
    };
    html! {
        <g class="halves" transform="translate(-21.5 20.5)">
            <circle r="8.5" />
            if old {
                <path d="M-1 -6a6 6 0 0 0 0 12z" />
            }
            if new {
                <path d="M1 -6a6 6 0 0 1 0 12z" />
            }
        </g>
    }
}

/// A vote: a full dot is had, a half-filled one on its way, a cross refused, a ring open.
fn ballot(bearing: f64, vote: Vote, size: f64) -> Html {
    let Point { x, y } = Point::towards(bearing) * BALLOTS;
    let (x, y) = (num(x), num(y));
    let class = match vote {
        Vote::No => {
            let (arm, back) = (num(size * 0.85), num(-size * 1.7));
            let whole = num(size * 1.7);
            let d = format!("M{x} {y}m-{arm} -{arm}l{whole} {whole}m0 {back}l{back} {whole}");
            return html! { <path class="ballot no" {d} /> };
        }
        Vote::Have => "ballot have",
        Vote::Coming => "ballot coming",
        Vote::Open => "ballot open",
    };
    let r = num(size);
    let half = format!("M{x} {y}m0 -{r}a{r} {r} 0 0 0 0 {}z", num(2.0 * size));
    html! {
        <>
            <circle {class} cx={x.to_string()} cy={y.to_string()} r={r.to_string()} />
            if vote == Vote::Coming {
                <path class="ballot half" d={half} />
            }
        </>
    }
}

/// Name and role, outside.
fn label(face: &Face, spot: &Spot) -> Html {
    let label = spot.label;
    let (x, y) = (num(label.at.x).to_string(), num(label.at.y).to_string());
    let role = match label.style {
        LabelStyle::Name => Html::default(),
        LabelStyle::Line => html! { <tspan class="role" dx="6">{ face.says(label.style) }</tspan> },
        LabelStyle::TwoLines => {
            html! { <tspan class="role" x={x.clone()} dy="15">{ face.says(label.style) }</tspan> }
        }
    };
    html! {
        <text class="name" {x} {y} text-anchor={label.anchor.name()}>
            <tspan>{ face.id.to_string() }</tspan>{ role }
        </text>
    }
}
