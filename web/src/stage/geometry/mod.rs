//! Where everything on the stage stands. No other file knows a position.
//!
//! One unit is one CSS pixel: the picture's `viewBox` is the size of its container, so text keeps
//! its size and the ring takes what room there is. A [`Layout`] depends on the size, the number of
//! servers and where the clients sit, never on what the servers do: nothing moves when a role, a
//! term or a label changes.

mod seats;
mod shapes;

use std::f64::consts::{PI, TAU};

use quorumscope_core::ids::{ClientId, Endpoint, ServerId};

use crate::maths;

pub(crate) use seats::{Homes, Seat};
pub(crate) use shapes::{Area, Point, Segment, Size, inside};

/// The radius in which a server is drawn before it is scaled to its place.
pub(crate) const FACE: f64 = 29.0;
/// The radius of the timer round a server, in the same units as [`FACE`].
pub(crate) const TIMER: f64 = 35.0;
/// How far a crown reaches above a server's centre, in the same units as [`FACE`].
const CROWN_TOP: f64 = 53.0;
/// The radius of the selection round a server, in the same units as [`FACE`].
pub(crate) const HALO: f64 = 41.0;
/// Below this width labels take two lines and clients lose theirs.
const NARROW: f64 = 560.0;
/// From this width on the legend has its strip at the bottom.
const LEGEND_FROM: f64 = 620.0;
/// The height of that strip.
const LEGEND: f64 = 22.0;
/// The smallest picture that is laid out; anything smaller is scaled down by the browser.
const SMALLEST: Size = Size {
    width: 240.0,
    height: 200.0,
};

/// Where a server stands and how it is labelled.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Spot {
    /// The centre.
    pub(crate) at: Point,
    /// The bearing from the ring's centre, in radians clockwise from 12 o'clock.
    pub(crate) bearing: f64,
    /// Its name and role.
    pub(crate) label: Label,
}

/// Where a label stands.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Label {
    /// The anchor on the first line's middle, relative to what is labelled.
    pub(crate) at: Point,
    /// Which end of the text the anchor is.
    pub(crate) anchor: Anchor,
    /// What it says.
    pub(crate) style: LabelStyle,
}

/// What a server's label says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LabelStyle {
    /// Name and role on one line.
    Line,
    /// The role under the name.
    TwoLines,
    /// The name alone: the role is to be seen by its shape.
    Name,
}

/// Which end of a text its anchor is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Anchor {
    /// The text runs to the right of it.
    Start,
    /// The text is centred on it.
    Middle,
    /// The text ends at it.
    End,
}

/// Where a client stands.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Place {
    /// Who.
    pub(crate) client: ClientId,
    /// The centre of its box.
    pub(crate) at: Point,
}

/// Where everything stands.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Layout {
    /// The picture.
    pub(crate) size: Size,
    /// The ring's centre.
    pub(crate) centre: Point,
    /// The ring's radius.
    pub(crate) ring: f64,
    /// A server's radius.
    pub(crate) node: f64,
    /// A message's radius; opposite lanes are far enough apart for two of it.
    pub(crate) disc: f64,
    /// Whether room is scarce: two-line labels, small clients without an operation.
    pub(crate) narrow: bool,
    /// The servers, S1 first.
    pub(crate) servers: Vec<Spot>,
    /// The clients, A first.
    pub(crate) clients: Vec<Place>,
}

impl Anchor {
    /// As SVG's `text-anchor`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Middle => "middle",
            Self::End => "end",
        }
    }
}

impl Label {
    /// The room it takes, whatever the role says.
    pub(crate) fn area(&self, server: Point) -> Area {
        let (width, height) = self.style.size();
        let at = server + self.at;
        let left = match self.anchor {
            Anchor::Start => at.x,
            Anchor::Middle => at.x - width / 2.0,
            Anchor::End => at.x - width,
        };
        Area::new(left, at.y - 9.0, width, height)
    }
}

impl LabelStyle {
    /// What there is room for.
    fn of(narrow: bool, servers: usize) -> Self {
        match (narrow, servers > 6) {
            (false, _) => Self::Line,
            (true, false) => Self::TwoLines,
            (true, true) => Self::Name,
        }
    }

    /// The width and height of a label with the longest role.
    fn size(self) -> (f64, f64) {
        match self {
            Self::Line => (104.0, 18.0),
            Self::TwoLines => (60.0, 33.0),
            Self::Name => (22.0, 18.0),
        }
    }
}

