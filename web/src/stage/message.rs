//! A message in flight, and the mark that a dead one leaves.

use quorumscope_core::ids::{Endpoint, MessageId};
use quorumscope_core::time::{Duration, Time};
use quorumscope_core::view::{DeathView, Family, MessageView};
use yew::prelude::*;

use super::geometry::{Layout, Point, rotation};
use super::marks::Mark;
use crate::number::{fine, num};

/// How long a death is seen, in simulated time.
pub(crate) const MOURNED: Duration = Duration::from_millis(8);
/// How near to its receiver a message that is held back is drawn at most.
const HELD_AT_MOST: f64 = 0.8;

/// The letter of a message that asks. Between client and server it is the first of its kind's
/// name, but for a close, which would look like a connect.
pub(crate) fn letter(family: Family, kind: &'static str) -> &'static str {
    match (family, kind) {
        (Family::Vote, "FOLLOWERINFO" | "OBSERVERINFO" | "LEADERINFO") => "E",
        (Family::Vote, _) => "V",
        (Family::Append, "InstallSnapshot" | "SNAP" | "SNAP body") => "S",
        (Family::Append, "DIFF") => "D",
        (Family::Append, "TRUNC") => "T",
        (Family::Append, "NEWLEADER") => "N",
        (Family::Append, "UPTODATE") => "U",
        (Family::Append, "PROPOSAL") => "P",
        (Family::Append, "COMMIT" | "COMMITANDACTIVATE") => "C",
        (Family::Append, "INFORM" | "INFORMANDACTIVATE") => "I",
        (Family::Append, _) => "A",
        (Family::Forward, _) => "F",
        (Family::Beat, "Ping" | "PING") => "p",
        (Family::Beat, "Open" | "Accepted") => "o",
        (Family::Beat, "Touch") => "t",
        (Family::Beat, _) => "h",
        (Family::Client, "CloseSession") => "X",
        (Family::Client, kind) => kind.get(..1).unwrap_or_default(),
    }
}

/// The class that sets a family's colour.
pub(crate) fn family_class(family: Family) -> &'static str {
    match family {
        Family::Vote => "k-vote",
        Family::Append => "k-append",
        Family::Beat => "k-beat",
        Family::Forward => "k-forward",
        Family::Client => "k-client",
    }
}

/// What of its way a message has behind it at `now`.
pub(crate) fn progress(message: &MessageView, now: Time) -> f64 {
    let whole = message.arrives.since(message.sent).as_micros();
    let gone = now.since(message.sent).as_micros();
    let fraction = if whole == 0 {
        1.0
    } else {
        (gone as f64 / whole as f64).min(1.0)
    };
    if message.held {
        fraction.min(HELD_AT_MOST)
    } else {
        fraction
    }
}

/// Where a message is at `now`; none when an end of its way is not on the stage.
pub(crate) fn whereabouts(message: &MessageView, now: Time, layout: &Layout) -> Option<Point> {
    let lane = layout.lane(message.from, message.to)?;
    Some(lane.at(progress(message, now)))
}

/// What of a message stays the same while it flies.
#[derive(Properties, Clone, PartialEq)]
pub(crate) struct MessageMarkProps {
    /// Its name.
    pub(crate) id: MessageId,
    /// The sender.
    pub(crate) from: Endpoint,
    /// The receiver.
    pub(crate) to: Endpoint,
    /// What it is.
    pub(crate) kind: &'static str,
    /// Its palette.
    pub(crate) family: Family,
    /// Its letter, `+` or `−`.
    pub(crate) sign: &'static str,
    /// Whether it answers another.
    pub(crate) reply: bool,
    /// The sender's term, or the epoch that it speaks of.
    pub(crate) term: Option<u64>,
    /// What that is called.
    pub(crate) era: &'static str,
    /// Whether it is held back.
    pub(crate) held: bool,
    /// Which way it flies, in degrees from 3 o'clock.
    pub(crate) heading: i32,
    /// Its radius.
    pub(crate) disc: f64,
    /// How it is marked.
    pub(crate) mark: Mark,
}

impl MessageMarkProps {
    /// What is drawn of `message`, neither selected nor lit; none when an end of its way is not
    /// on the stage.
    pub(crate) fn of(message: &MessageView, layout: &Layout, era: &'static str) -> Option<Self> {
        let lane = layout.lane(message.from, message.to)?;
        let sign = match (message.reply, message.positive) {
            (true, Some(false)) => "−",
            (true, Some(true)) => "+",
            (true, None) => "·",
            (false, _) => letter(message.family, message.kind),
        };
        Some(Self {
            id: message.id,
            from: message.from,
            to: message.to,
            kind: message.kind,
            family: message.family,
            sign,
            reply: message.reply,
            term: message.term,
            era,
            held: message.held,
            heading: rotation(lane.bearing()).round() as i32,
            disc: layout.disc,
            mark: Mark::default(),
        })
    }

