//! Every form a line can take, once: for the help of the console and of the command-line tool,
//! and for the documentation, which is tested against this table.

use std::fmt::Write;

/// A form that a line can take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Form {
    /// Which part of the language it belongs to.
    pub group: Group,
    /// How it is written: small words as they are, capitals for what is filled in, brackets round
    /// what may be left out, a bar between alternatives.
    pub usage: &'static str,
    /// What it does, in one sentence.
    pub text: &'static str,
    /// A line of this form.
    pub example: &'static str,
}

/// A part of the language.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Group {
    /// The lines before the first step.
    Header,
    /// When steps happen, and what they wait for.
    Time,
    /// What a lesson says and asks.
    Lesson,
    /// Who takes part.
    Membership,
    /// Faults of servers.
    Servers,
    /// Faults of the network.
    Network,
    /// Faults of one message on its way.
    Messages,
    /// What clients do.
    Clients,
}

impl Group {
    /// The title of the part.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Header => "Header",
            Self::Time => "Time",
            Self::Lesson => "Lessons",
            Self::Membership => "Membership",
            Self::Servers => "Servers",
            Self::Network => "Network",
            Self::Messages => "Messages",
            Self::Clients => "Clients",
        }
    }
}

impl Form {
    /// Its first word.
    pub fn word(&self) -> &'static str {
        self.usage.split(' ').next().unwrap_or(self.usage)
    }
}

const fn form(
    group: Group,
    usage: &'static str,
    text: &'static str,
    example: &'static str,
) -> Form {
    Form {
        group,
        usage,
        text,
        example,
    }
}

use Group::{Clients, Header, Lesson, Membership, Messages, Network, Servers, Time};

