//! The part of the logs that the grid shows.

/// A window over the indices of the log, and whether it follows the end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LogWindow {
    /// The first index that is shown.
    pub first: u64,
    /// How many are shown.
    pub count: u64,
    /// Whether the window follows the end of the log.
    pub follow: bool,
}

/// How the grid divides its width.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Columns {
    /// How many fit.
    pub(crate) count: u64,
    /// Whether they are too narrow for labels.
    pub(crate) compact: bool,
}

/// Below this width of the grid, labels are left out.
const COMPACT: f64 = 600.0;
/// What a row's name takes.
const HEAD: f64 = 31.0;
/// The narrowest column that has room for a label.
const LABELLED: f64 = 76.0;
/// The narrowest column.
const BARE: f64 = 27.0;

impl Default for LogWindow {
    /// The beginning, until the grid knows its width.
    fn default() -> Self {
        Self {
            first: 1,
            count: 12,
            follow: true,
        }
    }
}

impl Columns {
    /// What fits into a grid of this width.
    pub(crate) fn in_width(width: f64) -> Self {
        let compact = width < COMPACT;
        let least = if compact { BARE } else { LABELLED };
        Self {
            count: (((width - HEAD) / least) as u64).max(4),
            compact,
        }
    }
}

impl LogWindow {
    /// The last index that is shown.
    pub(crate) fn last(&self) -> u64 {
        self.first + self.count - 1
    }

    /// Whether an index is shown.
    pub(crate) fn shows(&self, index: u64) -> bool {
        (self.first..=self.last()).contains(&index)
    }

    /// The furthest that a window of `count` goes over a log that ends at `end`: one column is
    /// left free behind it, for the arrow that points at the next entry.
    pub(crate) fn furthest(count: u64, end: u64) -> u64 {
        (end + 2).saturating_sub(count).max(1)
    }

    /// This window with `count` columns, at the end of the log if it follows it.
    #[must_use]
    pub(crate) fn fitted(self, count: u64, end: u64) -> Self {
        let furthest = Self::furthest(count, end);
        Self {
            first: if self.follow {
                furthest
            } else {
                self.first.min(furthest)
            },
            count,
            follow: self.follow,
        }
    }

    /// The window that begins at `first`, or as near as it may; it follows from the end on.
    #[must_use]
    pub(crate) fn scrolled(self, first: i64, end: u64) -> Self {
        let furthest = Self::furthest(self.count, end);
        let first = u64::try_from(first).unwrap_or(1).clamp(1, furthest);
        Self {
            first,
            follow: first == furthest,
            ..self
        }
    }

    /// The nearest window that shows `index`.
    #[must_use]
    pub(crate) fn showing(self, index: u64, end: u64) -> Self {
        let first = if index < self.first {
            index
        } else if index > self.last() {
            index + 1 - self.count
        } else {
            return self;
        };
        self.scrolled(first as i64, end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN: LogWindow = LogWindow {
        first: 1,
        count: 10,
        follow: true,
    };

    #[test]
    fn a_short_log_is_shown_from_its_beginning() {
        assert_eq!(TEN.fitted(10, 0).first, 1);
        assert_eq!(TEN.fitted(10, 9).first, 1);
    }

    #[test]
    fn a_window_that_follows_leaves_one_column_free_at_the_end() {
        let window = TEN.fitted(10, 100);
        assert_eq!((window.first, window.last()), (92, 101));
    }

    #[test]
    fn a_window_that_was_scrolled_back_stays_as_the_log_grows() {
        let back = TEN.fitted(10, 100).scrolled(40, 100);
        assert!(!back.follow);
        assert_eq!(back.fitted(10, 500).first, 40);
    }

    #[test]
    fn a_window_scrolled_to_the_end_follows_again() {
        let end = TEN.scrolled(40, 100).scrolled(1_000, 100);
        assert!(end.follow);
        assert_eq!(end.first, 92);
        assert_eq!(TEN.scrolled(-5, 100).first, 1);
    }

    #[test]
    fn a_window_moves_no_further_than_it_must_to_show_an_index() {
        let window = TEN.scrolled(40, 100);
        assert_eq!(window.showing(45, 100), window);
        assert_eq!(window.showing(39, 100).first, 39);
        assert_eq!(window.showing(50, 100).first, 41);
        assert!(window.showing(50, 100).shows(50));
    }

    #[test]
    fn a_log_that_shrinks_pulls_the_window_back() {
        let back = TEN.scrolled(40, 100);
        assert_eq!(back.fitted(10, 20).first, 12);
    }
}
