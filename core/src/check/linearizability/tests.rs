//! Histories whose verdict is known, and the search against the plain definition.

use super::search::{Interval, Object, Outcome, search};
use super::znode::{Life, Step, Znode};
use super::{BUDGET, Hints, Parts};
use crate::check::Pasts;
use crate::check::Verdict;
use crate::check::fixture::*;
use crate::check::past::Past;
use crate::check::zab::ZabPast;
use crate::random::{Bits, Random, Stream};
use crate::zookeeper::{
    CreateMode, ErrorCode, MultiFailure, Reply, Request, Response, Stat, Version,
};

/// `/a` as client A made it.
fn begun() -> Tale {
    let mut tale = Tale::new();
    tale.tell('A', create("/a"), 1, created("/a", 1));
    tale
}

#[test]
fn overlapping_writes_take_whichever_order_their_answers_tell() {
    let mut tale = begun();
    let first = tale.ask('A', set("/a", "x"));
    let second = tale.ask('B', set("/a", "y"));
    tale.answer(first, 3, is_set(3, 2));
    tale.answer(second, 2, is_set(2, 1));
    tale.tell('C', set_at("/a", "z", 2), 4, is_set(4, 3));
    assert!(tale.is_linearizable());
}

#[test]
fn an_update_that_is_lost_has_no_order() {
    let mut tale = begun();
    // Both say that they replaced version 0.
    let first = tale.ask('A', set_at("/a", "x", 0));
    let second = tale.ask('B', set_at("/a", "y", 0));
    tale.answer(first, 2, is_set(2, 1));
    tale.answer(second, 3, is_set(3, 1));
    assert!(!tale.is_linearizable());
    let violation = &tale.monitor.violations()[0];
    assert_eq!(violation.invariant, "linearizability");
    assert_eq!(
        violation.what,
        "no order of the operations on /a explains what client B was answered to `set /a`"
    );
}

#[test]
fn writes_that_are_reordered_against_real_time_have_no_order() {
    let mut tale = begun();
    tale.tell('A', set("/a", "x"), 2, is_set(2, 2));
    tale.tell('B', set("/a", "y"), 3, is_set(3, 1));
    assert!(!tale.is_linearizable());
}

#[test]
fn two_creates_of_one_name_cannot_both_succeed() {
    let mut tale = begun();
    tale.tell('B', create("/a"), 2, created("/a", 2));
    assert!(!tale.is_linearizable());
}

#[test]
fn a_stale_read_that_is_called_linearizable_has_no_order() {
    let mut tale = begun();
    tale.tell('A', set("/a", "x"), 2, is_set(2, 1));
    let read = tale.ask('B', get("/a"));
    // The zxid lies: the answer is from before the write.
    tale.answer(read, 2, data(None, 2, 0));
    assert_eq!(tale.verdict(read), Verdict::Linearizable);
    assert!(!tale.is_linearizable());
}

#[test]
fn a_stale_read_that_is_called_stale_is_left_out() {
    let mut tale = begun();
    tale.tell('A', set("/a", "x"), 2, is_set(2, 1));
    tale.tell('B', get("/a"), 1, data(None, 1, 0));
    assert!(tale.is_linearizable());
}

#[test]
fn a_write_without_an_answer_may_happen_late_or_never_but_not_twice() {
    let unanswered = || {
        let mut tale = begun();
        let lost = tale.ask('A', set("/a", "x"));
        tale.lose(lost);
        tale.tell('B', get("/a"), 1, data(None, 1, 0));
        tale
    };
    assert!(unanswered().is_linearizable());
    let mut late = unanswered();
    late.tell('B', get("/a"), 2, data(Some("x"), 2, 1));
    assert!(late.is_linearizable());
    let mut twice = unanswered();
    twice.tell('B', get("/a"), 2, data(Some("x"), 2, 1));
    twice.tell('B', set("/a", "y"), 3, is_set(3, 2));
    twice.tell('B', get("/a"), 4, data(Some("x"), 4, 3));
    assert!(!twice.is_linearizable());
}

#[test]
fn what_a_read_has_shown_cannot_be_undone() {
    let mut tale = begun();
    let lost = tale.ask('A', set("/a", "x"));
    tale.lose(lost);
    tale.tell('B', get("/a"), 2, data(Some("x"), 2, 1));
    tale.tell('C', get("/a"), 3, data(None, 3, 0));
    assert!(!tale.is_linearizable());
}

