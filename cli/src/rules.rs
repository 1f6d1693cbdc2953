//! The rules that can be switched off.

use quorumscope_core::check::lost_without;
use quorumscope_core::{raft, zab, zookeeper};

use crate::args;
use crate::{Verdict, print_line};

pub(crate) fn rules(task: &args::Rules) -> Verdict {
    let of_protocol = match task.of {
        args::RulesOf::Raft => raft::Rules::list(),
        args::RulesOf::Zab => zab::Rules::list(),
        args::RulesOf::Service => &[],
    };
    for rule in of_protocol.iter().chain(zookeeper::Rules::list()) {
        if task.names {
            print_line(rule.name);
        } else {
            print_line(&format!(
                "{}\n    {} ({})",
                rule.name, rule.text, rule.source
            ));
            let lost = lost_without(rule.name);
            if !lost.is_empty() {
                print_line(&format!("    without it: {}", lost.join(", ")));
            }
        }
    }
    Verdict::Held
}
