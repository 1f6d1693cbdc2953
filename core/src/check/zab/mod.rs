//! What must hold where servers run Zab: the properties of the paper and of the two TLA+
//! specifications of it, `Zab.tla` (the paper's protocol) and `ZkV3_7_0.tla` (the implementation's).
//!
//! | file | what it is |
//! |---|---|
//! | `glance`, `past` | what an invariant may look at: the present, and what was seen before |
//! | `leadership`, `primary_integrity`, `leader_log_completeness` | who leads, and with what history |
//! | `integrity`, `agreement`, `total_order`, `local_primary_order`, `global_primary_order` | what is delivered, and in which order |
//! | `prefix_consistency`, `log_order`, `committed_log_durability` | what servers hold |
//! | `legal_messages` | what leaders say to learners |

mod agreement;
mod committed_log_durability;
mod glance;
mod global_primary_order;
#[cfg(test)]
mod hand_made;
mod integrity;
mod leader_log_completeness;
mod leadership;
mod legal_messages;
#[cfg(test)]
mod liveness_tests;
mod local_primary_order;
mod log_order;
mod past;
mod prefix_consistency;
mod primary_integrity;
#[cfg(test)]
mod tests;
mod total_order;

pub(super) use agreement::Agreement;
pub(super) use committed_log_durability::CommittedLogDurability;
pub(super) use glance::{ZabGlance, ZabOutline, holds, log_of};
pub(super) use global_primary_order::GlobalPrimaryOrder;
pub(super) use integrity::Integrity;
pub(super) use leader_log_completeness::LeaderLogCompleteness;
pub(super) use leadership::Leadership;
pub(super) use legal_messages::LegalMessages;
pub(super) use local_primary_order::LocalPrimaryOrder;
pub(super) use log_order::LogOrder;
pub(super) use past::ZabPast;
pub(super) use prefix_consistency::PrefixConsistency;
pub(super) use primary_integrity::PrimaryIntegrity;
pub(super) use total_order::TotalOrder;
