//! What the recipes promise by which processes work together, while servers crash, connections
//! break and sessions expire.

use super::tests::{PLACE, Town, call, client, ms};
use super::*;
use crate::client::Input;
use crate::ids::ClientId;

fn with(kind: Kind, data: &str, number: u32) -> Input {
    Input::Recipe(Call {
        data: (!data.is_empty()).then(|| data.into()),
        number: kind.number().map(|_| number),
        ..call(kind)
    })
}

/// A town in which these clients are connected.
fn settled(seed: u64, clients: usize) -> Town {
    let mut town = Town::new(seed);
    for who in (0..clients).map(client) {
        town.open(who);
    }
    town.pass(ms(800), |_| {});
    town
}

/// Faults that no client's session has to end by, if it is lucky.
fn stormy(town: &mut Town, clients: usize, mut judge: impl FnMut(&Town)) {
    for _ in 0..25 {
        town.disturb(clients);
        let pause = ms(town.below(80));
        town.pass(pause, &mut judge);
    }
    town.mend();
    town.pass(ms(3_000), &mut judge);
}

fn progress(town: &Town, who: ClientId) -> Option<Progress> {
    town.recipes(who).first().map(Running::progress)
}

fn found(town: &Town, who: ClientId) -> Vec<String> {
    town.recipes(who).first().map_or(Vec::new(), Running::found)
}

#[test]
fn nobody_passes_a_barrier_before_it_is_gone() {
    let mut passed = 0;
    for seed in 0..50 {
        let mut town = settled(seed, 4);
        town.tell(
            client(3),
            Request::create("/gate", None, CreateMode::Persistent).into(),
        );
        town.pass(ms(300), |_| {});
        for who in (0..3).map(client) {
            let barrier = Call {
                path: "/gate".into(),
                ..call(Kind::Barrier)
            };
            town.tell(who, Input::Recipe(barrier));
        }
        let stands = |town: &Town| town.latest.tree().get("/gate").is_some();
        let judge = |town: &Town| {
            for who in (0..3).map(client) {
                let done = progress(town, who) == Some(Progress::Done);
                assert!(!done || !stands(town), "seed {seed}: {who} has passed");
            }
        };
        stormy(&mut town, 3, judge);
        let delete = Request::Delete {
            path: "/gate".into(),
            version: -1,
        };
        town.tell(client(3), delete.into());
        town.pass(ms(1_000), judge);
        if !stands(&town) {
            for who in (0..3).map(client).filter(|who| !town.is_over(*who)) {
                assert_eq!(
                    progress(&town, who),
                    Some(Progress::Done),
                    "seed {seed}: {who}"
                );
                passed += 1;
            }
        }
    }
    assert!(passed > 50, "only {passed} have passed");
}

#[test]
fn all_enter_a_double_barrier_together_and_leave_it_together() {
    let (mut entered, mut left) = (0, 0);
    for seed in 0..60 {
        let mut town = settled(seed, 3);
        for who in (0..3).map(client) {
            town.tell(who, with(Kind::DoubleBarrier, "", 3));
        }
        let (mut most, mut began_to_leave) = (0, false);
        let mut judge = |town: &Town| {
            let present = town
                .line()
                .iter()
                .filter(|name| &***name != "ready")
                .count();
            most = most.max(present);
            let inside = town.holders(3).len();
            assert!(inside == 0 || most == 3, "seed {seed}: in with {most}");
        };
        stormy(&mut town, 3, &mut judge);
        town.pass(ms(2_000), &mut judge);
        let inside = town.holders(3).len();
        entered += inside;
        for (position, who) in (0..3).map(client).enumerate() {
            // Nobody has left while anybody has not yet begun to.
            let done = (0..3)
                .map(client)
                .any(|it| progress(&town, it) == Some(Progress::Done));
            assert!(
                !done || inside < 3,
                "seed {seed}: left before {position} wanted to"
            );
            town.tell(who, Input::Release(PLACE.into()));
            town.pass(ms(400), |_| {});
            began_to_leave = true;
        }
        assert!(began_to_leave);
        town.pass(ms(2_000), |_| {});
        for who in (0..3).map(client).filter(|who| !town.is_over(*who)) {
            assert_eq!(
                progress(&town, who),
                Some(Progress::Done),
                "seed {seed}: {who}"
            );
            left += usize::from(inside == 3);
        }
    }
    assert!(
        entered > 30 && left > 15,
        "{entered} have entered, {left} left"
    );
}

