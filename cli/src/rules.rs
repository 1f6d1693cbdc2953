//! The rules that can be switched off.

use quorumscope_core::raft::Rules;

use crate::args;
use crate::{Verdict, print_line};

pub(crate) fn rules(task: &args::Rules) -> Verdict {
    let args::ProtocolName::Raft = task.protocol;
    for rule in Rules::list() {
        if task.names {
            print_line(rule.name);
        } else {
            print_line(&format!(
                "{}\n    {} ({})",
                rule.name, rule.text, rule.source
            ));
        }
    }
    Verdict::Held
}
