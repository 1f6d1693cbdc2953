//! What must hold of every layout, checked at the sizes the page is made for.

use super::*;

const SIZES: [(f64, f64); 3] = [(900.0, 480.0), (800.0, 380.0), (390.0, 420.0)];

fn sizes() -> impl Iterator<Item = Size> {
    SIZES
        .into_iter()
        .map(|(width, height)| Size { width, height })
}

fn client(position: usize) -> ClientId {
    ClientId::from_position(position).unwrap()
}

/// Seats in which client `i` sits with server `of(i)`; `None` waits at the edge.
fn seats(clients: usize, of: impl Fn(usize) -> Option<usize>) -> Vec<Seat> {
    (0..clients)
        .map(|position| Seat {
            client: client(position),
            server: of(position).map(ServerId::from_position),
        })
        .collect()
}

/// Everything that may not overlap, with its name.
fn areas(layout: &Layout) -> Vec<(String, Area)> {
    let scale = layout.scale();
    let mut areas = Vec::new();
    for (position, spot) in layout.servers.iter().enumerate() {
        let name = ServerId::from_position(position);
        let width = 2.0 * TIMER * scale;
        areas.push((format!("{name}"), Area::around(spot.at, width, width)));
        areas.push((format!("label of {name}"), spot.label.area(spot.at)));
    }
    for place in &layout.clients {
        let area = seats::area(place.at, layout.narrow);
        areas.push((format!("client {}", place.client), area));
    }
    areas
}

/// What overlaps or leaves the picture.
fn clashes(layout: &Layout, what: &str) -> Vec<String> {
    let areas = areas(layout);
    let mut found = Vec::new();
    for (position, (name, area)) in areas.iter().enumerate() {
        if area.outside(layout.size) >= 1.0 {
            found.push(format!("{what}: {name} leaves the picture: {area:?}"));
        }
        for (other_name, other) in &areas[position + 1..] {
            if area.overlap(*other) >= 1.0 {
                found.push(format!("{what}: {name} overlaps {other_name}"));
            }
        }
    }
    found
}

#[test]
fn servers_stand_clockwise_from_twelve() {
    for size in sizes() {
        let layout = Layout::new(size, 4, &[]);
        let [top, right, bottom, left] = [0, 1, 2, 3].map(|at: usize| layout.servers[at].at);
        assert!(top.y < right.y && right.y < bottom.y);
        assert!(left.x < top.x && top.x < right.x);
        assert!((top.x - bottom.x).abs() < 1e-6 && (left.y - right.y).abs() < 1e-6);
    }
}

#[test]
fn a_bearing_points_from_one_server_at_another() {
    let size = Size {
        width: 900.0,
        height: 480.0,
    };
    let layout = Layout::new(size, 4, &[]);
    let server = ServerId::new;
    let down = layout.bearing(server(1), server(3)).unwrap();
    let right = layout.bearing(server(4), server(2)).unwrap();
    assert!((down.abs() - PI).abs() < 1e-9);
    assert!((right - PI / 2.0).abs() < 1e-9);
    assert_eq!(layout.bearing(server(1), server(5)), None);
}

