//! What an element is given: its attributes, a script, a link.
//!
//! An attribute is a line of a script's header, written `servers="9"` instead of `servers 9`; what
//! an attribute says goes before what the script says.

use quorumscope_core::history::OpenError;
use quorumscope_core::script::limits::FORMAT_VERSION;
use quorumscope_core::script::{self, Errors, Header, Protocol, Script};

use crate::model::Notice;

/// What a shared link's fragment begins with, after the `#`.
pub const RUN: &str = "run=";
/// The most servers that the page draws.
pub const MAX_SERVERS: u16 = 9;

/// An attribute and its value.
pub type Attribute = (String, String);

/// The header attributes that are no setting of the cluster's timing or network.
const PLAIN: [&str; 3] = ["protocol", "servers", "seed"];

/// The script of an element with these attributes.
pub fn apply(text: &str, attributes: &[Attribute]) -> Result<String, Notice> {
    let mut script = if text.trim().is_empty() {
        Script::new(Header::default(), Vec::new())
    } else {
        script::parse(text).map_err(|errors| listed("The script", &errors))?
    };
    for (name, value) in attributes {
        let said = script::parse(&header(script.header.protocol, name, value));
        let said = said.map_err(|errors| refused(name, value, &errors))?;
        match name.as_str() {
            "protocol" => script.header.protocol = said.header.protocol,
            "servers" => script.header.servers = said.header.servers,
            "seed" => script.header.seed = said.header.seed,
            _ => {
                script
                    .header
                    .settings
                    .retain(|setting| setting.name() != name);
                script.header.settings.extend(said.header.settings);
            }
        }
    }
    if script.header.servers > MAX_SERVERS {
        return Err(Notice {
            title: format!("{} servers are too many to draw.", script.header.servers),
            errors: vec![format!(
                "The page shows 1 to {MAX_SERVERS} servers; run larger clusters with the command-line tool."
            )],
        });
    }
    Ok(script.to_string())
}

/// The header that an attribute stands for, where the servers run `protocol`.
fn header(protocol: Protocol, name: &str, value: &str) -> String {
    if PLAIN.contains(&name) {
        return format!("quorumscope {FORMAT_VERSION}\n{name} {value}\n");
    }
    format!("quorumscope {FORMAT_VERSION}\nprotocol {protocol}\nset {name} {value}\n")
}

/// A notice about an attribute; the line and column of the header it became mean nothing to the
/// reader.
fn refused(name: &str, value: &str, errors: &Errors) -> Notice {
    Notice {
        title: format!("The setting {name}={value} cannot be used."),
        errors: errors
            .errors
            .iter()
            .map(|error| error.problem.to_string())
            .collect(),
    }
}

/// The script that a shared link carries.
pub fn from_fragment(fragment: &str) -> Option<Result<String, Notice>> {
    let encoded = fragment.trim_start_matches('#').strip_prefix(RUN)?;
    Some(script::link::decode(encoded).map_err(|error| Notice {
        title: "The link cannot be used.".to_owned(),
        errors: vec![error.to_string()],
    }))
}

/// A notice about a script that no cluster can run.
pub fn unusable(what: &str, error: &OpenError) -> Notice {
    match error {
        OpenError::Script(errors) => listed(what, errors),
        OpenError::Settings(_) => Notice {
            title: format!("{what} cannot be used."),
            errors: vec![error.to_string()],
        },
    }
}

/// A notice that lists what is wrong with something.
pub fn listed(what: &str, errors: &Errors) -> Notice {
    Notice {
        title: format!("{what} cannot be used."),
        errors: errors.errors.iter().map(ToString::to_string).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(name: &str, value: &str) -> Attribute {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn an_attribute_goes_before_what_the_script_says() {
        let script = "quorumscope 1\nservers 5\nset heartbeat 40ms\n\ncrash S1\n";
        let applied = apply(
            script,
            &[attribute("servers", "3"), attribute("heartbeat", "20ms")],
        )
        .unwrap();
        assert_eq!(
            applied,
            "quorumscope 1\nprotocol raft\nservers 3\nseed 1\nset heartbeat 20ms\n\ncrash S1\n"
        );
    }

    #[test]
    fn every_setting_is_an_attribute_and_documented_as_one() {
        let element = include_str!("../../static/quorum-scope.js");
        let page = include_str!("../../docs/embedding.md");
        for setting in script::Settings::default().list() {
            let name = setting.name();
            assert!(element.contains(&format!("\"{name}\"")), "{name}");
            assert!(page.contains(&format!("`{name}`")), "{name}");
        }
    }

    #[test]
    fn an_attribute_that_makes_no_sense_is_named() {
        let notice = apply("", &[attribute("servers", "many")]).unwrap_err();
        assert_eq!(notice.title, "The setting servers=many cannot be used.");
        assert!(
            notice.errors[0].contains("found \"many\""),
            "{:?}",
            notice.errors
        );
    }

    #[test]
    fn more_servers_than_can_be_drawn_are_refused() {
        let notice = apply("", &[attribute("servers", "12")]).unwrap_err();
        assert!(notice.errors[0].contains("1 to 9"), "{:?}", notice.errors);
    }

    #[test]
    fn a_link_gives_back_its_script() {
        let fragment = format!("#{RUN}{}", script::link::encode("crash S1"));
        assert_eq!(from_fragment(&fragment), Some(Ok("crash S1".to_owned())));
        assert_eq!(from_fragment("#elsewhere"), None);
        assert!(from_fragment("#run=nonsense!").unwrap().is_err());
    }
}
