//! A single znode, as the service's documentation describes it: what an operation does to it, and
//! what it answers.
//!
//! This is written against ZooKeeper's Programmer's Guide and not against the tree of the servers,
//! which is what it judges.

use std::sync::Arc;

use imbl::OrdMap;

use super::search::Object;
use crate::ids::ClientId;
use crate::zookeeper::{ANY_VERSION, Version, path};

/// A client process: the owner of the ephemeral znodes that it creates.
pub(super) type Process = (ClientId, u32);

/// A znode, or its absence.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(super) struct Znode(pub(super) Option<Node>);

/// A znode that is there. `creates` counts the children that it ever had.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(super) struct Node {
    pub(super) data: Option<Arc<[u8]>>,
    pub(super) version: Version,
    pub(super) owner: Option<Process>,
    /// The names of its children, and whose each is if it is ephemeral.
    pub(super) children: OrdMap<Arc<str>, Option<Process>>,
    pub(super) creates: Version,
}

/// What an operation does to one znode, and what its answer says of it. Where nothing was answered,
/// the step is what the operation would do if it happened and succeeded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Step {
    /// It is created.
    Create {
        data: Option<Arc<[u8]>>,
        owner: Option<Process>,
    },
    /// Its data are set; `stat` is the version and the number of children that were answered.
    Set {
        data: Option<Arc<[u8]>>,
        expected: Version,
        stat: Option<(Version, u32)>,
    },
    /// It is deleted.
    Delete { expected: Version },
    /// It was found to be there.
    IsPresent,
    /// It was found to be missing.
    IsAbsent,
    /// It was found at another version.
    IsAtOtherVersion { expected: Version },
    /// It was found to have children.
    HasChildren { expected: Version },
    /// It was found to be ephemeral.
    IsEphemeral,
    /// Its version was read.
    HasVersion(Version),
    /// Its data were read, and their version.
    Holds {
        version: Version,
        data: Option<Arc<[u8]>>,
    },
    /// The names of its children were read.
    List(Vec<Arc<str>>),
    /// A child is created. `prefix` is the path asked for if its name is completed by the count of
    /// creates; what it came to was answered as `name`.
    AddChild {
        name: Option<Arc<str>>,
        prefix: Option<Arc<str>>,
        owner: Option<Process>,
    },
    /// A child is deleted.
    RemoveChild(Arc<str>),
    /// A child of this name was found to be there.
    HasChild(Arc<str>),
    /// No child of this name was found.
    HasNoChild(Arc<str>),
    /// A session ends, and with it the ephemeral znodes of its process.
    EndOf(Process),
}

impl Object for Znode {
    type Step = Step;

    fn after(&self, step: &Step) -> Option<Self> {
        let Some(node) = &self.0 else {
            return Self::absent_after(step);
        };
        let matches = |expected: Version| expected == ANY_VERSION || expected == node.version;
        let same_if = |holds: bool| holds.then(|| self.clone());
        match step {
            Step::Create { .. } | Step::IsAbsent => None,
            Step::Set {
                data,
                expected,
                stat,
            } => {
                let version = node.version.wrapping_add(1);
                let children = u32::try_from(node.children.len()).ok()?;
                let answers = stat.is_none_or(|stat| stat == (version, children));
                (matches(*expected) && answers).then(|| {
                    Self(Some(Node {
                        data: data.clone(),
                        version,
                        ..node.clone()
                    }))
                })
            }
            Step::Delete { expected } => {
                (matches(*expected) && node.children.is_empty()).then_some(Self(None))
            }
            Step::IsPresent => same_if(true),
            Step::IsAtOtherVersion { expected } => same_if(!matches(*expected)),
            Step::HasChildren { expected } => {
                same_if(matches(*expected) && !node.children.is_empty())
            }
            Step::IsEphemeral => same_if(node.owner.is_some()),
            Step::HasVersion(version) => same_if(node.version == *version),
            Step::Holds { version, data } => {
                same_if(node.version == *version && node.data == *data)
            }
            Step::List(names) => same_if(node.children.keys().eq(names)),
            Step::AddChild {
                name,
                prefix,
                owner,
            } => node
                .with_child(name.as_ref(), prefix.as_ref(), *owner)
                .map(|node| Self(Some(node))),
            Step::RemoveChild(name) => node.without_child(name).map(|node| Self(Some(node))),
            Step::HasChild(name) => same_if(node.children.contains_key(name)),
            Step::HasNoChild(name) => same_if(!node.children.contains_key(name)),
            Step::EndOf(process) => Some(Self(node.without_those_of(*process))),
        }
    }
}

impl Znode {
    /// What a znode that is not there can answer.
    fn absent_after(step: &Step) -> Option<Self> {
        match step {
            Step::Create { data, owner } => Some(Self(Some(Node {
                data: data.clone(),
                owner: *owner,
                ..Node::default()
            }))),
            Step::IsAbsent | Step::HasNoChild(_) | Step::EndOf(_) => Some(Self(None)),
            _ => None,
        }
    }
}

impl Node {
    /// What the end of a session leaves of it.
    fn without_those_of(&self, process: Process) -> Option<Self> {
        let stays = |(_, owner): &(&Arc<str>, &Option<Process>)| **owner != Some(process);
        let children = self.children.iter().filter(stays);
        (self.owner != Some(process)).then(|| Self {
            children: children
                .map(|(name, owner)| (name.clone(), *owner))
                .collect(),
            ..self.clone()
        })
    }

    /// With one child more, if it can be the one that was answered.
    fn with_child(
        &self,
        name: Option<&Arc<str>>,
        prefix: Option<&Arc<str>>,
        owner: Option<Process>,
    ) -> Option<Self> {
        let name: Arc<str> = match (name, prefix) {
            (Some(name), None) => name.clone(),
            (answered, Some(prefix)) => {
                let completed = path::sequential(prefix, self.creates);
                let completed = path::name(&completed);
                if answered.is_some_and(|answered| **answered != *completed) {
                    return None;
                }
                completed.into()
            }
            (None, None) => return None,
        };
        // An ephemeral znode has no children, and a name is given once.
        if self.owner.is_some() || self.children.contains_key(&name) {
            return None;
        }
        Some(Self {
            children: self.children.update(name, owner),
            creates: self.creates.wrapping_add(1),
            ..self.clone()
        })
    }

    fn without_child(&self, name: &Arc<str>) -> Option<Self> {
        self.children.contains_key(name).then(|| Self {
            children: self.children.without(name),
            ..self.clone()
        })
    }
}
