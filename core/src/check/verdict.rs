//! What is to be thought of an operation, as far as it has gone.

use super::history::{Call, CallId, Ending};

/// What is to be thought of an operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It has not ended.
    Pending,
    /// Nobody knows whether it happened, or will: the connection was lost, or the process killed.
    Unknown,
    /// Some moment between question and answer explains the answer.
    Linearizable,
    /// The answer had been overtaken before the question was asked. ZooKeeper allows that to a
    /// read; after a sync it would not be so.
    Stale {
        /// The operation whose answer had told what is missed.
        misses: CallId,
    },
    /// ZooKeeper promises better.
    Violation {
        /// The invariant that objects.
        invariant: &'static str,
    },
}

impl Verdict {
    /// Judges an operation by itself; whether it keeps what is promised to its client, the
    /// invariants say.
    pub(super) fn of(call: &Call) -> Self {
        match call.ending {
            Ending::Open => Self::Pending,
            Ending::Unknown => Self::Unknown,
            Ending::Answered { .. } if call.linearizable => Self::Linearizable,
            Ending::Answered { .. } => match call.floor.missed_by(call) {
                Some(told) => Self::Stale { misses: told.by },
                None => Self::Linearizable,
            },
        }
    }

    /// In a word: `pending`, `unknown`, `linearizable`, `stale`, `violation`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Unknown => "unknown",
            Self::Linearizable => "linearizable",
            Self::Stale { .. } => "stale",
            Self::Violation { .. } => "violation",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::*;
    use crate::zookeeper::Reply;
    use crate::zookeeper::Request;

    fn judged(tale: &mut Tale, request: Request, zxid: u32, reply: Reply) -> Verdict {
        let id = tale.ask('B', request);
        assert_eq!(tale.verdict(id), Verdict::Pending);
        tale.answer(id, zxid, reply);
        tale.verdict(id)
    }

    #[test]
    fn a_read_is_stale_if_what_it_misses_had_been_told_before_it_was_asked() {
        let mut tale = Tale::new();
        tale.tell('A', create("/a"), 1, created("/a", 1));
        let write = tale.ask('A', set("/a", "x"));
        let early = tale.ask('B', get("/a"));
        tale.answer(write, 2, is_set(2, 1));
        // While both were under way, either could come first.
        tale.answer(early, 1, data(None, 1, 0));
        assert_eq!(tale.verdict(early), Verdict::Linearizable);
        let late = judged(&mut tale, get("/a"), 1, data(None, 1, 0));
        assert_eq!(late, Verdict::Stale { misses: write });
        let fresh = judged(&mut tale, get("/a"), 2, data(Some("x"), 2, 1));
        assert_eq!(fresh, Verdict::Linearizable);
    }

    #[test]
    fn a_read_that_misses_what_another_read_has_shown_is_stale() {
        let mut tale = Tale::new();
        tale.tell('A', create("/a"), 1, created("/a", 1));
        let write = tale.ask('A', set("/a", "x"));
        let shown = tale.ask('C', get("/a"));
        tale.answer(shown, 2, data(Some("x"), 2, 1));
        let verdict = judged(&mut tale, get("/a"), 1, data(None, 1, 0));
        assert_eq!(verdict, Verdict::Stale { misses: shown });
        tale.lose(write);
        assert_eq!(tale.verdict(write), Verdict::Unknown);
    }

    #[test]
    fn a_read_that_shows_what_is_known_to_be_gone_is_stale() {
        let mut tale = Tale::new();
        tale.tell('A', create("/a"), 1, created("/a", 1));
        let gone = tale.ask('C', get("/a"));
        tale.answer(gone, 5, NO_NODE);
        let verdict = judged(&mut tale, get("/a"), 4, data(None, 1, 0));
        assert_eq!(verdict, Verdict::Stale { misses: gone });
        // What was created after that is another znode.
        let verdict = judged(&mut tale, get("/a"), 6, data(None, 6, 0));
        assert_eq!(verdict, Verdict::Linearizable);
    }

    #[test]
    fn a_read_that_misses_a_znode_is_stale_and_one_that_comes_after_its_end_is_not() {
        let mut tale = Tale::new();
        let made = tale.ask('A', create("/a"));
        tale.answer(made, 3, created("/a", 3));
        let verdict = judged(&mut tale, get("/a"), 2, NO_NODE);
        assert_eq!(verdict, Verdict::Stale { misses: made });
        assert_eq!(
            judged(&mut tale, get("/a"), 4, NO_NODE),
            Verdict::Linearizable
        );
    }

    #[test]
    fn a_new_child_makes_the_list_stale_and_not_the_data() {
        let mut tale = Tale::new();
        tale.tell('A', create("/a"), 1, created("/a", 1));
        let child = tale.ask('A', create("/a/x"));
        tale.answer(child, 2, created("/a/x", 2));
        let list = judged(&mut tale, children("/a"), 1, names(&[], 1));
        assert_eq!(list, Verdict::Stale { misses: child });
        let read = judged(&mut tale, get("/a"), 1, data(None, 1, 0));
        assert_eq!(read, Verdict::Linearizable);
        let list = judged(&mut tale, children("/a"), 2, names(&["x"], 2));
        assert_eq!(list, Verdict::Linearizable);
    }

    #[test]
    fn an_answer_that_an_invariant_objects_to_is_a_violation() {
        let mut tale = Tale::new();
        judged(&mut tale, get("/a"), 2, NO_NODE);
        let verdict = judged(&mut tale, get("/a"), 1, NO_NODE);
        let invariant = "monotonic_reads";
        assert_eq!(verdict, Verdict::Violation { invariant });
    }
}
