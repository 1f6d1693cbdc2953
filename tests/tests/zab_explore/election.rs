//! An election as one event: Fast Leader Election, with the very messages and rules that everything
//! else runs, among servers that hear each other and nobody else, until it ends.

use quorumscope_core::ids::ServerId;
use quorumscope_core::zab::{Channel, Input, Message, Phase, Timer};

use crate::ensemble::{LEARNER, Step};

/// More notifications than any election here takes.
const ENOUGH: usize = 1_000;

impl Step<'_> {
    /// The servers elect; whether anyone found a leader.
    pub(crate) fn elect(&mut self, voters: &[ServerId]) -> bool {
        let looks = |step: &Self, id: &ServerId| step.next.replica(*id).phase() == Phase::Election;
        let looked = voters.iter().filter(|id| looks(self, id)).count();
        self.for_pairs(voters, true);
        loop {
            self.exchange(voters);
            let decided = |id: &&ServerId| {
                let machine = &self.next.machines[id.position()];
                machine.timers.contains(&Timer::Finalize)
            };
            // All that is to be heard has been heard.
            let Some(id) = voters.iter().find(decided).copied() else {
                break;
            };
            self.ring(id, Timer::Finalize);
        }
        self.for_pairs(voters, false);
        self.post.clear();
        while let Some(wire) = self.dials.pop() {
            if voters.contains(&wire.leader) {
                self.connect(wire);
            } else {
                self.disconnected(wire, LEARNER);
            }
        }
        voters.iter().filter(|id| looks(self, id)).count() < looked
    }

    /// Opens or closes the connections for elections.
    fn for_pairs(&mut self, voters: &[ServerId], up: bool) {
        let channel = Channel::Election;
        for id in voters {
            for peer in voters.iter().copied().filter(|peer| peer != id) {
                let input = if up {
                    Input::ConnectionUp { peer, channel }
                } else {
                    Input::ConnectionDown { peer, channel }
                };
                self.input(*id, input);
            }
        }
    }

    fn exchange(&mut self, voters: &[ServerId]) {
        for _ in 0..ENOUGH {
            let Some((from, to, notification)) = self.post.pop_front() else {
                return;
            };
            if voters.contains(&to) {
                let message = Message::Election(notification);
                self.input(to, Input::Message { from, message });
            }
        }
        panic!("the notifications never end");
    }
}
