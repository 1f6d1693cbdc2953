//! Links: faint lines that a click cuts, walls where they are cut, sessions as dotted lines.

use std::rc::Rc;

use quorumscope_core::ids::Endpoint;
use quorumscope_core::view::{LinkView, View};
use yew::prelude::*;

use super::geometry::{Layout, Segment};
use super::marks::Marks;
use crate::number::num;

/// What is drawn between two ends.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Line {
    link: LinkView,
    /// Of a client's line: whether the session is up.
    session: Option<bool>,
}

/// The command that a click on a link stands for.
pub(crate) fn cut_or_heal(link: &LinkView) -> String {
    let verb = if link.cut_from_a || link.cut_from_b {
        "heal"
    } else {
        "cut"
    };
    format!("{verb} {} {}", link.a, link.b)
}

/// The link between two ends, whichever way round the view has it.
pub(crate) fn find(view: &View, a: Endpoint, b: Endpoint) -> Option<&LinkView> {
    view.links
        .iter()
        .find(|link| (link.a, link.b) == (a, b) || (link.a, link.b) == (b, a))
}

/// What a link is like, in a few words.
pub(crate) fn describe(link: &LinkView) -> String {
    let (least, most) = link.latency;
    let latency = if least == most {
        format!("{least}")
    } else {
        format!("{least}–{most}")
    };
    let percent = f64::from(link.loss_ppm) / 10_000.0;
    let click = match (link.cut_from_a, link.cut_from_b) {
        (false, false) => "click to cut",
        (true, true) => "cut, click to heal",
        (true, false) | (false, true) => "cut one way, click to heal",
    };
    format!("{latency} · loss {percent} % · {click}")
}

/// As the page's attribute has it: `none`, `both`, or the way that is closed.
fn cut_name(link: &LinkView) -> String {
    match (link.cut_from_a, link.cut_from_b) {
        (false, false) => "none".to_owned(),
        (true, true) => "both".to_owned(),
        (true, false) => format!("{}->{}", link.a, link.b),
        (false, true) => format!("{}->{}", link.b, link.a),
    }
}

/// See [`Links`].
#[derive(Properties, Clone)]
pub(crate) struct LinksProps {
    /// The cluster.
    pub(crate) view: Rc<View>,
    /// Where everyone stands.
    pub(crate) layout: Rc<Layout>,
    /// What is selected, lit, and where the tab key stops.
    pub(crate) marks: Rc<Marks>,
}

/// Links are drawn anew when one of them changes or a session does, not each frame.
impl PartialEq for LinksProps {
    fn eq(&self, other: &Self) -> bool {
        let sessions = |view: &View| -> Vec<_> {
            let session = |client: &quorumscope_core::view::ClientView| {
                (client.id, client.server, client.state)
            };
            view.clients.iter().map(session).collect()
        };
        self.marks.same_for_links(&other.marks)
            && Rc::ptr_eq(&self.layout, &other.layout)
            && self.view.links == other.view.links
            && sessions(&self.view) == sessions(&other.view)
    }
}

/// All links and sessions.
#[function_component]
pub(crate) fn Links(props: &LinksProps) -> Html {
    let lines = lines(&props.view);
    html! {
        <g class="links">
            { for lines.iter().filter_map(|line| {
                let segment = props.layout.link(line.link.a, line.link.b)?;
                Some(drawn(line, segment, props))
            }) }
        </g>
    }
}

/// The links of the view, and a line for every client that has or tries a server.
fn lines(view: &View) -> Vec<Line> {
    let mut lines: Vec<_> = view
        .links
        .iter()
        .map(|link| Line {
            link: *link,
            session: matches!(link.a, Endpoint::Client(_))
                .then_some(false)
                .or_else(|| matches!(link.b, Endpoint::Client(_)).then_some(false)),
        })
        .collect();
    for client in &view.clients {
        let Some(server) = client.server else {
            continue;
        };
        let up = client.state == "connected";
        let (a, b) = (Endpoint::Client(client.id), Endpoint::Server(server));
        let known = lines.iter_mut().find(|line| {
            (line.link.a, line.link.b) == (a, b) || (line.link.a, line.link.b) == (b, a)
        });
        if let Some(line) = known {
            line.session = Some(up);
        }
    }
    lines
}

/// One line, with the wide invisible one that a hand finds.
fn drawn(line: &Line, segment: Segment, props: &LinksProps) -> Html {
    let Line { link, session } = line;
    let cut = link.cut_from_a || link.cut_from_b;
    let mark = props.marks.of_link(link.a, link.b);
    let class = classes!(
        "link",
        cut.then_some("cut"),
        session.map(|up| if up { "session" } else { "session down" }),
        mark.class(),
    );
    let (x1, y1) = (
        num(segment.from.x).to_string(),
        num(segment.from.y).to_string(),
    );
    let (x2, y2) = (num(segment.to.x).to_string(), num(segment.to.y).to_string());
    let name = format!("Link {} to {}, {}", link.a, link.b, describe(link));
    html! {
        <g key={format!("{}-{}", link.a, link.b)} {class} role="button" tabindex={mark.tab_index()}
            aria-label={name} data-link={format!("{}-{}", link.a, link.b)} data-cut={cut_name(link)}>
            <line class="hit" x1={x1.clone()} y1={y1.clone()} x2={x2.clone()} y2={y2.clone()} />
            <line class="line" {x1} {y1} {x2} {y2} />
            if link.cut_from_a {
                { wall(props.layout.wall(link.a, link.b)) }
            }
            if link.cut_from_b {
                { wall(props.layout.wall(link.b, link.a)) }
            }
        </g>
    }
}

/// Half a wall: it closes one lane.
fn wall(wall: Option<Segment>) -> Html {
    let Some(Segment { from, to }) = wall else {
        return Html::default();
    };
    let d = format!(
        "M{} {}L{} {}",
        num(from.x),
        num(from.y),
        num(to.x),
        num(to.y)
    );
    html! { <path class="wall" {d} /> }
}

#[cfg(test)]
mod tests {
    use quorumscope_core::ids::ServerId;
    use quorumscope_core::time::Duration;

    use super::*;

    fn link(cut_from_a: bool, cut_from_b: bool) -> LinkView {
        LinkView {
            a: ServerId::new(1).into(),
            b: ServerId::new(2).into(),
            cut_from_a,
            cut_from_b,
            latency: (Duration::from_millis(10), Duration::from_millis(15)),
            loss_ppm: 20_000,
        }
    }

    #[test]
    fn a_click_cuts_a_whole_link_and_heals_a_cut_one() {
        assert_eq!(cut_or_heal(&link(false, false)), "cut S1 S2");
        assert_eq!(cut_or_heal(&link(true, true)), "heal S1 S2");
        assert_eq!(cut_or_heal(&link(false, true)), "heal S1 S2");
    }

    #[test]
    fn a_one_way_cut_is_named_by_the_way_that_is_closed() {
        assert_eq!(cut_name(&link(true, false)), "S1->S2");
        assert_eq!(cut_name(&link(false, true)), "S2->S1");
        assert_eq!(cut_name(&link(true, true)), "both");
        assert_eq!(cut_name(&link(false, false)), "none");
    }

    #[test]
    fn a_link_tells_its_latency_and_its_loss() {
        let text = describe(&link(false, false));
        assert_eq!(text, "10ms–15ms · loss 2 % · click to cut");
    }
}