#[test]
fn no_element_of_a_queue_is_lost_and_none_is_taken_twice() {
    let (mut total, mut unsure) = (0, 0);
    for seed in 0..60 {
        let mut town = settled(seed, 5);
        for who in [3, 4].map(client) {
            town.tell(who, with(Kind::Consume, "", 0));
        }
        for round in 0..4 {
            for who in 0..3 {
                town.tell(
                    client(who),
                    with(Kind::Produce, &format!("{round}-{who}"), 5),
                );
            }
            town.disturb(3);
            let pause = ms(town.below(200));
            town.pass(pause, |_| {});
        }
        stormy(&mut town, 3, |_| {});
        let recipes = |who: &[usize]| -> Vec<Running> {
            who.iter()
                .flat_map(|it| town.recipes(client(*it)))
                .collect()
        };
        let is_done = |it: &&Running| it.progress() == Progress::Done;
        let produced = recipes(&[0, 1, 2]).iter().filter(is_done).count();
        let consumers = recipes(&[3, 4]);
        let taken: usize = consumers.iter().map(|it| it.found().len()).sum();
        let doubtful: usize = consumers.iter().map(|it| it.doubtful().len()).sum();
        let place = town.latest.tree().get(PLACE);
        let (made, left) = place.map_or((0, 0), |it| {
            (it.creates() as usize, it.num_children() as usize)
        });
        // Of the elements that there ever were, each is still there, or one consumer has it, or
        // one did not hear whether it has.
        let accounted = taken + left..=taken + left + doubtful;
        assert!(
            accounted.contains(&made),
            "seed {seed}: {made} made, {accounted:?}"
        );
        // A producer that does not hear of its success may do it twice, but none is missing.
        assert!(
            produced <= made,
            "seed {seed}: {produced} produced, {made} made"
        );
        total += taken;
        unsure += doubtful;
    }
    assert!(total > 60 * 6, "only {total} taken, {unsure} doubtful");
}

#[test]
fn a_queue_hands_elements_on_by_age_and_a_priority_queue_by_urgency() {
    for (kind, expected) in [
        (Kind::Consume, ["b", "c", "a"]),
        (Kind::ConsumeUrgent, ["a", "c", "b"]),
    ] {
        let mut town = settled(1, 2);
        for (element, priority) in [("b", 9), ("c", 5), ("a", 1)] {
            town.tell(client(0), with(Kind::Produce, element, priority));
            town.pass(ms(300), |_| {});
        }
        town.tell(client(1), with(kind, "", 0));
        town.pass(ms(1_000), |_| {});
        assert_eq!(found(&town, client(1)), expected, "{kind:?}");
        assert_eq!(town.line().len(), 0);
        town.tell(client(1), Input::Release(PLACE.into()));
        assert_eq!(progress(&town, client(1)), Some(Progress::Done));
    }
}

#[test]
fn members_of_a_group_come_to_know_the_same_members() {
    for seed in 0..50 {
        let mut town = settled(seed, 4);
        for who in (0..4).map(client) {
            town.tell(who, with(Kind::Group, "", 0));
        }
        stormy(&mut town, 4, |_| {});
        let members = town.holders(4);
        let names: Vec<String> = town.line().iter().map(ToString::to_string).collect();
        for (who, running) in members {
            let mut known = running.found();
            known.sort();
            let mut names = names.clone();
            names.sort();
            assert_eq!(known, names, "seed {seed}: {who}");
        }
    }
}