/// Every form, in the order of the documentation.
#[rustfmt::skip]
pub static FORMS: &[Form] = &[
    form(Header, "quorumscope 1", "Begins every script and says which version of the language it is written in.", "quorumscope 1"),
    form(Header, "protocol raft|zab", "Chooses what the servers run; raft if it is not said. It comes before every set and off.", "protocol zab"),
    form(Header, "servers COUNT", "Says how many servers there are; 5 if it is not said.", "servers 3"),
    form(Header, "seed NUMBER", "Chooses every random choice of the run; 1 if it is not said.", "seed 42"),
    form(Header, "behaviour NUMBER", "Notes the behaviour that the script was recorded with, so that a release that behaves differently can say so.", "behaviour 1"),
    form(Header, "set SETTING VALUE", "Changes a setting.", "set latency 20ms..40ms"),
    form(Header, "off RULE", "Switches a rule of the protocol off.", "off up_to_date_vote"),

    form(Time, "at TIME COMMAND", "Gives a command after every event at or before that time.", "at 120ms crash S1"),
    form(Time, "wait DURATION", "Lets simulated time pass.", "wait 100ms"),
    form(Time, "until CONDITION [within DURATION]", "Lets simulated time pass until the condition holds, and fails if it does not within the limit; 10s if it is not said.", "until S2 leader within 2s"),
    form(Time, "expect CONDITION", "Fails if the condition does not hold now.", "expect znode /app on S3"),
    form(Time, "expect refused COMMAND", "Fails if the cluster would carry out the command now; otherwise says why it does not.", "expect refused transfer S1 -> S1"),
    form(Time, "end TIME [digest DIGEST]", "Ends a recording at that time, with the digest of the state then.", "end 500ms digest 0123456789abcdef"),

    form(Lesson, "title TEXT", "Gives what follows a title.", "title \"The leader fails\""),
    form(Lesson, "say TEXT", "Says a sentence to the reader.", "say \"The leader is gone.\""),
    form(Lesson, "pause [TEXT]", "Stops until the reader goes on; with a text, shows it on a card.", "pause \"Part two\""),
    form(Lesson, "ask TEXT choice TEXT if CONDITION choice TEXT if CONDITION …", "Asks the reader to predict; the choices whose condition comes true are right.", "ask \"Who will lead?\" choice \"S2\" if S2 leader choice \"nobody\" if no leader"),

    form(Membership, "add SERVER", "Starts one more server, the one with the next number, with an empty disk and knowing of no cluster.", "add S6"),
    form(Membership, "reconfigure SERVER … [learner SERVER …] [joint|explicit] [via SERVER]", "Asks the leader, or the server said, for a configuration with these voters and learners; joint goes through a joint configuration, needed or not, explicit stays in it until it is told to leave.", "reconfigure S1 S2 S4 learner S5"),
    form(Membership, "leave joint [via SERVER]", "Asks the leader, or the server said, to leave a joint configuration.", "leave joint"),

    form(Servers, "crash SERVER [keep COUNT]", "Crashes a server; of the writes that its disk has not confirmed, the first COUNT survive, none if it is not said.", "crash S1 keep 2"),
    form(Servers, "restart SERVER", "Boots a crashed server from its disk.", "restart S1"),
    form(Servers, "restart all", "Brings all servers back: boots the crashed ones, resumes the paused ones.", "restart all"),
    form(Servers, "pause SERVER", "Stops a server as a long garbage collection does; what arrives waits.", "pause S1"),
    form(Servers, "resume SERVER", "Lets a paused server go on.", "resume S1"),
    form(Servers, "timeout SERVER", "Makes a server's election timer run down now.", "timeout S1"),
    form(Servers, "snapshot SERVER", "Makes a server take a snapshot of its state and drop the entries of its log that it stands for.", "snapshot S1"),
    form(Servers, "transfer SERVER -> SERVER", "Makes a leader hand over to another voter, or give it up after an election timeout.", "transfer S1 -> S3"),
    form(Servers, "forget leader SERVER", "Makes a follower forget its leader, so that it may vote at once.", "forget leader S2"),
    form(Servers, "priority SERVER NUMBER", "Gives a server a priority in elections from 0 to 255: a voter denies its vote to a lower one whose log is no more up-to-date.", "priority S3 5"),
    form(Servers, "spread timers", "Sets the election timers far apart, so that one server stands for election alone.", "spread timers"),
    form(Servers, "align timers", "Sets the election timers to the same instant, so that the vote splits.", "align timers"),
    form(Servers, "disk SERVER DURATION", "Makes a server's disk take so long to confirm a write.", "disk S1 20ms"),
    form(Servers, "disk SERVER full", "Makes a server's disk confirm nothing.", "disk S1 full"),
    form(Servers, "disk SERVER ok", "Makes a server's disk behave as the settings say.", "disk S1 ok"),
    form(Servers, "wipe SERVER", "Erases the disk of a crashed server.", "wipe S1"),
    form(Servers, "clock SERVER OFFSET [drift DRIFT]", "Sets a server's clock ahead of the world's or behind it, and how much faster or slower it runs.", "clock S1 +20ms drift -500ppm"),
    form(Servers, "clock SERVER drift DRIFT", "Sets how much faster or slower a server's clock runs.", "clock S1 drift 500ppm"),

    form(Network, "cut ENDPOINT ENDPOINT", "Cuts a link, both ways.", "cut S1 S2"),
    form(Network, "cut ENDPOINT -> ENDPOINT", "Cuts a link one way.", "cut S1 -> S2"),
    form(Network, "isolate ENDPOINT", "Cuts every link of a server or client, both ways.", "isolate S1"),
    form(Network, "partition ENDPOINT … | ENDPOINT …", "Cuts every link between members of different groups, both ways; who is not listed keeps all links.", "partition S1 S2 | S3 S4 S5"),
    form(Network, "heal ENDPOINT ENDPOINT", "Heals a link, both ways.", "heal S1 S2"),
    form(Network, "heal ENDPOINT -> ENDPOINT", "Heals a link one way.", "heal S1 -> S2"),
    form(Network, "heal ENDPOINT", "Heals every link of a server or client.", "heal S1"),
    form(Network, "heal all", "Heals every link.", "heal all"),
    form(Network, "link SERVER SERVER QUALITY", "Changes how a link between two servers carries messages, both ways.", "link S1 S2 latency 10ms..20ms loss 5%"),
    form(Network, "link SERVER -> SERVER QUALITY", "Changes how a link between two servers carries messages, one way.", "link S1 -> S2 reorder 10%"),
    form(Network, "network QUALITY", "Changes how every link between two servers carries messages.", "network loss 5%"),

    form(Messages, "drop MESSAGE", "Loses a message on its way.", "drop m42"),
    form(Messages, "hold MESSAGE", "Stops a message on its way until it is released.", "hold m42"),
    form(Messages, "release MESSAGE", "Lets a held message go on.", "release m42"),
    form(Messages, "delay MESSAGE DURATION", "Makes a message arrive so much later.", "delay m42 30ms"),
    form(Messages, "duplicate MESSAGE", "Sends a second copy of a message on its way.", "duplicate m42"),
    form(Messages, "deliver MESSAGE", "Makes a message arrive now.", "deliver m42"),
    form(Messages, "raft drop|hold|release|delay|duplicate|deliver MESSAGE …", "Does it to a message where the servers run Raft, and nothing elsewhere: side by side, each run has messages of its own.", "raft drop m42"),
    form(Messages, "zab drop|hold|release|delay|duplicate|deliver MESSAGE …", "Does it to a message where the servers run Zab, and nothing elsewhere: side by side, each run has messages of its own.", "zab drop m42"),

    form(Clients, "client CLIENT", "Starts a client and opens a session.", "client A"),
    form(Clients, "client CLIENT open [SERVER] [timeout DURATION] [read-only]", "Opens a session with a server to try first and a session timeout to ask for; with `read-only`, a server without a leader will do.", "client A open S2 timeout 800ms"),
    form(Clients, "client CLIENT close", "Closes the session.", "client A close"),
    form(Clients, "client CLIENT kill", "Ends a client without a word; its session will expire.", "client A kill"),
    form(Clients, "client CLIENT connect SERVER", "Makes a client leave its server and connect to this one.", "client A connect S3"),
    form(Clients, "client CLIENT create PATH [DATA] [ephemeral|container|ttl DURATION] [sequential] [acl ACL]", "Creates a znode; a container cannot be sequential.", "client A create /app \"hello\" ephemeral"),
    form(Clients, "client CLIENT set PATH [DATA] [version VERSION]", "Replaces the data of a znode, if its version is this one.", "client A set /app \"x\" version 3"),
    form(Clients, "client CLIENT delete PATH [version VERSION]", "Deletes a znode without children, if its version is this one.", "client A delete /app version 3"),
    form(Clients, "client CLIENT check PATH [version VERSION]", "Demands that a znode is there, and at this version.", "client A check /app version 3"),
    form(Clients, "client CLIENT multi [ OPERATION | OPERATION … ]", "Creates, sets, deletes and checks, all or nothing.", "client A multi [ check /app version 3 | set /app \"x\" ]"),
    form(Clients, "client CLIENT get PATH [watch] [linearizable]", "Reads the data of a znode; with `watch`, is told of its next change; linearizable, with all that was answered before, and not as the client's server happens to have it.", "client A get /app watch"),
    form(Clients, "read CLIENT PATH [watch] [linearizable]", "Short for `client CLIENT get`, and recorded as that.", "read A /app linearizable"),
    form(Clients, "client CLIENT exists PATH [watch] [linearizable]", "Asks whether a znode exists; with `watch`, is told when it is created, set or deleted.", "client A exists /app watch"),
    form(Clients, "client CLIENT children PATH [watch] [linearizable]", "Reads the names of a znode's children; with `watch`, is told when they change.", "client A children /app watch"),
    form(Clients, "client CLIENT descendants PATH", "Asks how many znodes there are below one.", "client A descendants /app"),
    form(Clients, "client CLIENT ephemerals [PATH]", "Asks for the session's own ephemeral znodes whose paths begin so.", "client A ephemerals /app"),
    form(Clients, "client CLIENT multiread [ OPERATION | OPERATION … ]", "Gets data and children, each answered for itself.", "client A multiread [ get /app | children /app ]"),
    form(Clients, "client CLIENT getacl PATH", "Reads the access control list of a znode.", "client A getacl /app"),
    form(Clients, "client CLIENT setacl PATH ACL [version VERSION]", "Replaces the access control list of a znode, if the list's version is this one.", "client A setacl /app world:anyone:r"),
    form(Clients, "client CLIENT addauth SCHEME CREDENTIAL", "Proves an identity to the server.", "client A addauth digest bob:secret"),
    form(Clients, "client CLIENT whoami", "Asks who the client has proved to be.", "client A whoami"),
    form(Clients, "client CLIENT config [watch]", "Reads `/zookeeper/config`, where ZooKeeper keeps who belongs to the ensemble; with `watch`, is told of its next change.", "client A config watch"),
    form(Clients, "client CLIENT reconfig [joining SERVER …] [observing SERVER …] [leaving SERVER …] [members SERVER …] [from VERSION]", "Asks for another ensemble: who comes to vote or to observe and who goes, or else all who are to vote; if the configuration is at this version.", "client A reconfig joining S2 leaving S3"),
    form(Clients, "client CLIENT addwatch PATH [recursive]", "Is told of every change of a znode, or of all below it, too, until the watch is removed.", "client A addwatch /app recursive"),
    form(Clients, "client CLIENT checkwatch PATH [data|children]", "Asks whether anybody at this server has such a watch.", "client A checkwatch /app data"),
    form(Clients, "client CLIENT removewatch PATH [data|children]", "Takes such watches away.", "client A removewatch /app"),
    form(Clients, "client CLIENT recipe RECIPE", "Begins a recipe: what applications build from znodes.", "client A recipe lock /locks/printer"),
    form(Clients, "client CLIENT release PATH", "Lets go of what the client's recipes about a znode hold, or wait for.", "client A release /locks/printer"),
    form(Clients, "client CLIENT sync PATH", "Makes the client's server catch up with the leader.", "client A sync /app"),
];

