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
    pub(super) life: Life,
    /// The names of its children, and how long each lives.
    pub(super) children: OrdMap<Arc<str>, Life>,
    pub(super) creates: Version,
}

/// How long a znode lives, if nobody deletes it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(super) enum Life {
    /// For ever.
    #[default]
    Lasting,
    /// As long as the session of this process.
    Session(Process),
    /// Until the leader finds that it had children and has none.
    Container,
    /// Until the leader finds that it has no children and was not set for a while. How long that
    /// is does not matter here: a clock decides it.
    Limited,
}

/// What an operation does to one znode, and what its answer says of it. Where nothing was answered,
/// the step is what the operation would do if it happened and succeeded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Step {
    /// It is created.
    Create { data: Option<Arc<[u8]>>, life: Life },
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
    /// It was found to be there at this version.
    IsAtVersion { expected: Version },
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
        life: Life,
    },
    /// A child is deleted.
    RemoveChild(Arc<str>),
    /// A child of this name was found to be there.
    HasChild(Arc<str>),
    /// No child of this name was found.
    HasNoChild(Arc<str>),
    /// A session ends, and with it the ephemeral znodes of its process.
    EndOf(Process),
    /// The leader sweeps it.
    Sweep,
    /// The leader sweeps this child.
    SweepChild(Arc<str>),
    /// All of these, one after another at one moment.
    Row(Vec<Step>),
    /// The same, and then all is as it was before.
    Undone(Vec<Step>),
}

impl Object for Znode {
    type Step = Step;

    fn after(&self, step: &Step) -> Option<Self> {
        let row = |steps: &[Step]| {
            let mut steps = steps.iter();
            steps.try_fold(self.clone(), |state, step| state.after(step))
        };
        match (step, &self.0) {
            (Step::Row(steps), _) => row(steps),
            (Step::Undone(steps), _) => row(steps).map(|_| self.clone()),
            (_, Some(node)) => node.after(step),
            (_, None) => Self::absent_after(step),
        }
    }
}

impl Znode {
    /// What a znode that is not there can answer.
    fn absent_after(step: &Step) -> Option<Self> {
        match step {
            Step::Create { data, life } => Some(Self(Some(Node {
                data: data.clone(),
                life: *life,
                ..Node::default()
            }))),
            Step::IsAbsent | Step::HasNoChild(_) | Step::EndOf(_) => Some(Self(None)),
            _ => None,
        }
    }
}

impl From<Node> for Znode {
    fn from(node: Node) -> Self {
        Self(Some(node))
    }
}

impl Life {
    /// Whose session it depends on.
    pub(super) const fn owner(self) -> Option<Process> {
        match self {
            Self::Session(process) => Some(process),
            Self::Lasting | Self::Container | Self::Limited => None,
        }
    }
}

impl Node {
    /// What comes of a znode that is there.
    fn after(&self, step: &Step) -> Option<Znode> {
        let matches = |expected: Version| expected == ANY_VERSION || expected == self.version;
        let same_if = |holds: bool| holds.then(|| self.clone().into());
        match step {
            Step::Set {
                data,
                expected,
                stat,
            } => {
                let set = self.with_data(data.as_ref());
                let children = u32::try_from(set.children.len()).ok()?;
                let answers = stat.is_none_or(|stat| stat == (set.version, children));
                (matches(*expected) && answers).then(|| set.into())
            }
            Step::Delete { expected } => {
                (matches(*expected) && self.children.is_empty()).then_some(Znode(None))
            }
            Step::IsPresent => same_if(true),
            Step::IsAtVersion { expected } => same_if(matches(*expected)),
            Step::IsAtOtherVersion { expected } => same_if(!matches(*expected)),
            Step::HasChildren { expected } => {
                same_if(matches(*expected) && !self.children.is_empty())
            }
            Step::IsEphemeral => same_if(self.life.owner().is_some()),
            Step::HasVersion(version) => same_if(self.version == *version),
            Step::Holds { version, data } => {
                same_if(self.version == *version && self.data == *data)
            }
            Step::List(names) => same_if(self.children.keys().eq(names)),
            Step::AddChild { name, prefix, life } => {
                let child = self.with_child(name.as_ref(), prefix.as_ref(), *life);
                child.map(Znode::from)
            }
            Step::RemoveChild(name) => self.without_child(name, |_| true),
            Step::HasChild(name) => same_if(self.children.contains_key(name)),
            Step::HasNoChild(name) => same_if(!self.children.contains_key(name)),
            Step::EndOf(process) => Some(self.without_those_of(*process)),
            Step::Sweep => self.may_be_swept().then_some(Znode(None)),
            Step::SweepChild(name) => {
                let is_swept = |life| matches!(life, Life::Container | Life::Limited);
                self.without_child(name, is_swept)
            }
            Step::Create { .. } | Step::IsAbsent | Step::Row(_) | Step::Undone(_) => None,
        }
    }

    fn with_data(&self, data: Option<&Arc<[u8]>>) -> Self {
        Self {
            data: data.cloned(),
            version: self.version.wrapping_add(1),
            ..self.clone()
        }
    }

    /// Whether the leader may find that nothing keeps it.
    fn may_be_swept(&self) -> bool {
        let is_due = match self.life {
            Life::Container => self.creates > 0,
            Life::Limited => true,
            Life::Lasting | Life::Session(_) => false,
        };
        is_due && self.children.is_empty()
    }

    /// What the end of a session leaves of it.
    fn without_those_of(&self, process: Process) -> Znode {
        if self.life == Life::Session(process) {
            return Znode(None);
        }
        let stays = |(_, life): &(&Arc<str>, &Life)| **life != Life::Session(process);
        let children = self.children.iter().filter(stays);
        let children = children.map(|(name, life)| (name.clone(), *life)).collect();
        Self {
            children,
            ..self.clone()
        }
        .into()
    }

    /// With one child more, if it can be the one that was answered.
    fn with_child(
        &self,
        name: Option<&Arc<str>>,
        prefix: Option<&Arc<str>>,
        life: Life,
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
        if self.life.owner().is_some() || self.children.contains_key(&name) {
            return None;
        }
        Some(Self {
            children: self.children.update(name, life),
            creates: self.creates.wrapping_add(1),
            ..self.clone()
        })
    }

    /// With one child less, if it is one that can go so.
    fn without_child(&self, name: &Arc<str>, can_go: impl Fn(Life) -> bool) -> Option<Znode> {
        let life = self.children.get(name)?;
        can_go(*life).then(|| {
            let children = self.children.without(name);
            Self {
                children,
                ..self.clone()
            }
            .into()
        })
    }
}