impl Layout {
    /// Lays out `servers` servers and the clients in `seats`, in that order.
    pub(crate) fn new(size: Size, servers: usize, seats: &[Seat]) -> Self {
        let size = size.at_least(SMALLEST);
        let mut layout = Self::with_servers(size, servers, !seats.is_empty(), 0.0);
        let below = |spot: &Spot| spot.label.area(spot.at).bottom() - size.height;
        let over = layout.servers.iter().map(below).fold(0.0, f64::max);
        if over > 0.0 {
            layout = Self::with_servers(size, servers, !seats.is_empty(), over);
        }
        layout.clients = seats::place(&layout, seats);
        layout
    }

    /// The ring with its servers, and `below` of more room under it: for labels.
    fn with_servers(size: Size, servers: usize, guests: bool, below: f64) -> Self {
        let mut layout = Self::ring(size, servers, guests, below);
        layout.servers = (0..servers)
            .map(|position| layout.spot(position, servers))
            .collect();
        layout
    }

    /// The ring without anyone on it.
    fn ring(size: Size, servers: usize, guests: bool, below: f64) -> Self {
        let narrow = size.width < NARROW;
        let reach = Reach::of(servers);
        let node = node_radius(size, servers);
        let scale = node / FACE;
        let top = CROWN_TOP * scale + 6.0;
        let legend = if has_legend(size) { LEGEND } else { 0.0 };
        let bottom = TIMER * scale + 8.0 + legend + below;
        let beside = if narrow {
            48.0 + if guests { 8.0 } else { 0.0 }
        } else {
            TIMER * scale + 14.0 + LabelStyle::Line.size().0
        };
        let by_height = (size.height - top - bottom) / (reach.up + reach.down).max(0.1);
        let by_width = (size.width / 2.0 - beside) / reach.side.max(0.1);
        let ring = if servers < 2 {
            0.0
        } else {
            by_height.min(by_width).max(node * 1.5)
        };
        let spare = size.height - top - bottom - ring * (reach.up + reach.down);
        Self {
            size,
            centre: Point::new(
                size.width / 2.0,
                top + ring * reach.up + (spare / 2.0).max(0.0),
            ),
            ring,
            node,
            disc: (node * 0.31).clamp(7.0, 9.0),
            narrow,
            servers: Vec::new(),
            clients: Vec::new(),
        }
    }

    /// The place of the server at `position` of `servers`: S1 at the top, then clockwise.
    fn spot(&self, position: usize, servers: usize) -> Spot {
        let bearing = bearing_of(position, servers);
        let at = self.centre + Point::towards(bearing) * self.ring;
        Spot {
            at,
            bearing,
            label: self.label(at, bearing, LabelStyle::of(self.narrow, servers)),
        }
    }

    /// A label stands beside its server on the outer side, away from the links; where there is no
    /// room beside it, under it and as far out as the picture goes.
    fn label(&self, at: Point, bearing: f64, style: LabelStyle) -> Label {
        let (width, height) = style.size();
        let outer = if maths::sin(bearing) < -0.01 {
            -1.0
        } else {
            1.0
        };
        let room = if outer > 0.0 {
            self.size.width - at.x
        } else {
            at.x
        };
        let clear = self.node / FACE * TIMER + 9.0;
        let rise = (18.0 - height) / 2.0;
        if room >= clear + width + 2.0 {
            return Label {
                at: Point::new(outer * clear, rise - maths::cos(bearing) * 15.0),
                anchor: if outer > 0.0 {
                    Anchor::Start
                } else {
                    Anchor::End
                },
                style,
            };
        }
        let half = width / 2.0;
        let out = (room - 2.0 - half).clamp(0.0, half);
        Label {
            at: Point::new(outer * out, self.node / FACE * TIMER + 12.0),
            anchor: Anchor::Middle,
            style,
        }
    }

    /// How much a server's drawing is scaled.
    pub(crate) fn scale(&self) -> f64 {
        self.node / FACE
    }

    /// Where a server or a client stands; none for who is not on the stage.
    pub(crate) fn place(&self, endpoint: Endpoint) -> Option<Point> {
        match endpoint {
            Endpoint::Server(server) => self.spot_of(server).map(|spot| spot.at),
            Endpoint::Client(client) => self
                .clients
                .iter()
                .find(|place| place.client == client)
                .map(|place| place.at),
        }
    }

    /// The spot of a server.
    pub(crate) fn spot_of(&self, server: ServerId) -> Option<&Spot> {
        self.servers.get(server.position())
    }