#[test]
fn who_goes_by_a_configuration_comes_to_know_the_last() {
    let mut up_to_date = 0;
    for seed in 0..50 {
        let mut town = settled(seed, 4);
        for who in (0..3).map(client) {
            town.tell(who, with(Kind::Configuration, "", 0));
        }
        for number in 0..5_u32 {
            let data: Option<Data> = Some(number.to_string().as_str().into());
            let path: Arc<str> = PLACE.into();
            let make = Request::create("/app", None, CreateMode::Persistent);
            let create = Request::create(PLACE, data.clone(), CreateMode::Persistent);
            let set = Request::Set {
                path,
                data,
                version: -1,
            };
            for request in [make, create, set] {
                town.tell(client(3), request.into());
            }
            town.disturb(3);
            town.pass(ms(150), |_| {});
        }
        stormy(&mut town, 3, |_| {});
        let node = town.latest.tree().get(PLACE);
        let last = node.and_then(|node| node.data()?.text().map(str::to_owned));
        for (who, running) in town.holders(3) {
            assert_eq!(running.found().first(), last.as_ref(), "seed {seed}: {who}");
            up_to_date += 1;
        }
    }
    assert!(up_to_date > 50, "only {up_to_date}");
}

#[test]
fn all_who_learn_a_decision_learn_the_same_and_somebody_proposed_it() {
    let mut decided = 0;
    for seed in 0..60 {
        let mut town = settled(seed, 4);
        for who in 0..4 {
            town.tell(
                client(who),
                with(Kind::Consensus, &format!("value-{who}"), 0),
            );
            town.disturb(4);
            let pause = ms(town.below(40));
            town.pass(pause, |_| {});
        }
        stormy(&mut town, 4, |_| {});
        let mut values: Vec<String> = (0..4).flat_map(|who| found(&town, client(who))).collect();
        decided += values.len();
        values.sort();
        values.dedup();
        assert!(values.len() <= 1, "seed {seed}: {values:?}");
        assert!(values.iter().all(|value| value.starts_with("value-")));
    }
    assert!(decided > 60, "only {decided}");
}

#[test]
fn all_sites_go_by_one_decision_and_commit_only_if_all_voted_for_it() {
    let (mut committed, mut aborted) = (0, 0);
    for seed in 0..60 {
        let mut town = settled(seed, 4);
        let against = seed % 3 == 0;
        town.tell(client(0), with(Kind::Coordinate, "", 3));
        for site in 1..=3_u32 {
            let vote = if against && site == 2 {
                "abort"
            } else {
                "commit"
            };
            town.tell(client(site as usize), with(Kind::Vote, vote, site));
            town.disturb(4);
            let pause = ms(town.below(40));
            town.pass(pause, |_| {});
        }
        stormy(&mut town, 4, |_| {});
        let mut heard: Vec<String> = (0..4).flat_map(|who| found(&town, client(who))).collect();
        let (commits, all) = (
            heard.iter().filter(|it| *it == "commit").count(),
            heard.len(),
        );
        heard.sort();
        heard.dedup();
        assert!(heard.len() <= 1, "seed {seed}: {heard:?}");
        assert!(commits == 0 || !against, "seed {seed}: against a vote");
        committed += commits;
        aborted += all - commits;
    }
    assert!(committed > 20 && aborted > 10, "{committed} and {aborted}");
}

#[test]
fn who_follows_the_ready_flag_never_goes_by_half_a_configuration() {
    let mut seen = 0;
    for seed in 0..60 {
        let mut town = settled(seed, 4);
        for who in (1..4).map(client) {
            town.tell(who, with(Kind::Follow, "", 0));
        }
        let mut judge = |town: &Town| {
            for who in (1..4).map(client) {
                let parts = found(town, who);
                let equal = parts.windows(2).all(|pair| pair[0] == pair[1]);
                assert!(equal, "seed {seed}: {who} goes by {parts:?}");
                seen += usize::from(!parts.is_empty());
            }
        };
        // One change follows the other, so that it often overtakes who reads the one before.
        for number in 0..120 {
            if town.is_over(client(0)) {
                town.open(client(0));
            }
            let busy = town.recipes(client(0)).iter().any(|it| it.ended.is_none());
            if !busy {
                town.tell(client(0), with(Kind::Publish, &number.to_string(), 0));
            }
            if number % 20 == 0 {
                town.disturb(4);
            }
            let pause = ms(town.below(12));
            town.pass(pause, &mut judge);
        }
        stormy(&mut town, 4, &mut judge);
    }
    assert!(seen > 1_000, "nothing was seen");
}