/// Every condition: how it is written, and when it holds.
#[rustfmt::skip]
pub static CONDITIONS: &[(&str, &str, &str)] = &[
    ("leader", "A server that is up leads, and it and the servers that are up and follow it in its term are a majority of its voters, of each half while joint.", "leader"),
    ("no leader", "No server that is up leads.", "no leader"),
    ("caught up", "All servers that are up and get the log, as members of the leader's configuration, have applied the same index.", "caught up"),
    ("SERVER leader|follower|precandidate|candidate", "The server is up and has this role; precandidate and candidate under Raft only.", "S2 leader"),
    ("SERVER looking|observer", "Under Zab: the server is up and looks for a leader, or observes.", "S2 looking"),
    ("SERVER up|crashed|paused", "The server has not crashed (it may be paused); it has crashed; it is paused.", "S2 crashed"),
    ("SERVER voter|learner|joint", "The server is up, and by the configuration that it goes by it is a voter, it is a learner, or that configuration is joint.", "S4 learner"),
    ("SERVER term [COMPARISON] NUMBER", "Its current term is this or a later one, or compares as it says.", "S2 term = 3"),
    ("SERVER committed [COMPARISON] NUMBER", "Its commit index is this or a higher one, or compares as it says.", "S2 committed 5"),
    ("SERVER applied [COMPARISON] NUMBER", "The last index that it applied is this or a higher one, or compares as it says.", "S2 applied >= 5"),
    ("SERVER log [COMPARISON] NUMBER", "The last index of its log is this or a higher one, or compares as it says.", "S2 log < 7"),
    ("SERVER snapshot [COMPARISON] NUMBER", "The last entry that its snapshot stands for is this or a higher one, or compares as it says; 0 without a snapshot.", "S2 snapshot < 7"),
    ("SERVER epoch [COMPARISON] NUMBER", "Under Zab: the epoch that it last took part in is this or a later one, or compares as it says.", "S2 epoch 2"),
    ("SERVER accepted-epoch [COMPARISON] NUMBER", "Under Zab: the epoch that it has accepted last is this or a later one, or compares as it says.", "S2 accepted-epoch = 2"),
    ("client CLIENT connected", "The client has a session and a connection.", "client A connected"),
    ("client CLIENT idle", "The client is connected and every operation has been answered.", "client A idle"),
    ("client CLIENT disconnected", "The client has no connection; its session may live.", "client A disconnected"),
    ("client CLIENT expired", "The client has been told that its session expired.", "client A expired"),
    ("client CLIENT closed", "The client closed its session or was killed.", "client A closed"),
    ("client CLIENT holds PATH", "A recipe of the client about this znode has what it is for: the lock, the lead.", "client A holds /locks/printer"),
    ("client CLIENT answered ok|ERROR", "The client's last answered operation ended so.", "client A answered NONODE"),
    ("znode PATH [= DATA] [on SERVER]", "The server, or the leader if it is not said, holds this znode, with these data if they are said.", "znode /app = \"hello\" on S2"),
    ("message KIND [SERVER -> SERVER]", "Such a message is on its way.", "message RequestVote S1 -> S2"),
    ("not CONDITION", "The condition after it does not hold.", "not S2 leader"),
    ("CONDITION and CONDITION", "Both hold.", "S2 leader and caught up"),
];

