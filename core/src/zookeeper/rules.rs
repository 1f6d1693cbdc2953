//! The rules of the service, each of which can be switched off to see what it is for. Each is asked
//! in exactly one place.
//!
//! They hold whatever the servers run: those of the protocol are the protocol's.

use crate::ids::ServerId;
use crate::rules::rules;

rules! {
    /// What a client knows of a znode must not be older than what it is told next.
    event_before_reply EVENT_BEFORE_REPLY
    "a client is told that what it watches has changed before it is answered anything that \
     shows the change",
    "Hunt et al., ZooKeeper, 2010, §2.3; Programmer's Guide, Watches";

    /// A client that was told once has to ask again.
    one_shot_watches ONE_SHOT_WATCHES
    "a watch that a read has set is gone once it was triggered",
    "ZooKeeper, Programmer's Guide, Watches";

    /// What a dead client holds would be held for ever.
    close_deletes_ephemerals CLOSE_DELETES_EPHEMERALS
    "the end of a session deletes its ephemeral znodes in the same transaction",
    "ZooKeeper, Programmer's Guide, Ephemeral Nodes";

    /// Who is refused must have changed nothing.
    check_before_apply CHECK_BEFORE_APPLY
    "the version that a write demands is compared before anything of the write is applied",
    "Hunt et al., ZooKeeper, 2010, §2.2, §4.1";

    /// A number that comes twice makes two holders of one place in a queue.
    count_every_create COUNT_EVERY_CREATE
    "a sequential znode's number counts the children that its parent ever had, not those \
     that it has",
    "Hunt et al., ZooKeeper, 2010, §2.1; Programmer's Guide, Sequence Nodes";

    /// What was sent before a client moved must not take effect after what it has seen since.
    refuse_moved_session REFUSE_MOVED_SESSION
    "a write is refused that comes by way of a server which the session has left",
    "ZooKeeper, SessionMovedException";

    /// Half a multi is a state that nobody asked for.
    all_or_nothing ALL_OR_NOTHING
    "a multi of which one operation fails changes nothing",
    "ZooKeeper, Programmer's Guide, multi";

    /// A client would see time run backwards.
    refuse_client_ahead REFUSE_CLIENT_AHEAD
    "a server that has seen less than a client does not serve it",
    "ZooKeeper, Consistency Guarantees: Single System Image";
}

impl Rules {
    /// Whether what a session asks by way of `origin` is refused while its client is connected
    /// with `owner`.
    pub(crate) fn bars(self, owner: ServerId, origin: ServerId) -> bool {
        self.refuse_moved_session && owner != origin
    }
}