    /// For who cannot see it.
    fn name(&self) -> String {
        let mut parts = vec![
            format!("{} {}", self.kind, self.id),
            format!("{} to {}", self.from, self.to),
        ];
        match self.sign {
            "+" => parts.push("yes".to_owned()),
            "−" => parts.push("no".to_owned()),
            _ => {}
        }
        if let Some(term) = self.term {
            parts.push(format!("{} {term}", self.era));
        }
        if self.held {
            parts.push("held back".to_owned());
        }
        parts.join(", ")
    }
}

/// A message. It is drawn round the origin: whoever shows it moves it.
#[function_component]
pub(crate) fn MessageMark(props: &MessageMarkProps) -> Html {
    let class = classes!(
        "message",
        family_class(props.family),
        (props.family == Family::Beat).then_some("beat"),
        props.reply.then_some("reply"),
        props.held.then_some("held"),
        props.mark.class(),
    );
    let radius = match props.family {
        Family::Beat => props.disc - 1.0,
        _ => props.disc,
    };
    html! {
        <g {class} role="button" tabindex={props.mark.tab_index()} aria-label={props.name()}
            data-message={props.id.to_string()} data-kind={props.kind}
            data-from={props.from.to_string()} data-to={props.to.to_string()}>
            <circle class="hit" r="18" />
            <path class="tail" d={format!("M-{} 0h-11", num(radius + 1.0))}
                transform={format!("rotate({})", props.heading)} />
            <circle class="halo" r={num(radius + 4.0).to_string()} />
            { body(props.family, radius) }
            <text>{ props.sign }</text>
            if props.held {
                <path class="pause" d={format!("M{} -{}v7m4 0v-7", num(radius), num(radius + 5.0))} />
            }
        </g>
    }
}

/// The shape of a message: round between servers, square between a client and a server.
fn body(family: Family, radius: f64) -> Html {
    if family == Family::Client {
        let (corner, side) = (num(-radius).to_string(), num(2.0 * radius).to_string());
        return html! {
            <rect class="body" x={corner.clone()} y={corner} width={side.clone()} height={side} rx="4" />
        };
    }
    html! { <circle class="body" r={num(radius).to_string()} /> }
}

/// The mark of a death: a burst where the message died, and the cause. It spreads and fades with
/// simulated time, so that a paused picture keeps it.
#[inline(never)] // Apart: it is needed later, and fetched then.
pub(crate) fn death(death: &DeathView, now: Time, layout: &Layout) -> Option<Html> {
    let age = now.since(death.at).as_micros() as f64 / MOURNED.as_micros() as f64;
    if age >= 1.0 {
        return None;
    }
    let lane = layout.lane(death.from, death.to)?;
    let Point { x, y } = lane.at(f64::from(death.place) / 1000.0);
    let spread = 0.7 + 0.5 * age;
    // Read across the lane, on the outer side of the link, where no message flies.
    let side = lane.right() * (layout.disc + 14.0);
    let anchor = match side.x {
        x if x > 6.0 => "start",
        x if x < -6.0 => "end",
        _ => "middle",
    };
    Some(html! {
        <g key={death.id.number()} class={classes!("death", family_class(death.family))}
            transform={format!("translate({} {})", num(x), num(y))}
            opacity={fine(1.0 - age * age).to_string()}>
            <path class="burst" style={format!("--spread:{}", fine(spread))}
                d="M0 -6V-12M0 6V12M6 0H12M-6 0H-12M4.2 4.2L8.5 8.5M-4.2 4.2L-8.5 8.5M4.2 -4.2L8.5 -8.5M-4.2 -4.2L-8.5 -8.5" />
            <path class="cross" d="M-3.5 -3.5L3.5 3.5M3.5 -3.5L-3.5 3.5" />
            <text x={num(side.x).to_string()} y={num(side.y).to_string()} text-anchor={anchor}>
                { death.why }
            </text>
        </g>
    })
}

#[cfg(test)]
mod tests {
    use quorumscope_core::ids::ServerId;

    use super::*;

    fn flying(held: bool) -> MessageView {
        MessageView {
            id: MessageId::new(1),
            from: ServerId::new(1).into(),
            to: ServerId::new(2).into(),
            kind: "RequestVote",
            family: Family::Vote,
            reply: false,
            positive: None,
            term: Some(1),
            sent: Time::from_millis(10),
            arrives: Time::from_millis(20),
            held,
        }
    }

    #[test]
    fn a_message_is_where_its_time_puts_it() {
        for (now, fraction) in [(5, 0.0), (10, 0.0), (15, 0.5), (20, 1.0), (30, 1.0)] {
            let at = progress(&flying(false), Time::from_millis(now));
            assert!((at - fraction).abs() < 1e-9, "{now} ms: {at}");
        }
    }

    #[test]
    fn packets_of_zab_that_look_alike_otherwise_have_letters_of_their_own() {
        let kinds = [
            "DIFF",
            "TRUNC",
            "SNAP",
            "NEWLEADER",
            "UPTODATE",
            "PROPOSAL",
            "COMMIT",
            "INFORM",
        ];
        let letters = kinds.map(|kind| letter(Family::Append, kind));
        assert_eq!(letters.concat(), "DTSNUPCI");
    }

    #[test]
    fn a_held_message_never_reaches_its_receiver() {
        assert!(progress(&flying(true), Time::from_millis(50)) < 1.0);
    }
}
