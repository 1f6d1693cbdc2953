//! No leader says what cannot be.

use super::ZabGlance;
use crate::check::{Clash, Invariant, Property};
use crate::explain::Rule;
use crate::zab::{Pair, Refused};

/// Nothing to remember: who was told what it could not take gives its leader up, and knows why.
#[derive(Clone, Debug, Default)]
pub(in crate::check) struct LegalMessages;

impl Invariant for LegalMessages {
    const PROPERTY: Property = Property {
        name: "legal_messages",
        title: "Legal messages",
        rule: Rule {
            text: "no message of a leader reaches a learner in a state that it does not fit: every proposal follows the last, and every commit is of the proposal that has waited longest",
            source: "ZkV3_7_0.tla: its checks inside actions; Follower.processPacket",
        },
    };

    fn check_zab(&mut self, glance: &ZabGlance<'_>) -> Result<(), Clash> {
        if glance.before.refused == glance.now.refused {
            return Ok(());
        }
        let Some(refused) = glance.now.refused else {
            return Ok(());
        };
        let Refused {
            leader,
            kind,
            zxid,
            expected,
        } = refused;
        let (server, zxid, expected) = (glance.server, Pair(zxid), Pair(expected));
        let kind = kind.0;
        Err(Clash {
            what: format!("{server} cannot take the {kind} of {zxid} that {leader} sent"),
            facts: [
                (leader, format!("sent {kind} {zxid}")),
                (server, format!("is at {expected}")),
            ],
        })
    }
}