    /// The bearing from one server to another, in radians clockwise from 12 o'clock.
    pub(crate) fn bearing(&self, from: ServerId, to: ServerId) -> Option<f64> {
        let (from, to) = (self.spot_of(from)?.at, self.spot_of(to)?.at);
        Some((to - from).bearing())
    }

    /// The line between two who are linked, from edge to edge.
    pub(crate) fn link(&self, a: Endpoint, b: Endpoint) -> Option<Segment> {
        let whole = Segment::new(self.place(a)?, self.place(b)?);
        Some(whole.shortened(self.border(a), self.border(b)))
    }

    /// The way of a message: beside the link, on the right as the message flies, so that those
    /// that fly the other way have their own lane.
    pub(crate) fn lane(&self, from: Endpoint, to: Endpoint) -> Option<Segment> {
        let link = self.link(from, to)?;
        Some(link.shifted(self.disc + 0.5))
    }

    /// The wall that stops messages from `from` to `to`: across their lane, from the middle of the
    /// link outwards, so that two of them make a whole wall.
    pub(crate) fn wall(&self, from: Endpoint, to: Endpoint) -> Option<Segment> {
        let link = self.link(from, to)?;
        let middle = link.at(0.5);
        Some(Segment::new(
            middle,
            middle + link.right() * (2.0 * self.disc + 2.0),
        ))
    }

    /// How far from its centre messages to and from an endpoint begin and end.
    fn border(&self, endpoint: Endpoint) -> f64 {
        match endpoint {
            Endpoint::Server(_) => self.node,
            Endpoint::Client(_) => seats::radius(self.narrow) - 4.0,
        }
    }

    /// Where a note of this size about something at `at` stands: above it, below or beside it,
    /// inside the picture, where it hides the least of the servers.
    pub(crate) fn note(&self, at: Point, size: Size) -> Area {
        const GAP: f64 = 20.0;
        let (across, down) = (size.width / 2.0 + GAP, size.height / 2.0 + GAP);
        let hidden = |note: &Area| -> f64 {
            let width = 2.0 * TIMER * self.scale();
            let server = |spot: &Spot| note.overlap(Area::around(spot.at, width, width));
            let far = (note.centre() - at).length();
            far + self.servers.iter().map(server).sum::<f64>()
        };
        [1.0, 1.8]
            .into_iter()
            .flat_map(|far| [(0.0, -down * far), (0.0, down * far)])
            .chain([(across, 0.0), (-across, 0.0)])
            .map(|(x, y)| {
                let note = Area::around(at + Point::new(x, y), size.width, size.height);
                note.within(self.size)
            })
            .min_by(|one, other| hidden(one).total_cmp(&hidden(other)))
            .unwrap_or(Area::around(at, size.width, size.height))
    }

    /// What a lasso caught: the servers whose centre it goes round.
    pub(crate) fn caught(&self, lasso: &[Point]) -> Vec<ServerId> {
        self.servers
            .iter()
            .enumerate()
            .filter(|(_, spot)| inside(lasso, spot.at))
            .map(|(position, _)| ServerId::from_position(position))
            .collect()
    }
}

/// Whether the picture has a strip for the legend.
pub(crate) fn has_legend(size: Size) -> bool {
    size.width >= LEGEND_FROM
}

/// The bearing of a server, in radians clockwise from 12 o'clock.
fn bearing_of(position: usize, servers: usize) -> f64 {
    TAU * position as f64 / servers.max(1) as f64
}

/// As large as the picture allows, smaller where the ring is crowded.
fn node_radius(size: Size, servers: usize) -> f64 {
    let by_size = size.width.min(size.height) * 0.062;
    let crowd = if servers > 6 { 0.88 } else { 1.0 };
    (by_size * crowd).clamp(16.0, 32.0)
}

/// How far a ring of radius one reaches from its centre.
struct Reach {
    up: f64,
    down: f64,
    side: f64,
}

impl Reach {
    fn of(servers: usize) -> Self {
        let bearings = (0..servers).map(|position| bearing_of(position, servers));
        let most = |of: fn(f64) -> f64| bearings.clone().map(of).fold(0.0, f64::max);
        Self {
            up: most(f64::cos),
            down: most(|bearing| -maths::cos(bearing)),
            side: most(|bearing| maths::sin(bearing).abs()),
        }
    }
}

/// Degrees clockwise of a bearing, from 3 o'clock, as SVG's `rotate` counts them.
pub(crate) fn rotation(bearing: f64) -> f64 {
    (bearing - PI / 2.0).to_degrees()
}

#[cfg(test)]
mod tests;
