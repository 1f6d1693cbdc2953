//! What clients ask for in a random run: everything that can be asked, writes more than the rest.

use quorumscope_core::ids::{ClientId, ServerId};
use quorumscope_core::script::Operation;
use quorumscope_core::zookeeper::{
    Acl, AclEntry, CreateMode, Identity, Perms, Reconfig, WatchKind,
};

use super::dice::Dice;

/// Few paths, so that clients get in each other's way.
const PATHS: [&str; 5] = ["/a", "/b", "/a/x", "/a/y", "/b/z"];

#[derive(Clone, Copy)]
enum Kind {
    Write,
    Multi,
    Read,
    Sync,
    Watch,
    Access,
    Survey,
    Ensemble,
}

/// The client that mostly reads. What a client asks waits for what it asked before, and so a read
/// behind a write is never answered by a server that is cut off: only who has not written is told
/// what is wrong.
const READER: char = 'C';

/// The next operation of a client.
pub(super) fn operation(client: ClientId, dice: &mut Dice) -> Operation {
    if ClientId::from_letter(READER) == Some(client) && dice.percent(90) {
        return read(dice);
    }
    let kinds = [
        (56, Kind::Write),
        (6, Kind::Multi),
        (21, Kind::Read),
        (4, Kind::Sync),
        (4, Kind::Watch),
        (3, Kind::Access),
        (3, Kind::Survey),
        (3, Kind::Ensemble),
    ];
    match dice.weighted(&kinds) {
        Kind::Write => write(dice),
        Kind::Multi => Operation::Multi((0..=dice.below(3)).map(|_| write(dice)).collect()),
        Kind::Read => read(dice),
        Kind::Sync => Operation::Sync { path: path(dice) },
        Kind::Watch => watch(dice),
        Kind::Access => access(dice),
        Kind::Survey => survey(dice),
        Kind::Ensemble => ensemble(dice),
    }
}

fn path(dice: &mut Dice) -> String {
    dice.one(&PATHS).to_owned()
}

fn version(dice: &mut Dice) -> Option<i32> {
    dice.percent(20).then(|| dice.below(4) as i32)
}

/// What a multi can consist of.
fn write(dice: &mut Dice) -> Operation {
    let (path, version) = (path(dice), version(dice));
    let data = dice.percent(80).then(|| dice.below(1_000).to_string());
    match dice.below(80) {
        0..35 => Operation::Create {
            path,
            data,
            mode: mode(dice),
            acl: None,
        },
        35..63 => Operation::Set {
            path,
            data,
            version,
        },
        63..78 => Operation::Delete { path, version },
        _ => Operation::Check { path, version },
    }
}

fn mode(dice: &mut Dice) -> CreateMode {
    let modes = [
        (52, CreateMode::Persistent),
        (22, CreateMode::Ephemeral),
        (14, CreateMode::PersistentSequential),
        (6, CreateMode::EphemeralSequential),
        (3, CreateMode::Container),
        (2, CreateMode::PersistentWithTtl(500)),
        (1, CreateMode::PersistentSequentialWithTtl(500)),
    ];
    dice.weighted(&modes)
}

/// A linearizable read.
pub(super) fn strict_read(dice: &mut Dice) -> Operation {
    let path = path(dice);
    Operation::Get {
        path,
        watch: false,
        linearizable: true,
    }
}

fn read(dice: &mut Dice) -> Operation {
    let path = path(dice);
    let (watch, linearizable) = (dice.percent(50), dice.percent(60));
    match dice.below(3) {
        0 => Operation::Get {
            path,
            watch,
            linearizable,
        },
        1 => Operation::Exists {
            path,
            watch,
            linearizable,
        },
        _ => Operation::Children {
            path,
            watch,
            linearizable,
        },
    }
}

fn watch(dice: &mut Dice) -> Operation {
    let path = path(dice);
    let kind = dice.one(&[WatchKind::Any, WatchKind::Data, WatchKind::Children]);
    match dice.below(4) {
        0 => Operation::CheckWatch { path, kind },
        1 => Operation::RemoveWatch { path, kind },
        _ => Operation::AddWatch {
            path,
            recursive: dice.percent(50),
        },
    }
}

/// Lists that everybody passes, or only who has proved an identity, or nobody who writes.
fn access(dice: &mut Dice) -> Operation {
    let path = path(dice);
    let list = |perms, scheme, id| {
        Acl::new([AclEntry {
            perms,
            identity: Identity::new(scheme, id),
        }])
    };
    let acl = match dice.below(4) {
        0 => list(Perms::READ, "world", "anyone"),
        1 => list(Perms::ALL, "auth", ""),
        _ => Acl::open(),
    };
    match dice.below(5) {
        0 => Operation::WhoAmI,
        1 => Operation::GetAcl { path },
        2 => Operation::AddAuth {
            scheme: "digest".into(),
            credential: "bob:secret".into(),
        },
        _ => Operation::SetAcl {
            path,
            acl,
            version: version(dice),
        },
    }
}

/// Who belongs to the ensemble, and who shall; nobody may say that but who is above all lists.
fn ensemble(dice: &mut Dice) -> Operation {
    let mut some = |percent: u64| -> Vec<ServerId> {
        let one = ServerId::new(1 + dice.below(5) as u16);
        dice.percent(percent).then_some(one).into_iter().collect()
    };
    let change = Reconfig {
        joining: some(60),
        observing: some(20),
        leaving: some(60),
        ..Reconfig::default()
    };
    match dice.below(5) {
        0 => Operation::Config { watch: true },
        1 | 2 => Operation::AddAuth {
            scheme: "digest".into(),
            credential: "super:secret".into(),
        },
        _ => Operation::Reconfig(change),
    }
}

fn survey(dice: &mut Dice) -> Operation {
    let path = path(dice);
    match dice.below(3) {
        0 => Operation::Descendants { path },
        1 => Operation::Ephemerals { prefix: None },
        _ => {
            let (watch, linearizable) = (false, false);
            let get = Operation::Get {
                path: path.clone(),
                watch,
                linearizable,
            };
            let children = Operation::Children {
                path,
                watch,
                linearizable,
            };
            Operation::MultiRead(vec![get, children])
        }
    }
}
