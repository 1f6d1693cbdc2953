//! The names of znodes: which are legal, and who checks what.
//!
//! A client checks a path in full before it sends ([`validate`], [`validate_prefix`]). The server
//! checks again, but less for some operations: create and set in full (a sequential create after
//! its digits were added), delete only that the path has a parent and is not reserved, reads not
//! at all: they look the string up and find nothing (ZooKeeper, `PathUtils` and
//! `PrepRequestProcessor`).

use thiserror::Error;

/// The root of the tree.
pub const ROOT: &str = "/";

/// Znodes that exist from the start and can never be deleted.
pub const RESERVED: [&str; 4] = [ROOT, "/zookeeper", "/zookeeper/quota", CONFIG];

/// The znode that tells the ensemble's configuration; anybody may read it.
pub const CONFIG: &str = "/zookeeper/config";

/// What is wrong with a path, and where.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Error)]
#[error("{fault} (character {})", .at + 1)]
pub struct PathError {
    /// The first character at fault, counted from 0.
    pub at: usize,
    /// What is wrong with it.
    pub fault: PathFault,
}

/// A rule that a path breaks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Error)]
pub enum PathFault {
    /// The path is the empty text.
    #[error("a path cannot be empty; the root is /")]
    Empty,
    /// The path does not start at the root.
    #[error("a path must begin with /")]
    NotFromRoot,
    /// The path ends with a slash and is not the root.
    #[error("a path must not end with /")]
    TrailingSlash,
    /// Two slashes follow each other.
    #[error("a name between two slashes must not be empty")]
    EmptyName,
    /// A name is `.` or `..`.
    #[error("a name must not be . or .., for paths are always absolute")]
    RelativeName,
    /// A character that no name may contain.
    #[error("the character U+{:04X} is not allowed in a path", u32::from(*.0))]
    Refused(char),
}

/// Checks a whole path.
pub fn validate(path: &str) -> Result<(), PathError> {
    let Some(names) = path.strip_prefix('/') else {
        let fault = if path.is_empty() {
            PathFault::Empty
        } else {
            PathFault::NotFromRoot
        };
        return Err(PathError { at: 0, fault });
    };
    if names.is_empty() {
        return Ok(());
    }
    let mut at = 1;
    let mut names = names.split('/').peekable();
    while let Some(name) = names.next() {
        let is_last = names.peek().is_none();
        at += validate_name(name, at, is_last)? + 1;
    }
    Ok(())
}

/// Checks the path that a sequential create asks for: its digits are still to come, so the last
/// name may be empty, `.` or `..` for now.
pub fn validate_prefix(prefix: &str) -> Result<(), PathError> {
    if prefix.is_empty() {
        return validate(prefix);
    }
    validate(&format!("{prefix}0"))
}

/// Checks the name that starts at character `at`; answers how many characters it has.
fn validate_name(name: &str, at: usize, is_last: bool) -> Result<usize, PathError> {
    if name.is_empty() {
        // The slash itself is at fault: the one that ends the path, or the second of two.
        return Err(if is_last {
            PathError {
                at: at - 1,
                fault: PathFault::TrailingSlash,
            }
        } else {
            PathError {
                at,
                fault: PathFault::EmptyName,
            }
        });
    }
    if name == "." || name == ".." {
        let fault = PathFault::RelativeName;
        return Err(PathError { at, fault });
    }
    let mut length = 0;
    for character in name.chars() {
        if is_refused(character) {
            return Err(PathError {
                at: at + length,
                fault: PathFault::Refused(character),
            });
        }
        length += 1;
    }
    Ok(length)
}

/// ZooKeeper looks at UTF-16 units and refuses surrogates, so every character beyond the basic
/// plane is refused with them.
fn is_refused(character: char) -> bool {
    matches!(u32::from(character),
        0..=0x1f | 0x7f..=0x9f | 0xd800..=0xf8ff | 0xfff0..)
}

/// The parent's path, if `path` has one to look for: the server asks only for a slash and no NUL.
/// The root is taken as its own parent, as in ZooKeeper, so that to create it is to find it there.
pub fn parent(path: &str) -> Option<&str> {
    if path.contains('\0') {
        return None;
    }
    match path.rfind('/')? {
        0 => Some(ROOT),
        slash => Some(&path[..slash]),
    }
}

/// The path itself and the paths of all znodes above it, the nearest first.
pub fn ancestry(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| match *path {
        ROOT => None,
        path => parent(path),
    })
}

