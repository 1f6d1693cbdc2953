//! Timers and leases as arcs, clockwise from 12 o'clock, that run down.
//!
//! Each frame changes one attribute an arc: its length is always called 100.

use quorumscope_core::ids::Endpoint;
use quorumscope_core::view::{TimerView, View};
use yew::prelude::*;

use super::geometry::{Layout, TIMER};
use crate::number::num;

/// The arcs of all timers that run.
pub(crate) fn arcs(view: &View, layout: &Layout) -> Html {
    let timers = || {
        let servers = view.servers.iter();
        servers.filter_map(|server| server.timer.or(server.lease))
    };
    let full = scale(timers().map(|timer| timer.total.as_micros()).max());
    let servers = view.servers.iter().filter_map(|server| {
        // A leader has no election timer; what runs down is its lease.
        let (timer, class) = match (server.timer, server.lease) {
            (Some(timer), _) => (timer, "timer"),
            (None, lease) => (lease?, "timer lease"),
        };
        server.up.then_some(())?;
        Some(arc(
            server.id.into(),
            class,
            TIMER * layout.scale(),
            left(timer, full),
            layout,
        ))
    });
    let radius = if layout.narrow { 19.0 } else { 23.0 };
    let clients = view.clients.iter().filter_map(|client| {
        let timer = client.timer?;
        let full = timer.total.as_micros();
        let class = "timer thin";
        Some(arc(
            client.id.into(),
            class,
            radius,
            left(timer, full),
            layout,
        ))
    });
    html! { <g class="timers" aria-hidden="true">{ for servers.chain(clients).flatten() }</g> }
}

/// What a whole turn stands for: the longest timer, rounded up to one digit, so that the arcs of
/// different servers can be compared (the shortest fires first) and the scale does not change
/// with each new draw.
fn scale(longest: Option<u64>) -> u64 {
    let longest = longest.unwrap_or(0).max(1);
    let mut unit = 1;
    while unit * 10 <= longest {
        unit *= 10;
    }
    longest.div_ceil(unit) * unit
}

/// What is left of a timer, in hundredths of a whole turn.
fn left(timer: TimerView, full: u64) -> f64 {
    let fraction = timer.remaining.as_micros() as f64 / full.max(1) as f64;
    (fraction * 100.0).min(100.0)
}

/// The arc of one timer.
fn arc(
    whose: Endpoint,
    class: &'static str,
    radius: f64,
    left: f64,
    layout: &Layout,
) -> Option<Html> {
    let at = layout.place(whose)?;
    Some(html! {
        <circle key={whose.to_string()} {class} r={num(radius).to_string()} pathLength="100"
            transform={format!("translate({} {})rotate(-90)", num(at.x), num(at.y))}
            stroke-dasharray="100" stroke-dashoffset={num(100.0 - left).to_string()} />
    })
}

#[cfg(test)]
mod tests {
    use quorumscope_core::time::Duration;

    use super::*;

    #[test]
    fn a_whole_turn_is_the_longest_timer_rounded_up_to_one_digit() {
        for (longest, full) in [
            (None, 1),
            (Some(7), 7),
            (Some(150_000), 200_000),
            (Some(240_000), 300_000),
            (Some(300_000), 300_000),
            (Some(300_001), 400_000),
        ] {
            assert_eq!(scale(longest), full);
        }
    }

    #[test]
    fn an_arc_is_as_long_as_what_is_left() {
        let timer = TimerView {
            remaining: Duration::from_millis(75),
            total: Duration::from_millis(200),
        };
        assert!((left(timer, 300_000) - 25.0).abs() < 1e-9);
        assert!((left(timer, 50_000) - 100.0).abs() < 1e-9);
    }
}
