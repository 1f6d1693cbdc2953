//! Where clients stand: outside the ring, next to the server that holds their session.
//!
//! Each client in turn takes the best free place round its server: outwards if it can, turned to
//! the side or further out where that is taken. A client without a server waits at the edge.

use std::collections::BTreeMap;

use quorumscope_core::ids::{ClientId, ServerId};
use quorumscope_core::view::{ClientView, View};

use super::shapes::{Area, Point, Segment};
use super::{CROWN_TOP, LEGEND, Layout, Place, TIMER, has_legend};

/// A client and the server it is connected with or trying.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Seat {
    /// Who.
    pub(crate) client: ClientId,
    /// Where its session is.
    pub(crate) server: Option<ServerId>,
}

/// Where each client was last seen. One that has lost its server stays there while it looks for
/// another, instead of crossing the stage twice.
#[derive(Default, Debug)]
pub(crate) struct Homes(BTreeMap<ClientId, ServerId>);

impl Homes {
    /// The seats of the clients of `view`.
    pub(crate) fn seats(&mut self, view: &View) -> Vec<Seat> {
        let seat = |client: &ClientView| {
            if let Some(server) = client.server {
                self.0.insert(client.id, server);
            }
            Seat {
                client: client.id,
                server: self.0.get(&client.id).copied(),
            }
        };
        view.clients.iter().map(seat).collect()
    }
}

/// How wide the legend is.
const LEGEND_WIDTH: f64 = 610.0;
/// What a square pixel of overlap costs against a degree of turning away.
const OVERLAP: f64 = 50.0;
/// What standing inside the ring costs, where messages fly.
const INDOORS: f64 = 1.0e4;
/// What a session line across something costs.
const CROSSING: f64 = 160.0;

/// The radius of the session timer round a client.
pub(super) fn radius(narrow: bool) -> f64 {
    if narrow { 20.0 } else { 24.0 }
}

/// The room a client takes: its box within its timer and, where there is room, its operation.
pub(super) fn area(at: Point, narrow: bool) -> Area {
    let outer = radius(narrow) + 3.0;
    if narrow {
        return Area::around(at, 2.0 * outer, 2.0 * outer);
    }
    Area::new(at.x - 49.0, at.y - outer, 98.0, outer + 46.0)
}

/// The room of the operation under a client.
fn operation(at: Point) -> Area {
    Area::around(at + Point::new(0.0, 36.0), 98.0, 16.0)
}

/// The places of all clients, in the order of `seats`.
pub(super) fn place(layout: &Layout, seats: &[Seat]) -> Vec<Place> {
    let mut search = Search::new(layout);
    seats
        .iter()
        .map(|seat| {
            let at = match seat.server.and_then(|server| layout.spot_of(server)) {
                Some(spot) => search.beside(spot.at, spot.bearing),
                None => search.at_the_edge(),
            };
            search.taken.push(area(at, layout.narrow));
            Place {
                client: seat.client,
                at,
            }
        })
        .collect()
}

/// What a place is judged by.
struct Search<'a> {
    layout: &'a Layout,
    taken: Vec<Area>,
    links: Vec<Segment>,
}

impl<'a> Search<'a> {
    fn new(layout: &'a Layout) -> Self {
        let scale = layout.scale();
        let mut taken = Vec::new();
        for spot in &layout.servers {
            let (crown, ring) = (CROWN_TOP * scale, (TIMER + 4.0) * scale);
            taken.push(Area::new(
                spot.at.x - ring,
                spot.at.y - crown,
                2.0 * ring,
                crown + ring,
            ));
            taken.push(spot.label.area(spot.at));
        }
        if has_legend(layout.size) {
            let top = layout.size.height - LEGEND - 8.0;
            taken.push(Area::new(0.0, top, LEGEND_WIDTH, LEGEND + 8.0));
        }
        let mut links = Vec::new();
        for (position, a) in layout.servers.iter().enumerate() {
            for b in &layout.servers[position + 1..] {
                links.push(Segment::new(a.at, b.at));
            }
        }
        Self {
            layout,
            taken,
            links,
        }
    }

    /// The best place for a client of the server at `home`.
    fn beside(&self, home: Point, bearing: f64) -> Point {
        let near = self.layout.node + radius(self.layout.narrow) + 30.0;
        let mut best = (f64::INFINITY, home);
        for ring in 0..16 {
            let distance = near + f64::from(ring) * 14.0;
            for turn in -19..=19 {
                let turned = f64::from(turn) * 8.0;
                let at = home + Point::towards(bearing + turned.to_radians()) * distance;
                let cost = turned.abs() + (distance - near) * 0.7 + self.cost(home, at);
                if cost < best.0 {
                    best = (cost, at);
                }
            }
        }
        if best.0 < INDOORS {
            return best.1;
        }
        self.anywhere(home, |at| (at - home).length())
    }

    /// The best place for a client without a server: as near to the lower right corner as it gets.
    fn at_the_edge(&self) -> Point {
        let corner = Point::new(self.layout.size.width, self.layout.size.height);
        self.anywhere(corner, |at| {
            (corner.x - at.x) * 0.5 + (corner.y - at.y) * 1.5
        })
    }

    /// The best place in the whole picture, for who cares how `far` it is.
    fn anywhere(&self, home: Point, far: impl Fn(Point) -> f64) -> Point {
        const STEP: f64 = 7.0;
        let size = self.layout.size;
        let reach = area(Point::default(), self.layout.narrow);
        let columns = ((size.width - reach.size.width) / STEP) as u32;
        let rows = ((size.height - reach.size.height) / STEP) as u32;
        let mut best = (f64::INFINITY, home);
        for (row, column) in (0..=rows).flat_map(|row| (0..=columns).map(move |at| (row, at))) {
            let at = Point::new(
                size.width - reach.right() - f64::from(column) * STEP,
                size.height - reach.bottom() - f64::from(row) * STEP,
            );
            // Most places are worse than the best by their distance alone.
            let distance = far(at);
            if distance >= best.0 {
                continue;
            }
            let cost = distance + self.cost(at, at);
            if cost < best.0 {
                best = (cost, at);
            }
        }
        best.1
    }

    /// What is wrong with standing at `at`, linked to `home`.
    fn cost(&self, home: Point, at: Point) -> f64 {
        let mine = area(at, self.layout.narrow);
        let covered: f64 = self.taken.iter().map(|other| mine.overlap(*other)).sum();
        let clash = covered + mine.outside(self.layout.size);
        let mut cost = clash * OVERLAP;
        if clash > 0.5 {
            cost += INDOORS;
        }
        if (at - self.layout.centre).length() < self.layout.ring {
            cost += INDOORS;
        }
        let crossed = self.links.iter().filter(|link| link.crosses(mine)).count();
        cost += crossed as f64 * INDOORS;
        let session = Segment::new(home, at).shortened(self.layout.node + 12.0, 0.0);
        // Messages fly beside the line: it keeps its distance from what stands there.
        let lane = self.layout.disc;
        let over = self
            .taken
            .iter()
            .filter(|other| session.crosses(other.widened(lane)))
            .count();
        let under = !self.layout.narrow && session.crosses(operation(at).widened(lane));
        cost + (over + usize::from(under)) as f64 * CROSSING
    }
}
