//! Changes of membership come one at a time.

use super::past::describe;
use super::{Clash, Glance, Invariant, Property};
use crate::explain::Rule;
use crate::raft::Index;

/// Nothing to remember: each log shows it by itself.
#[derive(Clone, Debug, Default)]
pub(super) struct OneUncommittedConfiguration;

impl Invariant for OneUncommittedConfiguration {
    const PROPERTY: Property = Property {
        name: "one_uncommitted_configuration",
        title: "One change at a time",
        rule: Rule {
            text: "of the configurations that a log holds, all but the last are committed",
            source: "dissertation §4.1, Raft §6",
        },
    };

    fn check(&mut self, glance: &Glance<'_>) -> Result<(), Clash> {
        let Some(written) = glance.log_from else {
            return Ok(());
        };
        let log = glance.log();
        let mut latest = log.configurations();
        let (Some(last), Some(earlier)) = (latest.next(), latest.next()) else {
            return Ok(());
        };
        if last < written || earlier <= glance.past.last() {
            return Ok(());
        }
        let holds = |at: Index| {
            let entry = log.get(at).map_or("nothing".into(), describe);
            (glance.server, format!("holds {entry}"))
        };
        Err(Clash {
            what: format!(
                "the configuration of entry {last} follows that of entry {earlier}, which nobody \
                 has committed"
            ),
            facts: [holds(earlier), holds(last)],
        })
    }
}
