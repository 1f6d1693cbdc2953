//! The same work under the other protocol: what of a run's script means something there.

use crate::script::{self, Command, Header, Names, Protocol, Script, Setting, Step};
use crate::sim;

/// A script carried over, and what had to stay behind.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Crossing {
    /// The script.
    pub script: String,
    /// Whether anything is done to the cluster or asked by a client.
    pub acts: bool,
    /// The lines that mean nothing there.
    pub left: Vec<String>,
}

/// The script of a run with the same servers and seed, the same faults and the same that clients
/// ask, at the same times, where the servers run `protocol`. Text that is no script is the default
/// cluster.
pub fn under(protocol: Protocol, text: &str) -> Crossing {
    let script = script::parse(text);
    let script = script.unwrap_or_else(|_| Script::new(Header::default(), Vec::new()));
    let mut left = Vec::new();
    let header = header(protocol, script.header, &mut left);
    let names = Names {
        protocol: Some(protocol),
        ..Names::default()
    };
    let mut steps = Vec::new();
    for step in script.steps {
        let Step::Command { at, command } = step.value else {
            continue;
        };
        let line = command.to_string();
        if names_a_message(&command) || script::parse_command_with(&line, &names).is_err() {
            left.push(line);
        } else {
            steps.push(Step::Command { at, command });
        }
    }
    Crossing {
        acts: !steps.is_empty(),
        script: Script::new(header, steps).to_string(),
        left,
    }
}

/// The header with what `protocol` knows of it. It was recorded with no behaviour: this run is new.
pub(super) fn header(protocol: Protocol, mut header: Header, left: &mut Vec<String>) -> Header {
    header.behaviour = None;
    if header.protocol == protocol {
        return header;
    }
    header.protocol = protocol;
    let is_known = |setting: &Setting| setting.protocol().is_none_or(|own| own == protocol);
    header.settings.retain(|setting| {
        let stays = is_known(setting);
        if !stays {
            left.push(format!("set {setting}"));
        }
        stays
    });
    header.rules_off.retain(|off| {
        let stays = sim::rules(protocol).any(|rule| rule.name == off);
        if !stays {
            left.push(format!("off {off}"));
        }
        stays
    });
    header
}

/// Whether a command is about one message of the run that it was given in.
pub(super) const fn names_a_message(command: &Command) -> bool {
    matches!(
        command,
        Command::Drop { .. }
            | Command::Hold { .. }
            | Command::Release { .. }
            | Command::Delay { .. }
            | Command::Duplicate { .. }
            | Command::Deliver { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Player;

    const RUN: &str = "quorumscope 1\nservers 3\nseed 7\nset heartbeat 40ms\n\
        off persist_vote\n\nat 1s client A\nat 2s drop m4\nat 3s crash S1\n\
        at 4s transfer S2 -> S3\nat 5s client A create /a\nend 6s\n";

    #[test]
    fn servers_seed_faults_and_requests_cross_and_what_only_raft_knows_is_named() {
        let crossing = under(Protocol::Zab, RUN);
        assert_eq!(
            crossing.script,
            "quorumscope 1\nprotocol zab\nservers 3\nseed 7\n\n\
             at 1s client A\nat 3s crash S1\nat 5s client A create /a\n"
        );
        assert_eq!(
            crossing.left,
            [
                "set heartbeat 40ms",
                "off persist_vote",
                "drop m4",
                "transfer S2 -> S3"
            ]
        );
        assert!(crossing.acts);
        assert!(Player::open(&crossing.script).is_ok());
    }
}
