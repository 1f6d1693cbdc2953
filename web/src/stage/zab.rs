//! What servers that run Zab do to each other, as arrows along their links: whom each of them votes
//! for while it looks for a leader, and how a leader brings each learner up to date.

use quorumscope_core::ids::ServerId;
use quorumscope_core::view::{ServerView, View, ZabView};
use quorumscope_core::zab::{Phase, ServerState, SyncMode};
use yew::prelude::*;

use super::geometry::{FACE, Layout, Segment, TIMER, rotation};
use crate::number::num;
use crate::zab_facts;

/// A vote of a server that looks, for another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Proposal {
    from: ServerId,
    /// The candidate.
    to: ServerId,
    /// A quorum supports it: it only waits for a better vote.
    settled: bool,
}

/// The servers that run, with what they know of Zab.
fn running(view: &View) -> impl Iterator<Item = (&ServerView, &ZabView)> {
    let up = view.servers.iter().filter(|server| server.up);
    up.filter_map(|server| Some((server, server.zab.as_ref()?)))
}

/// The votes for others; a vote for oneself needs no arrow.
fn proposals(view: &View) -> Vec<Proposal> {
    let looking = running(view).filter(|(_, zab)| zab.phase == Some(Phase::Election));
    let proposal = |(server, zab): (&ServerView, &ZabView)| {
        Some(Proposal {
            from: server.id,
            to: zab.vote?.leader,
            settled: zab.finalizing,
        })
    };
    let votes = looking.filter_map(proposal);
    votes.filter(|vote| vote.from != vote.to).collect()
}

/// Votes as arrows from who gives them to who gets them.
#[inline(never)] // Apart: who runs Raft need not fetch it.
pub(super) fn votes(view: &View, layout: &Layout) -> Html {
    let arrows = proposals(view).into_iter().filter_map(|vote| {
        let Proposal { from, to, settled } = vote;
        let way = layout.link(from.into(), to.into())?;
        let class = classes!("proposal", "k-vote", settled.then_some("settled"));
        Some(html! {
            <g key={from.number()} {class} data-proposes={format!("{from}->{to}")}>
                { arrow(way.shortened(4.0, 1.0)) }
            </g>
        })
    });
    html! { <g class="votes" aria-hidden="true">{ for arrows }</g> }
}

/// Who is being brought up to date: by whom, whom, and how.
fn transfers(view: &View) -> Vec<(ServerId, ServerId, SyncMode)> {
    let leading = running(view).filter(|(_, zab)| zab.state == Some(ServerState::Leading));
    let of_leader = |(server, zab): (&ServerView, &ZabView)| {
        let lagging = zab.learners.iter().filter(|learner| !learner.up_to_date);
        let transfers = lagging.filter_map(|learner| Some((learner.server, learner.mode?)));
        let from = server.id;
        let transfers: Vec<_> = transfers.map(|(to, mode)| (from, to, mode)).collect();
        transfers
    };
    leading.flat_map(of_leader).collect()
}

/// Transfers as arrows from the leader, each with the packet that began it.
#[inline(never)] // Apart: who runs Raft need not fetch it.
pub(super) fn synchronisation(view: &View, layout: &Layout) -> Html {
    // A learner's timer runs round it.
    let clear = (TIMER - FACE + 4.0) * layout.scale();
    let arrows = transfers(view).into_iter().filter_map(|(from, to, mode)| {
        let way = layout.link(from.into(), to.into())?;
        let (middle, word) = (way.at(0.5), zab_facts::mode(mode));
        let width = 7.6 * word.len() as f64 + 10.0;
        Some(html! {
            <g key={to.number()} class="sync k-append" data-sync={format!("{from}->{to}")} data-mode={word}>
                { arrow(way.shortened(4.0, clear)) }
                <g transform={format!("translate({} {})", num(middle.x), num(middle.y))}>
                    <rect x={num(-width / 2.0).to_string()} y="-8.5" width={num(width).to_string()} height="17" rx="4" />
                    <text>{ word }</text>
                </g>
            </g>
        })
    });
    html! { <g class="syncs" aria-hidden="true">{ for arrows }</g> }
}

/// A line with a tip.
fn arrow(way: Segment) -> Html {
    let Segment { from, to } = way;
    let turn = num(rotation(way.bearing()));
    let place = format!("translate({} {})rotate({turn})", num(to.x), num(to.y));
    html! {
        <>
            <path class="way" d={format!("M{} {}L{} {}", num(from.x), num(from.y), num(to.x), num(to.y))} />
            <path class="tip" d="M0 0l-11 -5.5v11z" transform={place} />
        </>
    }
}

#[cfg(test)]
mod tests {
    use quorumscope_core::history::Player;
    use quorumscope_core::time::Time;
    use quorumscope_core::view::Scope;

    use super::*;

    /// The first view of a run in which something is so.
    fn view_when(script: &str, seen: impl Fn(&View) -> bool) -> View {
        let mut player = Player::open(script).unwrap();
        while player.now() < Time::from_millis(10_000) {
            let view = player.view(&Scope::default());
            if seen(&view) {
                return view;
            }
            player.step();
        }
        panic!("it never comes");
    }

    const RUN: &str = "quorumscope 1\nprotocol zab\nservers 3\n";

    #[test]
    fn nobody_points_at_itself_and_in_the_end_all_point_at_the_candidate() {
        let [s1, s2, s3] = [1, 2, 3].map(ServerId::new);
        let begin = view_when(RUN, |_| true);
        assert_eq!(proposals(&begin), []);
        let agreed = view_when(RUN, |view| running(view).all(|(_, zab)| zab.finalizing));
        let settled = |from| Proposal {
            from,
            to: s3,
            settled: true,
        };
        assert_eq!(proposals(&agreed), [settled(s1), settled(s2)]);
    }

    #[test]
    fn a_transfer_is_there_until_the_learner_is_told_that_it_is_up_to_date() {
        let [s2, s3] = [2, 3].map(ServerId::new);
        let begun = view_when(RUN, |view| !transfers(view).is_empty());
        assert_eq!(transfers(&begun)[0], (s3, s2, SyncMode::Diff));
        let done = |view: &View| running(view).all(|(_, zab)| zab.phase == Some(Phase::Broadcast));
        assert_eq!(transfers(&view_when(RUN, done)), []);
    }
}
