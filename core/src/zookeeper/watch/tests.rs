use super::*;

const W: ConnectionId = ConnectionId::new(1);
const V: ConnectionId = ConnectionId::new(2);

fn path(path: &str) -> Arc<str> {
    path.into()
}

fn created(at: &str) -> Change {
    Change::Created { path: path(at) }
}

fn deleted(at: &str) -> Change {
    Change::Deleted { path: path(at) }
}

fn changed(at: &str) -> Change {
    Change::DataChanged { path: path(at) }
}

/// What is told, as text: `1 NodeCreated /a`.
fn told(table: &mut WatchTable, change: &Change) -> Vec<String> {
    let told = table.fire(change, false);
    told.iter()
        .map(|(to, event)| format!("{} {event}", to.number()))
        .collect()
}

fn once(at: &str, half: Half) -> WatchTable {
    let mut table = WatchTable::default();
    table.watch_once(W, &path(at), half);
    table
}

fn always(at: &str, mode: AddWatchMode) -> WatchTable {
    let mut table = WatchTable::default();
    table.watch_always(W, &path(at), mode);
    table
}

use AddWatchMode::{Persistent, PersistentRecursive};
use Half::{Child, Data};

#[test]
fn each_kind_of_watch_is_told_what_the_table_of_the_reference_says() {
    let nothing: &[&str] = &[];
    for (table, change, expected) in [
        (once("/n", Data), created("/n"), &["1 NodeCreated /n"][..]),
        (once("/n", Data), changed("/n"), &["1 NodeDataChanged /n"]),
        (once("/n", Data), deleted("/n"), &["1 NodeDeleted /n"]),
        (once("/n", Data), created("/n/c"), nothing),
        (once("/n", Data), deleted("/n/c"), nothing),
        (once("/n", Child), changed("/n"), nothing),
        (once("/n", Child), deleted("/n"), &["1 NodeDeleted /n"]),
        (
            once("/n", Child),
            created("/n/c"),
            &["1 NodeChildrenChanged /n"],
        ),
        (
            once("/n", Child),
            deleted("/n/c"),
            &["1 NodeChildrenChanged /n"],
        ),
        (once("/n", Child), changed("/n/c"), nothing),
        (once("/n", Child), created("/n/c/g"), nothing),
        (
            once("/", Child),
            created("/n"),
            &["1 NodeChildrenChanged /"],
        ),
        (
            always("/n", Persistent),
            created("/n"),
            &["1 NodeCreated /n"],
        ),
        (
            always("/n", Persistent),
            deleted("/n"),
            &["1 NodeDeleted /n"],
        ),
        (
            always("/n", Persistent),
            changed("/n"),
            &["1 NodeDataChanged /n"],
        ),
        (
            always("/n", Persistent),
            created("/n/c"),
            &["1 NodeChildrenChanged /n"],
        ),
        (always("/n", Persistent), changed("/n/c"), nothing),
        (
            always("/n", PersistentRecursive),
            created("/n"),
            &["1 NodeCreated /n"],
        ),
        (
            always("/n", PersistentRecursive),
            created("/n/c/g"),
            &["1 NodeCreated /n/c/g"],
        ),
        (
            always("/n", PersistentRecursive),
            deleted("/n/c"),
            &["1 NodeDeleted /n/c"],
        ),
        (
            always("/n", PersistentRecursive),
            changed("/n/c"),
            &["1 NodeDataChanged /n/c"],
        ),
        (
            always("/", PersistentRecursive),
            changed("/n/c"),
            &["1 NodeDataChanged /n/c"],
        ),
        // By components, not by letters.
        (always("/n", PersistentRecursive), created("/nn"), nothing),
    ] {
        let mut table = table;
        assert_eq!(told(&mut table, &change), expected, "{change:?}");
    }
}

#[test]
fn a_one_shot_watch_is_used_up_whatever_it_was_told_and_a_persistent_one_stays() {
    let mut table = once("/n", Data);
    table.watch_once(W, &path("/n"), Data);
    assert_eq!(told(&mut table, &created("/n")).len(), 1);
    assert_eq!(told(&mut table, &changed("/n")).len(), 0);
    assert_eq!(table, WatchTable::default());
    let mut table = always("/n", Persistent);
    for _ in 0..3 {
        assert_eq!(told(&mut table, &changed("/n")).len(), 1);
    }
}

#[test]
fn a_connection_is_told_once_that_a_znode_is_gone_and_after_it_that_the_parent_changed() {
    let mut table = once("/t/n", Data);
    table.watch_once(W, &path("/t/n"), Child);
    table.watch_once(V, &path("/t/n"), Child);
    table.watch_once(W, &path("/t"), Child);
    table.watch_always(W, &path("/t"), PersistentRecursive);
    let expected = [
        "1 NodeDeleted /t/n",
        "2 NodeDeleted /t/n",
        "1 NodeChildrenChanged /t",
    ];
    assert_eq!(told(&mut table, &deleted("/t/n")), expected);
    let left = always("/t", PersistentRecursive);
    assert_eq!(table, left);
}

#[test]
fn overlapping_recursive_watches_tell_once() {
    let mut table = always("/", PersistentRecursive);
    table.watch_always(W, &path("/t"), PersistentRecursive);
    assert_eq!(told(&mut table, &created("/t/n")), ["1 NodeCreated /t/n"]);
}