#[test]
fn sequential_names_count_up_with_the_children_ever_created() {
    let sequential = || create_as("/a/s", CreateMode::PersistentSequential);
    let told = |second: &str| {
        let mut tale = begun();
        tale.tell('A', sequential(), 2, created("/a/s0000000000", 2));
        tale.tell('B', delete("/a/s0000000000"), 3, Ok(Response::Deleted));
        tale.tell('A', sequential(), 4, created(second, 4));
        tale.is_linearizable()
    };
    assert!(told("/a/s0000000001"));
    assert!(!told("/a/s0000000000"));
    assert!(!told("/a/s0000000002"));
}

#[test]
fn a_sequential_create_without_an_answer_may_have_made_what_is_found() {
    let mut tale = begun();
    let lost = tale.ask('A', create_as("/a/s", CreateMode::PersistentSequential));
    tale.lose(lost);
    tale.tell('B', get("/a/s0000000000"), 2, data(None, 2, 0));
    tale.tell('B', children("/a"), 2, names(&["s0000000000"], 2));
    assert!(tale.is_linearizable());
    tale.tell('B', get("/a/s0000000001"), 3, data(None, 3, 0));
    // By itself that znode could be the lost one; its parent knows that there was only one.
    tale.tell('B', children("/a"), 3, names(&["s0000000001"], 3));
    assert!(!tale.is_linearizable());
}

#[test]
fn a_parent_with_children_is_not_deleted() {
    let mut tale = begun();
    tale.tell('A', create("/a/x"), 2, created("/a/x", 2));
    let refused = tale.tell('B', delete("/a"), 3, Err(ErrorCode::NotEmpty));
    assert!(refused.is_empty());
    assert!(tale.is_linearizable());
    tale.tell('B', delete("/a"), 4, Ok(Response::Deleted));
    assert!(!tale.is_linearizable());
}

fn multi<const N: usize>(requests: [Request; N]) -> Request {
    Request::Multi(requests.into())
}

fn done<const N: usize>(responses: [Reply; N]) -> Reply {
    let responses: Result<Vec<_>, _> = responses.into_iter().collect();
    responses.map(Response::Multi)
}

const fn refused(operations: u32, failed: u32, code: ErrorCode) -> Response {
    Response::MultiFailed(MultiFailure {
        operations,
        failed,
        code,
    })
}

/// A set that leaves a znode with so many children.
fn is_set_with(zxid: u32, version: Version, num_children: u32) -> Response {
    Response::Stat(Stat {
        num_children,
        ..stat(1, zxid, version)
    })
}

#[test]
fn what_a_multi_has_done_is_seen_by_all_that_follows() {
    let told = |answer: Reply| {
        let mut tale = begun();
        let both = multi([set("/a", "x"), create("/a/c"), set("/a", "y")]);
        let answers = done([is_set(2, 1), created("/a/c", 2), Ok(is_set_with(2, 2, 1))]);
        tale.tell('A', both, 2, answers);
        tale.tell('B', get("/a"), 2, answer);
        tale.is_linearizable()
    };
    assert!(told(data(Some("y"), 2, 2)));
    // What it did half-way nobody can have seen.
    assert!(!told(data(Some("x"), 2, 1)));
    assert!(!told(data(None, 2, 0)));
}

#[test]
fn a_multi_without_an_answer_may_have_happened_and_then_once() {
    let told = |version: Version| {
        let mut tale = begun();
        let lost = tale.ask('B', multi([set("/a", "y"), create("/b")]));
        tale.lose(lost);
        tale.tell('A', set("/a", "x"), 3, is_set(3, version));
        tale.is_linearizable()
    };
    assert!(told(1));
    assert!(told(2));
    assert!(!told(3));
}