/// The last name of a path.
pub fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Whether the znode at `path` can never be deleted.
pub fn is_reserved(path: &str) -> bool {
    RESERVED.contains(&path)
}

/// The path of a sequential znode: the prefix, then the parent's count of creates in at least ten
/// places, sign included.
pub(crate) fn sequential(prefix: &str, count: i32) -> String {
    format!("{prefix}{count:010}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn legal_paths_are_accepted() {
        for path in [
            "/",
            "/a",
            "/a/b/c",
            "/...",
            "/.x",
            "/a..",
            "/..a/b",
            "/a b",
            "/a:%20\\",
            "/\u{a0}",
            "/\u{d7ff}",
            "/\u{f900}",
            "/\u{ffef}",
            "/zookeeper",
        ] {
            assert_eq!(validate(path), Ok(()), "{path:?}");
        }
    }

    #[test]
    fn a_bad_path_is_refused_with_its_fault_and_the_place_of_it() {
        use PathFault::*;
        for (path, at, fault) in [
            ("", 0, Empty),
            ("a", 0, NotFromRoot),
            ("a/b", 0, NotFromRoot),
            ("/a/", 2, TrailingSlash),
            ("//", 1, EmptyName),
            ("/a//b", 3, EmptyName),
            ("//a", 1, EmptyName),
            ("/.", 1, RelativeName),
            ("/..", 1, RelativeName),
            ("/é/./b", 3, RelativeName),
            ("/a/../b", 3, RelativeName),
            ("/a\0", 2, Refused('\0')),
            ("/a\u{1}", 2, Refused('\u{1}')),
            ("/\u{1f}", 1, Refused('\u{1f}')),
            ("/\u{7f}", 1, Refused('\u{7f}')),
            ("/\u{9f}", 1, Refused('\u{9f}')),
            ("/\u{e000}", 1, Refused('\u{e000}')),
            ("/x\u{f8ff}", 2, Refused('\u{f8ff}')),
            ("/\u{fff0}", 1, Refused('\u{fff0}')),
            ("/\u{ffff}", 1, Refused('\u{ffff}')),
            ("/éé/x😀", 5, Refused('😀')),
        ] {
            assert_eq!(validate(path), Err(PathError { at, fault }), "{path:?}");
        }
    }

    #[test]
    fn a_sequential_prefix_is_judged_with_digits_behind_it() {
        for prefix in ["/", "/t/", "/t/.", "/t/..", "/t/s-"] {
            assert_eq!(validate_prefix(prefix), Ok(()), "{prefix:?}");
        }
        for (prefix, at, fault) in [
            ("", 0, PathFault::Empty),
            ("t", 0, PathFault::NotFromRoot),
            ("/t//", 3, PathFault::EmptyName),
            ("/../", 1, PathFault::RelativeName),
            ("/t\u{1}", 2, PathFault::Refused('\u{1}')),
        ] {
            assert_eq!(
                validate_prefix(prefix),
                Err(PathError { at, fault }),
                "{prefix:?}"
            );
        }
    }

    #[test]
    fn the_message_names_the_rule_and_counts_characters_from_one() {
        let error = validate("/a//b").unwrap_err();
        assert_eq!(
            error.to_string(),
            "a name between two slashes must not be empty (character 4)"
        );
        let error = validate("/\u{1}").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the character U+0001 is not allowed in a path (character 2)"
        );
    }

    #[test]
    fn a_parent_is_what_stands_before_the_last_slash() {
        for (path, parent_path, name_) in [
            ("/", Some("/"), ""),
            ("/a", Some("/"), "a"),
            ("/a/b", Some("/a"), "b"),
            ("/t//x", Some("/t/"), "x"),
            ("/t/", Some("/t"), ""),
            ("t/x", Some("t"), "x"),
            ("t", None, "t"),
            ("", None, ""),
            ("/a\0", None, "a\0"),
        ] {
            assert_eq!((parent(path), name(path)), (parent_path, name_), "{path:?}");
        }
    }

    #[test]
    fn sequential_digits_fill_ten_places_and_a_minus_counts_as_one() {
        for (count, path) in [
            (0, "/s-0000000000"),
            (42, "/s-0000000042"),
            (i32::MAX, "/s-2147483647"),
            (i32::MIN, "/s--2147483648"),
            (-5, "/s--000000005"),
        ] {
            assert_eq!(sequential("/s-", count), path);
        }
    }
}
