//! What a client can ask of the service.

use crate::zookeeper::{
    ANY_VERSION, Acl, AddWatchMode, CreateMode, Data, Reconfig, Request, Version, WatchKind, path,
};

/// What a client can ask of the service.
///
/// A path begins with `/`; whether it is valid is for the service to say. Data are the bytes of a
/// text; `None` is no data at all, which is not the same as an empty text. A version of `None`
/// matches any. With `watch` the client is told once of the next change; a `linearizable` read misses
/// nothing that was answered before.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[expect(
    missing_docs,
    reason = "the fields are those of the service, said above"
)]
pub enum Operation {
    /// Creates a znode.
    Create {
        path: String,
        data: Option<String>,
        /// Its kind, and whether its name ends with a counter that the service adds.
        mode: CreateMode,
        /// Who may do what with it; everybody everything when it is not said.
        acl: Option<Acl>,
    },
    /// Deletes a znode without children.
    Delete {
        path: String,
        version: Option<Version>,
    },
    /// Replaces the data of a znode.
    Set {
        path: String,
        data: Option<String>,
        version: Option<Version>,
    },
    /// Replaces the access control list of a znode; the version is the list's.
    SetAcl {
        path: String,
        acl: Acl,
        version: Option<Version>,
    },
    /// Demands that a znode is there, and at a version.
    Check {
        path: String,
        version: Option<Version>,
    },
    /// Creates, deletes, sets and checks, all or nothing.
    Multi(Vec<Operation>),
    /// Whether a znode exists, and its stat.
    Exists {
        path: String,
        watch: bool,
        linearizable: bool,
    },
    /// The data of a znode and its stat.
    Get {
        path: String,
        watch: bool,
        linearizable: bool,
    },
    /// The names of a znode's children and its stat.
    Children {
        path: String,
        watch: bool,
        linearizable: bool,
    },
    /// How many znodes there are below one.
    Descendants { path: String },
    /// The session's own ephemerals whose paths begin so; all of them when it is not said.
    Ephemerals { prefix: Option<String> },
    /// The access control list of a znode and its stat.
    GetAcl { path: String },
    /// Several reads at once, each answered for itself.
    MultiRead(Vec<Operation>),
    /// Makes the client's server catch up with the leader.
    Sync { path: String },
    /// Proves an identity.
    AddAuth { scheme: String, credential: String },
    /// Who the client has proved to be.
    WhoAmI,
    /// Who belongs to the ensemble.
    Config { watch: bool },
    /// Changes who belongs to the ensemble.
    Reconfig(Reconfig),
    /// Asks to be told of every change of a znode, or of all below it, too.
    AddWatch { path: String, recursive: bool },
    /// Whether there is such a watch.
    CheckWatch { path: String, kind: WatchKind },
    /// Takes such watches away.
    RemoveWatch { path: String, kind: WatchKind },
}

fn as_asked(read: Request, linearizable: bool) -> Request {
    if linearizable {
        read.linearizable()
    } else {
        read
    }
}

/// A read like any other (ZooKeeper, `getConfig`).
fn config(watch: bool) -> Request {
    let path = path::CONFIG.into();
    Request::Get { path, watch }
}

impl From<&Operation> for Request {
    fn from(operation: &Operation) -> Self {
        use Operation as Op;
        let bytes = |data: &Option<String>| data.as_deref().map(Data::from);
        let or_any = |version: &Option<Version>| version.unwrap_or(ANY_VERSION);
        let all = |operations: &[Operation]| operations.iter().map(Self::from).collect();
        match operation {
            Op::Create {
                path,
                data,
                mode,
                acl,
            } => Self::Create {
                path: path.as_str().into(),
                data: bytes(data),
                acl: acl.clone().unwrap_or_else(Acl::open),
                mode: *mode,
            },
            Op::Delete { path, version } => Self::Delete {
                path: path.as_str().into(),
                version: or_any(version),
            },
            Op::Set {
                path,
                data,
                version,
            } => Self::Set {
                path: path.as_str().into(),
                data: bytes(data),
                version: or_any(version),
            },
            Op::SetAcl { path, acl, version } => Self::SetAcl {
                path: path.as_str().into(),
                acl: acl.clone(),
                version: or_any(version),
            },
            Op::Check { path, version } => Self::Check {
                path: path.as_str().into(),
                version: or_any(version),
            },
            Op::Multi(operations) => Self::Multi(all(operations)),
            Op::MultiRead(operations) => Self::MultiRead(all(operations)),
            Op::AddAuth { scheme, credential } => Self::AddAuth {
                scheme: scheme.as_str().into(),
                credential: credential.as_str().into(),
            },
            Op::WhoAmI => Self::WhoAmI,
            Op::Config { watch } => config(*watch),
            Op::Reconfig(change) => Self::Reconfig(change.clone().into()),
            Op::Exists {
                path,
                watch,
                linearizable,
            } => {
                let (path, watch) = (path.as_str().into(), *watch);
                as_asked(Self::Exists { path, watch }, *linearizable)
            }
            Op::Get {
                path,
                watch,
                linearizable,
            } => {
                let (path, watch) = (path.as_str().into(), *watch);
                as_asked(Self::Get { path, watch }, *linearizable)
            }
            Op::Children {
                path,
                watch,
                linearizable,
            } => {
                let (path, watch) = (path.as_str().into(), *watch);
                as_asked(Self::Children { path, watch }, *linearizable)
            }
            Op::Descendants { path } => Self::AllChildrenNumber {
                path: path.as_str().into(),
            },
            Op::Ephemerals { prefix } => Self::Ephemerals {
                prefix: prefix.as_deref().unwrap_or("/").into(),
            },
            Op::GetAcl { path } => Self::GetAcl {
                path: path.as_str().into(),
            },
            Op::Sync { path } => Self::Sync {
                path: path.as_str().into(),
            },
            Op::AddWatch { path, recursive } => Self::AddWatch {
                path: path.as_str().into(),
                mode: match recursive {
                    true => AddWatchMode::PersistentRecursive,
                    false => AddWatchMode::Persistent,
                },
            },
            Op::CheckWatch { path, kind } => Self::CheckWatches {
                path: path.as_str().into(),
                kind: *kind,
            },
            Op::RemoveWatch { path, kind } => Self::RemoveWatches {
                path: path.as_str().into(),
                kind: *kind,
            },
        }
    }
}