#[test]
fn nothing_overlaps_or_leaves_the_picture() {
    let mut found = Vec::new();
    for size in sizes() {
        for servers in 1..=9 {
            for clients in 0..=6 {
                let spread = seats(clients, |position| Some(position % servers));
                let layout = Layout::new(size, servers, &spread);
                found.extend(clashes(
                    &layout,
                    &format!("{size:?} {servers} {clients} spread"),
                ));
                let unconnected = seats(clients, |_| None);
                let layout = Layout::new(size, servers, &unconnected);
                found.extend(clashes(
                    &layout,
                    &format!("{size:?} {servers} {clients} none"),
                ));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn clients_crowd_round_any_one_server_without_overlap() {
    let mut found = Vec::new();
    for size in sizes() {
        for servers in 1..=9 {
            for home in 0..servers {
                for clients in 1..=6 {
                    let crowd = seats(clients, |_| Some(home));
                    let layout = Layout::new(size, servers, &crowd);
                    let what = format!("{size:?} {servers} {clients} at {home}");
                    found.extend(clashes(&layout, &what));
                }
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn clients_stand_outside_the_ring() {
    for size in sizes() {
        for servers in 2..=9 {
            let spread = seats(servers.min(6), Some);
            let layout = Layout::new(size, servers, &spread);
            for place in &layout.clients {
                let from_centre = (place.at - layout.centre).length();
                assert!(from_centre > layout.ring, "{size:?} {servers} {place:?}");
            }
        }
    }
}

#[test]
fn messages_in_opposite_directions_never_touch() {
    for size in sizes() {
        for servers in 2..=9 {
            let spread = seats(1, Some);
            let layout = Layout::new(size, servers, &spread);
            let a = Endpoint::from(ServerId::new(1));
            for b in [Endpoint::from(ServerId::new(2)), Endpoint::from(client(0))] {
                let (there, back) = (layout.lane(a, b).unwrap(), layout.lane(b, a).unwrap());
                for step in 0..=100 {
                    let at = there.at(f64::from(step) / 100.0);
                    assert!(back.distance(at) >= 2.0 * layout.disc);
                }
            }
        }
    }
}

#[test]
fn a_one_way_wall_stands_on_the_lane_it_closes() {
    let size = Size {
        width: 900.0,
        height: 480.0,
    };
    let layout = Layout::new(size, 5, &[]);
    let (a, b) = (
        Endpoint::from(ServerId::new(1)),
        Endpoint::from(ServerId::new(3)),
    );
    let wall = layout.wall(a, b).unwrap();
    let closed = layout.lane(a, b).unwrap();
    let open = layout.lane(b, a).unwrap();
    assert!(wall.distance(closed.at(0.5)) < 1e-6);
    assert!(wall.distance(open.at(0.5)) > layout.disc);
}

#[test]
fn a_note_stays_in_the_picture_and_off_the_servers() {
    for size in sizes() {
        let layout = Layout::new(size, 5, &[]);
        let note = Size {
            width: 320.0,
            height: 22.0,
        };
        let width = 2.0 * TIMER * layout.scale();
        for a in 1..=5 {
            for b in (1..=5).filter(|b| *b != a) {
                let lane = layout.lane(ServerId::new(a).into(), ServerId::new(b).into());
                let area = layout.note(lane.unwrap().at(0.5), note);
                assert!(area.outside(size) < 1e-6, "{size:?} {a} {b}");
                for spot in &layout.servers {
                    let server = Area::around(spot.at, width, width);
                    assert!(area.overlap(server) < 1e-6, "{size:?} {a} {b} {spot:?}");
                }
            }
        }
    }
}

#[test]
fn a_lasso_catches_the_servers_it_goes_round() {
    let size = Size {
        width: 900.0,
        height: 480.0,
    };
    let layout = Layout::new(size, 5, &[]);
    let whole =
        [(0.0, 0.0), (900.0, 0.0), (900.0, 480.0), (0.0, 480.0)].map(|(x, y)| Point::new(x, y));
    assert_eq!(layout.caught(&whole).len(), 5);
    let right =
        [(450.5, 0.0), (900.0, 0.0), (900.0, 480.0), (450.5, 480.0)].map(|(x, y)| Point::new(x, y));
    let caught: Vec<_> = layout.caught(&right).iter().map(|id| id.number()).collect();
    assert_eq!(caught, [2, 3]);
    assert_eq!(layout.caught(&[]), []);
}

#[test]
fn a_segment_crosses_what_it_runs_through_and_nothing_else() {
    let area = Area::new(10.0, 10.0, 10.0, 10.0);
    let through = Segment::new(Point::new(0.0, 0.0), Point::new(30.0, 30.0));
    let past = Segment::new(Point::new(0.0, 25.0), Point::new(5.0, 0.0));
    let short = Segment::new(Point::new(0.0, 0.0), Point::new(9.0, 9.0));
    assert!(through.crosses(area));
    assert!(!past.crosses(area));
    assert!(!short.crosses(area));
}