#[test]
fn a_one_shot_watch_beside_a_persistent_one_leaves_it_alone() {
    let mut table = always("/n", Persistent);
    table.watch_once(W, &path("/n"), Data);
    for _ in 0..2 {
        assert_eq!(told(&mut table, &changed("/n")).len(), 1);
    }
}

#[test]
fn of_two_watches_that_stay_on_one_path_the_later_replaces_the_earlier() {
    let mut table = always("/n", Persistent);
    table.watch_once(W, &path("/n"), Data);
    table.watch_always(W, &path("/n"), PersistentRecursive);
    assert_eq!(told(&mut table, &created("/n/c")), ["1 NodeCreated /n/c"]);
    assert_eq!(told(&mut table, &changed("/n")), ["1 NodeDataChanged /n"]);
    assert_eq!(table, always("/n", PersistentRecursive));
    table.watch_always(W, &path("/n"), Persistent);
    assert_eq!(
        told(&mut table, &created("/n/d")),
        ["1 NodeChildrenChanged /n"]
    );
    assert_eq!(table, always("/n", Persistent));
}

#[test]
fn a_watch_can_be_asked_for_and_taken_away_by_its_kind() {
    let mut table = once("/n", Data);
    assert!(table.is_watched("/n", WatchKind::Data));
    assert!(table.is_watched("/n", WatchKind::Any));
    assert!(!table.is_watched("/n", WatchKind::Children));
    assert!(!table.is_watched("/n/c", WatchKind::Any));
    assert!(!table.unwatch(W, "/n", WatchKind::Children));
    assert!(!table.unwatch(V, "/n", WatchKind::Data));
    assert!(table.unwatch(W, "/n", WatchKind::Any));
    assert!(!table.unwatch(W, "/n", WatchKind::Any));
    assert!(!table.is_watched("/n", WatchKind::Any));
    assert_eq!(table, WatchTable::default());
}

#[test]
fn a_watch_that_is_asked_for_may_be_anybodys_and_one_that_is_taken_away_is_ones_own() {
    let mut table = always("/t", PersistentRecursive);
    table.watch_once(V, &path("/t"), Child);
    assert!(table.unwatch(W, "/t", WatchKind::Children));
    assert!(table.is_watched("/t", WatchKind::Children));
    assert!(!table.unwatch(W, "/t", WatchKind::Children));
    assert!(table.unwatch(V, "/t", WatchKind::Any));
    assert!(!table.is_watched("/t", WatchKind::Children));
    assert!(table.is_watched("/t", WatchKind::Data));
}

#[test]
fn the_watches_of_a_connection_go_with_it() {
    let mut table = always("/t", PersistentRecursive);
    table.watch_once(W, &path("/n"), Child);
    table.watch_once(V, &path("/n"), Child);
    table.forget(W);
    let mut rest = WatchTable::default();
    rest.watch_once(V, &path("/n"), Child);
    assert_eq!(table, rest);
    assert_eq!(Digest::of(&table), Digest::of(&rest));
    assert_eq!(table.watchers("/n").collect::<Vec<_>>(), [V]);
    assert_eq!(table.watched_by(W).count(), 0);
}

#[test]
fn watches_registered_anew_tell_what_was_missed_and_wait_for_the_rest() {
    use crate::zookeeper::fixture::{A, Rig, create, delete, set};
    let mut rig = Rig::new();
    for at in ["/t/chg", "/t/same", "/t/del", "/t/par", "/t/par2"] {
        rig.run(A, create(at)).unwrap();
    }
    let seen = rig.last_zxid();
    rig.run(A, set("/t/chg", "x", -1)).unwrap();
    rig.run(A, delete("/t/del", -1)).unwrap();
    rig.run(A, create("/t/par/c")).unwrap();
    rig.run(A, set("/t/par2", "x", -1)).unwrap();
    let paths = |paths: &[&str]| paths.iter().map(|it| path(it)).collect();
    let lists = WatchLists {
        seen,
        data: paths(&["/t/chg", "/t/del", "/t/same"]),
        exist: paths(&["/t/par", "/t/still"]),
        child: paths(&["/t/par", "/t/par2", "/t/del"]),
        persistent: paths(&["/t/chg"]),
        recursive: paths(&["/t"]),
    };
    let mut table = WatchTable::default();
    let missed = table.watch_again(W, &lists, rig.service.tree());
    let missed: Vec<_> = missed.iter().map(ToString::to_string).collect();
    let expected = [
        "NodeDataChanged /t/chg",
        "NodeDeleted /t/del",
        "NodeCreated /t/par",
        "NodeChildrenChanged /t/par",
        "NodeDeleted /t/del",
    ];
    assert_eq!(missed, expected);
    let mut armed = WatchTable::default();
    armed.watch_once(W, &path("/t/same"), Data);
    armed.watch_once(W, &path("/t/still"), Data);
    armed.watch_once(W, &path("/t/par2"), Child);
    armed.watch_always(W, &path("/t/chg"), Persistent);
    armed.watch_always(W, &path("/t"), PersistentRecursive);
    assert_eq!(table, armed);
}