#[test]
fn a_multi_that_failed_has_changed_nothing_and_had_a_reason() {
    let told = |reply: Reply| {
        let mut tale = begun();
        let attempt = multi([set("/a", "x"), set_at("/a", "y", 0)]);
        tale.tell('A', attempt, 2, reply);
        tale.tell('B', get("/a"), 2, data(None, 1, 0));
        tale.is_linearizable()
    };
    assert!(told(Ok(refused(2, 1, ErrorCode::BadVersion))));
    assert!(!told(Ok(refused(2, 0, ErrorCode::NoNode))));
    assert!(!told(Ok(refused(2, 1, ErrorCode::NoNode))));
    assert!(!told(done([is_set(2, 1), is_set(2, 2)])));
}

#[test]
fn several_reads_at_once_show_one_moment() {
    let told = |second: Reply| {
        let mut tale = begun();
        let write = tale.ask('A', set("/a", "x"));
        let both = Request::MultiRead([get("/a"), get("/a")].into());
        let read = tale.ask('B', both);
        tale.answer(write, 2, is_set(2, 1));
        let replies = vec![data(None, 1, 0), second];
        tale.answer(read, 2, Ok(Response::MultiRead(replies)));
        tale.is_linearizable()
    };
    assert!(told(data(None, 1, 0)));
    assert!(!told(data(Some("x"), 2, 1)));
}

#[test]
fn a_container_may_be_swept_once_it_had_a_child_and_has_none() {
    let emptied = |child: bool| {
        let mut tale = begun();
        tale.tell(
            'A',
            create_as("/c", CreateMode::Container),
            2,
            created("/c", 2),
        );
        if child {
            tale.tell('A', create("/c/x"), 3, created("/c/x", 3));
            tale.tell('A', delete("/c/x"), 4, Ok(Response::Deleted));
        }
        tale
    };
    let mut swept = emptied(true);
    swept.tell('B', get("/c"), 6, NO_NODE);
    swept.tell('B', children("/"), 6, names(&["a", "zookeeper"], 5));
    assert!(swept.is_linearizable());
    let mut early = emptied(false);
    early.tell('B', get("/c"), 6, NO_NODE);
    assert!(!early.is_linearizable());
    // It is swept once for each time that it is created.
    let mut again = emptied(true);
    again.tell('A', create("/c"), 6, created("/c", 6));
    assert!(again.is_linearizable());
    again.tell('A', create("/c"), 8, created("/c", 8));
    assert!(!again.is_linearizable());
}

#[test]
fn a_znode_with_a_life_of_its_own_may_be_swept_and_no_other() {
    let gone = |mode| {
        let mut tale = begun();
        let lost = tale.ask('A', create_as("/t", mode));
        tale.lose(lost);
        tale.tell('B', get("/t"), 2, data(None, 2, 0));
        tale.tell('B', get("/t"), 3, NO_NODE);
        tale.is_linearizable()
    };
    assert!(gone(CreateMode::PersistentWithTtl(5)));
    assert!(!gone(CreateMode::Persistent));
}

#[test]
fn a_read_that_asks_to_be_linearizable_is_not_excused_as_stale() {
    let told = |read: Request| {
        let mut tale = begun();
        tale.tell('A', set("/a", "x"), 2, is_set(2, 1));
        let objections = tale.tell('B', read, 1, data(None, 1, 0));
        (objections, tale.is_linearizable())
    };
    assert_eq!(told(get("/a")), (vec![], true));
    let strict = told(get("/a").linearizable());
    assert_eq!(strict, (vec!["linearizable_writes"], false));
}

#[test]
fn each_operation_on_a_znode_concerns_its_parent_if_it_changes_the_children() {
    let mut tale = begun();
    tale.tell('A', create("/a/x"), 2, created("/a/x", 2));
    tale.tell('A', set("/a/x", "y"), 3, is_set(3, 1));
    let history = tale.monitor.history();
    let committed = Pasts {
        raft: &Past::default(),
        zab: &ZabPast::default(),
    };
    let parts = Parts::of(history, &Hints::new(history, committed));
    let count = |path: &str| parts.0[path].intervals.len();
    assert_eq!([count("/"), count("/a"), count("/a/x")], [1, 2, 2]);
}

