//! Whether one order of overlapping operations explains every answer.
//!
//! The search is Wing and Gong's ("Testing and verifying concurrent objects", 1993): take an
//! operation that nothing unplaced precedes, let the object carry it out, and go on; if its answer
//! is not the object's, or the rest cannot be placed, take it back and try another. What has been
//! tried is remembered as Lowe does ("Testing for linearizability", 2017): two orders that have
//! placed the same operations and have led to the same state have the same future.
//!
//! Operations are tried in the order of their hints. One without an answer may be placed anywhere
//! after its question, or nowhere; if it has no hint either, it is tried only where the others
//! fail, and first by itself, then in rows of two, of three, …: what is never needed costs nothing.

use std::collections::BTreeSet;

/// An object that operations are carried out on, one at a time.
pub(super) trait Object: Clone + Ord {
    /// What an operation does, and what its answer says.
    type Step;

    /// The object after the step; `None` if it cannot have given the answer. A step without an
    /// answer that would change nothing is `None`, too: it need not be placed.
    fn after(&self, step: &Self::Step) -> Option<Self>;
}

/// An operation, from question to answer. Times are the numbers of events.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Interval<S> {
    /// When it was asked for.
    pub(super) asked: u64,
    /// When it was answered; none if it may have happened or not.
    pub(super) answered: Option<u64>,
    /// Where it is tried first: before those with a higher hint, and those with none.
    pub(super) hint: Option<u64>,
    /// What it does.
    pub(super) step: S,
}

/// What came of a search.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Outcome {
    /// An order was found: the positions of the operations in it.
    Order(Vec<usize>),
    /// There is none. In the longest attempt `placed` came first, and then `stuck` had to follow
    /// and could not.
    None { placed: Vec<usize>, stuck: usize },
    /// The search was given up.
    Undecided,
}

/// What an attempt has placed, and what it has led to.
struct Attempt<'a, O: Object> {
    calls: &'a [Interval<O::Step>],
    /// Positions of the answered operations, as they were asked for.
    answered: Vec<usize>,
    /// Positions of the others, as they were asked for.
    open: Vec<usize>,
    placed: Vec<bool>,
    /// How many operations without answer and hint may follow each other.
    row: usize,
    /// Whether anything was left out because a row would have been longer.
    cut_short: bool,
    tried: BTreeSet<(Vec<u64>, O, usize)>,
    longest: Vec<usize>,
    budget: usize,
}

/// A place in an attempt: the state, and what can be tried next.
struct Frame<O> {
    state: O,
    /// The operation that led here; none at the beginning.
    by: Option<usize>,
    /// How many operations without answer and hint were placed last, one after another.
    row: usize,
    candidates: std::vec::IntoIter<usize>,
}

/// Looks for an order, for at most so many states.
pub(super) fn search<O: Object>(object: &O, calls: &[Interval<O::Step>], budget: usize) -> Outcome {
    let by_question = |answered: bool| {
        let is_of = |place: &usize| calls[*place].answered.is_some() == answered;
        let mut places: Vec<usize> = (0..calls.len()).filter(is_of).collect();
        places.sort_by_key(|place| calls[*place].asked);
        places
    };
    let mut attempt = Attempt {
        calls,
        answered: by_question(true),
        open: by_question(false),
        placed: vec![false; calls.len()],
        row: 0,
        cut_short: false,
        tried: BTreeSet::new(),
        longest: Vec::new(),
        budget,
    };
    loop {
        attempt.cut_short = false;
        attempt.tried.clear();
        match attempt.run(object) {
            Some(true) => return Outcome::Order(attempt.order()),
            Some(false) if !attempt.cut_short => return attempt.failure(),
            Some(false) => attempt.row += 1,
            None => return Outcome::Undecided,
        }
    }
}

impl<O: Object> Attempt<'_, O> {
    /// Tries everything within the length of a row. `None` when the budget is used up.
    fn run(&mut self, object: &O) -> Option<bool> {
        self.placed.fill(false);
        let mut order = Vec::new();
        let mut frames = vec![self.frame(object.clone(), None, 0)];
        while let Some(frame) = frames.last_mut() {
            if self.is_done(order.len()) {
                self.longest = order;
                return Some(true);
            }
            let Some(next) = frame.candidates.next() else {
                if let Some(by) = frame.by {
                    self.placed[by] = false;
                    order.pop();
                }
                frames.pop();
                continue;
            };
            let row = match self.calls[next] {
                Interval {
                    answered: None,
                    hint: None,
                    ..
                } => frame.row + 1,
                _ => 0,
            };
            let Some(state) = frame.state.after(&self.calls[next].step) else {
                continue;
            };
            if row > self.row {
                self.cut_short = true;
                continue;
            }
            self.placed[next] = true;
            if !self.tried.insert((self.signature(), state.clone(), row)) {
                self.placed[next] = false;
                continue;
            }
            self.budget = self.budget.checked_sub(1)?;
            order.push(next);
            if order.len() > self.longest.len() {
                self.longest.clone_from(&order);
            }
            frames.push(self.frame(state, Some(next), row));
        }
        Some(false)
    }

    /// Whether nothing is left that must be placed.
    fn is_done(&self, placed: usize) -> bool {
        placed >= self.answered.len() && self.answered.iter().all(|place| self.placed[*place])
    }

    /// A place with all that could come next, as their hints say: nothing unplaced precedes them.
    fn frame(&self, state: O, by: Option<usize>, row: usize) -> Frame<O> {
        let unplaced = |place: &&usize| !self.placed[**place];
        let mut bound = u64::MAX;
        let mut candidates: Vec<usize> = Vec::new();
        for place in self.answered.iter().filter(unplaced) {
            let call = &self.calls[*place];
            // Whatever was asked for later is preceded by something unplaced.
            if call.asked > bound {
                break;
            }
            bound = bound.min(call.answered.unwrap_or(u64::MAX));
            candidates.push(*place);
        }
        candidates.retain(|place| self.calls[*place].asked < bound);
        let open = self.open.iter().filter(unplaced);
        candidates.extend(open.take_while(|place| self.calls[**place].asked < bound));
        candidates.sort_by_key(|place| {
            let call = &self.calls[*place];
            let last = u64::MAX;
            (call.hint.unwrap_or(last), call.answered.unwrap_or(last))
        });
        Frame {
            state,
            by,
            row,
            candidates: candidates.into_iter(),
        }
    }

    /// Which operations are placed, as bits.
    fn signature(&self) -> Vec<u64> {
        let word = |bits: &[bool]| {
            let bits = bits.iter().rev();
            bits.fold(0, |word, bit| word << 1 | u64::from(*bit))
        };
        self.placed.chunks(64).map(word).collect()
    }

    fn order(self) -> Vec<usize> {
        self.longest
    }

    /// The operation that was due in the longest attempt: of those not placed, the one that was
    /// answered first.
    fn failure(self) -> Outcome {
        let unplaced = |place: &&usize| !self.longest.contains(place);
        let due = self.answered.iter().filter(unplaced);
        let stuck = due.min_by_key(|place| self.calls[**place].answered);
        match stuck {
            Some(&stuck) => Outcome::None {
                placed: self.longest,
                stuck,
            },
            None => Outcome::Order(self.longest),
        }
    }
}