/// The help for lines whose first word is `word`, or for all of them.
pub fn help(word: Option<&str>) -> String {
    let mut help = String::new();
    let mut group = None;
    for form in FORMS {
        if word.is_some_and(|word| form.word() != word) {
            continue;
        }
        if word.is_none() && group != Some(form.group) {
            let gap = if group.is_none() { "" } else { "\n" };
            group = Some(form.group);
            line(&mut help, format_args!("{gap}{}", form.group.title()));
        }
        line(
            &mut help,
            format_args!("  {}\n      {}", form.usage, form.text),
        );
    }
    help
}

fn line(help: &mut String, text: std::fmt::Arguments<'_>) {
    writeln!(help, "{text}").expect("writing to a String cannot fail");
}

#[cfg(test)]
mod tests {
    use super::super::{Names, Setting, Settings, complete, parse, parse_line};
    use super::*;

    const PAGE: &str = include_str!("../../../docs/language.md");

    #[test]
    fn the_example_of_every_form_is_written_as_it_would_be_printed() {
        for form in FORMS {
            let example = form.example;
            assert!(example.starts_with(form.word()), "{example}");
            if form.group == Group::Header {
                let script = match form.word() {
                    "quorumscope" => format!("{example}\n"),
                    _ => format!("quorumscope 1\n{example}\n"),
                };
                let printed = parse(&script).unwrap().to_string();
                assert!(printed.contains(&format!("{example}\n")), "{printed}");
            } else {
                let step = parse_line(example, 1).unwrap().unwrap();
                let whole = match example.strip_prefix("read A ") {
                    Some(what) => format!("client A get {what}"),
                    None => example.to_owned(),
                };
                assert_eq!(step.to_string(), whole);
            }
        }
    }

