//! A server: its term in its term's colour, its role by shape, the votes it asked for.

use quorumscope_core::ids::ServerId;
use quorumscope_core::view::{BallotView, ServerView, Vote};
use yew::prelude::*;

use super::geometry::{FACE, HALO, LabelStyle, Layout, Point, Spot, num};
use super::marks::Mark;
use super::term_class;

/// How far from the centre the votes stand.
const BALLOTS: f64 = 19.5;
/// From this many votes on they are drawn smaller, so that none hides another.
const MANY: usize = 7;

/// What of a server is drawn here; its log, its timer and its client connections are not.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Face {
    id: ServerId,
    up: bool,
    paused: bool,
    role: &'static str,
    term: u64,
    leader: Option<ServerId>,
    disk_full: bool,
    /// The votes of this term, each at the bearing of who casts it.
    votes: Vec<(f64, Vote)>,
}

impl Face {
    /// What is drawn of `server`.
    pub(crate) fn of(server: &ServerView, layout: &Layout) -> Self {
        let towards = |ballot: &BallotView| {
            let bearing = layout.bearing(server.id, ballot.peer)?;
            Some((bearing, ballot.vote))
        };
        let mut votes: Vec<_> = server.ballots.iter().filter_map(towards).collect();
        if !votes.is_empty() && server.voted_for == Some(server.id) {
            // Its own vote stands where no peer is: on the outer side.
            let outwards = layout.spot_of(server.id).map(|spot| spot.bearing);
            votes.extend(outwards.map(|bearing| (bearing, Vote::Have)));
        }
        Self {
            id: server.id,
            up: server.up,
            paused: server.paused,
            role: server.role,
            term: server.term,
            leader: server.leader.filter(|leader| *leader != server.id),
            disk_full: server.disk.full,
            votes,
        }
    }

    /// For who cannot see it.
    fn name(&self) -> String {
        let mut parts = vec![
            self.id.to_string(),
            self.role.to_owned(),
            format!("term {}", self.term),
        ];
        if self.paused {
            parts.push("paused".to_owned());
        }
        if self.disk_full {
            parts.push("disk full".to_owned());
        }
        if let Some(leader) = self.leader.filter(|_| self.up) {
            parts.push(format!("follows {leader}"));
        }
        if !self.votes.is_empty() {
            let have = self.votes.iter().filter(|(_, vote)| *vote == Vote::Have);
            let (have, of) = (have.count(), self.votes.len());
            parts.push(format!("has {have} of {of} votes"));
        }
        parts.join(", ")
    }
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
        (!face.votes.is_empty()).then_some("polling"),
        props.mark.class(),
    );
    html! {
        <g class="seat" transform={format!("translate({} {})", num(spot.at.x), num(spot.at.y))}>
            // The label stays outside, so that the middle of the server is the middle of its disc.
            <g {class} role="button" tabindex={props.mark.tab_index()} aria-label={face.name()}
                data-server={face.id.to_string()} data-role={face.role}
                data-term={face.term.to_string()} data-up={face.up.to_string()}
                data-paused={face.paused.to_string()}
                transform={format!("scale({})", (props.scale * 1000.0).round() / 1000.0)}>
                <circle class="halo" r={HALO.to_string()} />
                <circle class="body" r={FACE.to_string()} />
                { marks(face) }
            </g>
            { label(face, spot) }
        </g>
    }
}

/// What stands on and above the body.
fn marks(face: &Face) -> Html {
    if !face.up {
        return html! { <path class="cross" d="M-12 -12L12 12M12 -12L-12 12" /> };
    }
    let size = if face.votes.len() < MANY { 3.4 } else { 2.5 };
    html! {
        <>
            if face.role == "leader" {
                <path class="crown" d="M-13 -37v-13l6.5 6 6.5 -9 6.5 9 6.5 -6v13z" />
            }
            <text class="term">{ face.term }</text>
            { for face.votes.iter().map(|(bearing, vote)| ballot(*bearing, *vote, size)) }
            if face.paused {
                <g class="pause" transform="translate(20.5 20.5)">
                    <circle r="10.5" />
                    <path d="M-3 -4.5v9M3 -4.5v9" />
                </g>
            }
        </>
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
        LabelStyle::Line => html! { <tspan class="role" dx="6">{ face.role }</tspan> },
        LabelStyle::TwoLines => {
            html! { <tspan class="role" x={x.clone()} dy="15">{ face.role }</tspan> }
        }
    };
    html! {
        <text class="name" {x} {y} text-anchor={label.anchor.name()}>
            <tspan>{ face.id.to_string() }</tspan>{ role }
        </text>
    }
}