/// The definition: some order of all answered operations and some of the others, in which none
/// comes before one that precedes it, is what the object does.
fn has_order<O: Object>(object: &O, calls: &[Interval<O::Step>], order: &mut Vec<usize>) -> bool {
    let left = |place: &usize| !order.contains(place);
    let is_answered = |place: &usize| calls[*place].answered.is_some();
    let every = 0..calls.len();
    if !every
        .clone()
        .any(|place| left(&place) && is_answered(&place))
    {
        return true;
    }
    let precedes = |before: usize, after: usize| {
        calls[before]
            .answered
            .is_some_and(|answered| answered < calls[after].asked)
    };
    let free: Vec<usize> = every
        .clone()
        .filter(|place| left(place))
        .filter(|place| {
            !every
                .clone()
                .any(|other| left(&other) && precedes(other, *place))
        })
        .collect();
    free.into_iter().any(|place| {
        let Some(after) = object.after(&calls[place].step) else {
            return false;
        };
        order.push(place);
        let found = has_order(&after, calls, order);
        order.pop();
        found
    })
}

/// A short history of one znode, most of it plausible.
fn random_history(random: &mut Random) -> Vec<Interval<Step>> {
    let mut draw = |bound: u64| Bits(random.draw()).below(bound);
    let count = 2 + draw(6);
    (0..count)
        .map(|_| {
            let asked = 2 * draw(12);
            let answered = asked + 1 + 2 * draw(5);
            let is_open = draw(4) == 0;
            let text = |number: u64| Some([b'x', b'y'][number as usize..][..1].into());
            let version = draw(3) as i32;
            let step = match draw(if is_open { 3 } else { 6 }) {
                0 => Step::Create {
                    data: None,
                    life: Life::Lasting,
                },
                1 => Step::Set {
                    data: text(draw(2)),
                    expected: -1,
                    stat: (!is_open).then_some((version, 0)),
                },
                2 => Step::Delete { expected: -1 },
                3 => Step::IsAbsent,
                4 => Step::IsPresent,
                _ => Step::Holds {
                    version,
                    data: if version == 0 { None } else { text(draw(2)) },
                },
            };
            Interval {
                asked,
                answered: (!is_open).then_some(answered),
                hint: (draw(2) == 0).then(|| draw(10)),
                step,
            }
        })
        .collect()
}

#[test]
fn the_search_finds_an_order_exactly_where_there_is_one() {
    let mut random = Random::new(1, Stream::Workload);
    let mut found = [0, 0];
    for round in 0..20_000 {
        let calls = random_history(&mut random);
        let expected = has_order(&Znode::default(), &calls, &mut Vec::new());
        let outcome = search(&Znode::default(), &calls, BUDGET);
        let is_right = match &outcome {
            Outcome::Order(order) => expected && explains(&calls, order),
            Outcome::None { .. } => !expected,
            Outcome::Undecided => false,
        };
        assert!(is_right, "round {round}: {outcome:?} for {calls:?}");
        found[usize::from(expected)] += 1;
    }
    assert!(found.iter().all(|count| *count > 2_000), "{found:?}");
}

/// Whether an order is one.
fn explains(calls: &[Interval<Step>], order: &[usize]) -> bool {
    let state = order.iter().try_fold(Znode::default(), |state, place| {
        state.after(&calls[*place].step)
    });
    let missing = |place: &usize| calls[*place].answered.is_some() && !order.contains(place);
    let against_time = |(position, after): (usize, &usize)| {
        order[position..].iter().any(|before| {
            let answered = calls[*before].answered;
            answered.is_some_and(|answered| answered < calls[*after].asked)
        })
    };
    state.is_some()
        && !(0..calls.len()).any(|place| missing(&place))
        && !order.iter().enumerate().any(against_time)
}

#[test]
fn a_search_that_would_take_too_long_is_given_up() {
    let calls: Vec<Interval<Step>> = (0..12)
        .map(|_| Interval {
            asked: 0,
            answered: None,
            hint: None,
            step: Step::Set {
                data: None,
                expected: -1,
                stat: None,
            },
        })
        .chain([
            Interval {
                asked: 1,
                answered: Some(2),
                hint: None,
                step: Step::Create {
                    data: None,
                    life: Life::Lasting,
                },
            },
            Interval {
                asked: 3,
                answered: Some(4),
                hint: None,
                step: Step::IsAbsent,
            },
        ])
        .collect();
    assert_eq!(search(&Znode::default(), &calls, 1_000), Outcome::Undecided);
    assert!(matches!(
        search(&Znode::default(), &calls, 1_000_000),
        Outcome::None { .. }
    ));
}