    #[test]
    fn the_example_of_every_condition_is_one() {
        for (usage, _, example) in CONDITIONS {
            let step = parse_line(&format!("expect {example}"), 1);
            assert!(step.is_ok(), "{usage}: {step:?}");
        }
    }

    #[test]
    fn every_word_that_begins_a_line_has_a_form_and_no_other() {
        let names = Names {
            header: true,
            ..Names::default()
        };
        let mut words = complete("", 0, &names);
        words.sort_by(|one, other| one.text.cmp(&other.text));
        let words: Vec<String> = words.into_iter().map(|word| word.text).collect();
        let mut formed: Vec<&str> = FORMS.iter().map(Form::word).collect();
        formed.sort_unstable();
        formed.dedup();
        assert_eq!(formed, words);
    }

    #[test]
    fn the_page_lists_every_form_condition_and_setting() {
        for form in FORMS {
            let row = format!("| `{}` | {} |", form.usage.replace('|', "\\|"), form.text);
            assert!(PAGE.contains(&row), "missing: {row}");
        }
        for (usage, text, _) in CONDITIONS {
            let row = format!("| `{}` | {text} |", usage.replace('|', "\\|"));
            assert!(PAGE.contains(&row), "missing: {row}");
        }
        for setting in Settings::default().list() {
            let (name, value, text) = (setting.name(), setting.value(), setting.text());
            let row = format!("| `{name}` | `{value}` | {text}. |");
            assert!(PAGE.contains(&row), "missing: {row}");
        }
        assert_eq!(
            PAGE.matches(". |").count(),
            FORMS.len() + CONDITIONS.len() + Setting::COUNT
        );
    }

    #[test]
    fn the_page_lists_every_recipe() {
        for kind in crate::client::recipes::Kind::ALL {
            let (usage, text) = kind.usage();
            let row = format!("| `{usage}` | {text} |");
            assert!(PAGE.contains(&row), "missing: {row}");
            assert!(usage.starts_with(&format!("{} PATH", kind.name())));
        }
    }

    #[test]
    fn the_examples_of_the_page_parse() {
        let mut fences = PAGE.split("```").skip(1).step_by(2).peekable();
        assert!(fences.peek().is_some());
        for fence in fences {
            let (kind, text) = fence.split_once('\n').unwrap();
            match kind {
                "scope" => drop(parse(text).unwrap()),
                "console" => {
                    for line in text.lines() {
                        parse_line(line, 1).unwrap();
                    }
                }
                "text" => {}
                other => panic!("a fence of unknown kind {other}"),
            }
        }
    }

    #[test]
    fn help_is_for_all_or_for_one_word() {
        assert_eq!(
            help(Some("wipe")),
            "  wipe SERVER\n      Erases the disk of a crashed server.\n"
        );
        assert_eq!(help(Some("explode")), "");
        assert!(help(None).contains("\nNetwork\n  cut ENDPOINT ENDPOINT\n"));
    }
}
