//! Tables of rules that can be switched off, to see what each is for.

use thiserror::Error;

use crate::explain::RuleInfo;

/// A name that is no rule's.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("no rule is called `{name}`; there are {}", known.iter().map(|rule| rule.name).collect::<Vec<_>>().join(", "))]
pub struct UnknownRule {
    /// The name.
    pub name: String,
    /// The rules of the table that it was looked for in.
    pub known: &'static [RuleInfo],
}

/// Gives each rule its constant, its switch and its place in the list.
macro_rules! rules {
    ($($(#[$why:meta])* $name:ident $constant:ident $text:literal, $source:literal;)*) => {
        /// Which rules hold. Each can be switched by its name.
        // A switch is a bool, and there is one for each rule.
        #[allow(clippy::struct_excessive_bools)]
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize)]
        pub struct Rules {
            $($(#[$why])* pub $name: bool,)*
        }

        $($(#[$why])* pub const $constant: $crate::explain::RuleInfo = $crate::explain::RuleInfo {
            name: stringify!($name),
            text: $text,
            source: $source,
        };)*

        impl Default for Rules {
            fn default() -> Self {
                Self { $($name: true),* }
            }
        }

        impl Rules {
            /// The names of all rules, in the order of [`Rules::list`].
            pub const NAMES: [&'static str; Self::list().len()] = [$(stringify!($name)),*];

            /// All rules.
            pub const fn list() -> &'static [$crate::explain::RuleInfo] {
                &[$($constant),*]
            }

            /// Switches the rule called `name` on or off.
            pub fn switch(
                &mut self,
                name: &str,
                on: bool,
            ) -> Result<(), $crate::rules::UnknownRule> {
                let switch = match name {
                    $(stringify!($name) => &mut self.$name,)*
                    _ => {
                        let (name, known) = (name.into(), Self::list());
                        return Err($crate::rules::UnknownRule { name, known });
                    }
                };
                *switch = on;
                Ok(())
            }
        }
    };
}

pub(crate) use rules;

#[cfg(test)]
mod tests {
    use crate::{raft, zab, zookeeper};

    /// Checks one table.
    macro_rules! every_rule_is_on_until_it_is_switched_off {
        ($rules:ty) => {
            for name in <$rules>::NAMES {
                let mut rules = <$rules>::default();
                rules.switch(name, true).unwrap();
                assert_eq!(rules, <$rules>::default(), "{name} was off");
                rules.switch(name, false).unwrap();
                assert_ne!(rules, <$rules>::default(), "{name} has no effect");
            }
        };
    }

    #[test]
    fn every_rule_is_on_until_it_is_switched_off_by_its_name() {
        every_rule_is_on_until_it_is_switched_off!(raft::Rules);
        every_rule_is_on_until_it_is_switched_off!(zab::Rules);
        every_rule_is_on_until_it_is_switched_off!(zookeeper::Rules);
    }

    #[test]
    fn an_unknown_rule_is_refused_with_the_names_that_exist() {
        let error = raft::Rules::default().switch("be_nice", false).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("no rule is called `be_nice`; there are up_to_date_vote, "));
        assert!(text.ends_with(", sticky_voters_under_lease"), "{text}");
    }
}
