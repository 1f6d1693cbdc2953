//! What is printed parses to the same value, and no text makes the parser fail in any other way
//! than with an error.

use super::super::limits::{MAX_CHOICES, MAX_CLOCK_OFFSET, MAX_DRIFT_PPM, MAX_SERVERS, MAX_TIME};
use super::super::*;
use crate::client::recipes::Kind;
use crate::digest::Digest;
use crate::ids::{ClientId, MessageId, ServerId};
use crate::raft::Transition;
use crate::random::{Bits, Random, Stream};
use crate::time::{Duration, Time};
use crate::zookeeper::{
    Acl, AclEntry, CreateMode, ErrorCode, Identity, Perms, Reconfig, WatchKind, Zxid,
};

/// Makes up values of the language.
struct Generator(Random, Protocol);

impl Generator {
    fn new(seed: u64) -> Self {
        let protocol = Protocol::NAMES[(seed % 2) as usize].1;
        Self(Random::new(seed, Stream::Workload), protocol)
    }

    fn below(&mut self, bound: u64) -> u64 {
        Bits(self.0.draw()).below(bound)
    }

    fn coin(&mut self) -> bool {
        self.below(2) == 0
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.coin().then(|| make(self))
    }

    fn one_of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize].clone()
    }

    /// One of what the generator's protocol knows.
    fn one_known<T: Copy, U>(&mut self, all: &[(U, T)], of: fn(T) -> Option<Protocol>) -> T {
        let known = all.iter().map(|(_, it)| *it);
        let known: Vec<T> = known
            .filter(|it| of(*it).is_none_or(|of| of == self.1))
            .collect();
        self.one_of(&known)
    }

    /// A command of the generator's protocol.
    fn known_command(&mut self) -> Command {
        let names = Names {
            protocol: Some(self.1),
            ..Names::default()
        };
        loop {
            let command = self.command();
            let read = parse_command_with(&command.to_string(), &names);
            let problem = read.err().map(|error| error.problem);
            if !matches!(problem, Some(Problem::OtherProtocol { .. })) {
                return command;
            }
        }
    }

    /// Numbers of every size, not only large ones.
    fn number(&mut self, most: u64) -> u64 {
        let bits = self.below(65) as u32;
        let number = self.0.draw().checked_shr(bits).unwrap_or(0);
        number.min(most)
    }

    fn duration(&mut self, least: u64, most: Duration) -> Duration {
        let micros = self.number(most.as_micros()).max(least);
        Duration::from_micros(micros)
    }

    fn span(&mut self, least: u64, most: Duration) -> Span {
        Span::new(self.duration(least, most), self.duration(least, most))
    }

    fn percent(&mut self) -> Percent {
        Percent::from_ppm(self.number(1_000_000) as u32)
    }

    fn text(&mut self) -> String {
        let letters: Vec<char> = "ab S1 \"\\#/|=<>-!\n\r\t\0\u{7f}\u{85}\u{2028}ä😀…{}%."
            .chars()
            .collect();
        (0..self.below(9)).map(|_| self.one_of(&letters)).collect()
    }

    fn path(&mut self) -> String {
        format!("/{}", self.text())
    }

    fn server(&mut self) -> ServerRef {
        if self.below(4) == 0 {
            return ServerRef::Leader;
        }
        ServerId::new(1 + self.below(MAX_SERVERS.into()) as u16).into()
    }

    fn servers_by_number(&mut self) -> Vec<ServerId> {
        let numbers = (0..self.below(3)).map(|_| 1 + self.below(MAX_SERVERS.into()) as u16);
        numbers.map(ServerId::new).collect()
    }

    fn client(&mut self) -> ClientId {
        ClientId::from_position(self.below(26) as usize).unwrap()
    }

    /// Different endpoints, of which the first is a server.
    fn endpoints(&mut self, count: usize) -> Vec<EndpointRef> {
        let mut endpoints = vec![EndpointRef::Server(self.server())];
        while endpoints.len() < count {
            let next = if self.coin() {
                EndpointRef::Client(self.client())
            } else {
                EndpointRef::Server(self.server())
            };
            let leads = next == EndpointRef::Server(ServerRef::Leader);
            if leads || !endpoints.contains(&next) {
                endpoints.push(next);
            }
        }
        endpoints
    }

    fn quality(&mut self) -> Quality {
        Quality {
            latency: self.maybe(|g| g.span(1, MAX_TIME)),
            loss: self.maybe(Self::percent),
            duplicate: self.maybe(Self::percent),
            reorder: self.maybe(Self::percent),
        }
    }

    fn clock(&mut self) -> Command {
        let offset = self.maybe(|g| {
            let micros = g.number(MAX_CLOCK_OFFSET.as_micros()) as i64;
            Offset::from_micros(if g.coin() { micros } else { -micros })
        });
        let drift = |g: &mut Self| g.number(2 * MAX_DRIFT_PPM as u64) as i32 - MAX_DRIFT_PPM;
        let drift_ppm = if offset.is_none() || self.coin() {
            Some(drift(self))
        } else {
            None
        };
        let server = self.server();
        Command::Clock {
            server,
            offset,
            drift_ppm,
        }
    }

    fn link_command(&mut self) -> Command {
        let ends = self.endpoints(2);
        let (from, to, both) = (ends[0], ends[1], self.coin());
        match self.below(3) {
            0 => Command::Cut { from, to, both },
            1 => Command::Heal { from, to, both },
            _ => loop {
                let ends = self.endpoints(2);
                let (EndpointRef::Server(from), EndpointRef::Server(to)) = (ends[0], ends[1])
                else {
                    continue;
                };
                let quality = self.quality();
                break Command::Link {
                    from,
                    to,
                    both,
                    quality,
                };
            },
        }
    }

    fn partition(&mut self) -> Command {
        let mut members = self.endpoints(6);
        let mut groups = Vec::new();
        while !members.is_empty() {
            let size = 1 + self.below(3).min(members.len() as u64 - 1) as usize;
            groups.push(members.drain(..size).collect());
        }
        Command::Partition { groups }
    }

    fn server_command(&mut self) -> Command {
        let server = self.server();
        match self.below(12) {
            0 => Command::Crash {
                server,
                keep: self.maybe(|g| g.number(u32::MAX.into()) as u32),
            },
            1 => Command::Restart { server },
            2 => Command::Pause { server },
            3 => Command::Resume { server },
            4 => Command::TimeOut { server },
            5 => Command::Wipe { server },
            6 => Command::Transfer {
                from: server,
                to: self.server(),
            },
            7 => Command::ForgetLeader { server },
            8 => Command::Priority {
                server,
                priority: self.number(255) as u8,
            },
            9 => self.clock(),
            10 => Command::Timers(self.one_of(&[Timers::Spread, Timers::Align])),
            11 => Command::Add {
                server: ServerId::new(1 + self.below(99) as u16),
            },
            12 => self.reconfigure(),
            13 => Command::LeaveJoint {
                via: self.maybe(Self::server),
            },
            _ => {
                let latency = Disk::Latency(self.duration(0, MAX_TIME));
                let disk = self.one_of(&[latency, Disk::Full, Disk::Ok]);
                Command::Disk { server, disk }
            }
        }
    }

    fn reconfigure(&mut self) -> Command {
        let mut members = Vec::new();
        for _ in 0..=self.below(6) {
            let member = self.server();
            if !members.contains(&member) {
                members.push(member);
            }
        }
        let learners = members.split_off(1 + self.below(members.len() as u64) as usize);
        let transitions = [
            Transition::AsNeeded,
            Transition::Joint,
            Transition::Explicit,
        ];
        Command::Reconfigure {
            voters: members,
            learners,
            transition: self.one_of(&transitions),
            via: self.maybe(Self::server),
        }
    }

    fn message_command(&mut self) -> Command {
        let message = MessageId::new(self.number(u64::MAX));
        match self.below(7) {
            0 => Command::Drop { message },
            1 => Command::Hold { message },
            2 => Command::Release { message },
            3 => Command::Duplicate { message },
            4 => Command::Deliver { message },
            5 => Command::OfRun {
                protocol: self.one_of(&[Protocol::Raft, Protocol::Zab]),
                command: Box::new(Command::Drop { message }),
            },
            _ => Command::Delay {
                message,
                by: self.duration(1, MAX_TIME),
            },
        }
    }

    fn mode(&mut self) -> CreateMode {
        let ttl = 1 + self.number(MAX_TIME.as_micros() / 1_000 - 1) as i64;
        let lives = [
            CreateMode::PersistentWithTtl(ttl),
            CreateMode::PersistentSequentialWithTtl(ttl),
        ];
        if self.below(4) == 0 {
            self.one_of(&lives)
        } else {
            self.one_of(&CreateMode::ALL)
        }
    }

    fn acl(&mut self) -> Acl {
        let entry = |g: &mut Self| AclEntry {
            perms: Perms::from_bits(1 + g.below(31) as i32),
            identity: Identity::new(
                &g.text().replace([':', ','], ""),
                &g.text().replace(',', ":"),
            ),
        };
        let entries: Vec<AclEntry> = (0..=self.below(3)).map(|_| entry(self)).collect();
        Acl::new(entries)
    }

    fn write_operation(&mut self) -> Operation {
        let path = self.path();
        let version = self.maybe(|g| g.number(i32::MAX as u64) as i32);
        match self.below(4) {
            0 => Operation::Create {
                path,
                data: self.maybe(Self::text),
                mode: self.mode(),
                acl: self.maybe(Self::acl),
            },
            1 => Operation::Delete { path, version },
            2 => Operation::Set {
                path,
                data: self.maybe(Self::text),
                version,
            },
            _ => Operation::Check { path, version },
        }
    }

    fn read_operation(&mut self) -> Operation {
        let (path, watch, linearizable) = (self.path(), false, false);
        if self.coin() {
            Operation::Get {
                path,
                watch,
                linearizable,
            }
        } else {
            Operation::Children {
                path,
                watch,
                linearizable,
            }
        }
    }

    fn recipe(&mut self) -> Recipe {
        let kind = self.one_of(&Kind::ALL);
        let number = kind.number().and_then(|number| {
            let counted = number.least + self.below((number.most - number.least + 1).into()) as u32;
            (number.needed || self.coin()).then_some(counted)
        });
        Recipe {
            kind,
            path: self.path(),
            data: kind.takes_data().then(|| self.text()),
            number,
        }
    }

    fn operation(&mut self) -> Operation {
        let path = self.path();
        let kind = self.one_of(&[WatchKind::Any, WatchKind::Data, WatchKind::Children]);
        match self.below(20) {
            0..5 => self.write_operation(),
            5 => Operation::Exists {
                path,
                watch: self.coin(),
                linearizable: self.coin(),
            },
            6 => Operation::Get {
                path,
                watch: self.coin(),
                linearizable: self.coin(),
            },
            7 => Operation::Children {
                path,
                watch: self.coin(),
                linearizable: self.coin(),
            },
            8 => Operation::SetAcl {
                path,
                acl: self.acl(),
                version: self.maybe(|g| g.number(9) as i32),
            },
            9 => Operation::GetAcl { path },
            10 => Operation::Multi((0..self.below(4)).map(|_| self.write_operation()).collect()),
            11 => Operation::MultiRead((0..self.below(4)).map(|_| self.read_operation()).collect()),
            12 => Operation::Descendants { path },
            13 => Operation::Ephemerals {
                prefix: self.maybe(Self::path),
            },
            14 => Operation::AddAuth {
                scheme: self.text(),
                credential: self.text(),
            },
            15 => Operation::AddWatch {
                path,
                recursive: self.coin(),
            },
            16 => self.one_of(&[
                Operation::CheckWatch {
                    path: path.clone(),
                    kind,
                },
                Operation::RemoveWatch { path, kind },
            ]),
            17 => Operation::Config { watch: self.coin() },
            18 => Operation::Reconfig(Reconfig {
                joining: self.servers_by_number(),
                observing: self.servers_by_number(),
                leaving: self.servers_by_number(),
                members: self.servers_by_number(),
                from: self.maybe(|g| Zxid::new(g.number(9) as u32, g.number(99) as u32)),
            }),
            _ => self.one_of(&[Operation::Sync { path }, Operation::WhoAmI]),
        }
    }

    fn client_command(&mut self) -> Command {
        let client = self.client();
        let action = match self.below(8) {
            0 => ClientAction::Open {
                server: self.maybe(Self::server),
                timeout: self.maybe(|g| g.duration(1_000, MAX_TIME)),
                read_only: self.coin(),
            },
            1 => ClientAction::Close,
            2 => ClientAction::Kill,
            3 => ClientAction::Connect {
                server: self.server(),
            },
            4 => ClientAction::Recipe(self.recipe()),
            5 => ClientAction::Release { path: self.path() },
            _ => ClientAction::Request(self.operation()),
        };
        Command::Client { client, action }
    }

    fn command(&mut self) -> Command {
        match self.below(9) {
            0 | 1 => self.server_command(),
            2 => self.link_command(),
            3 => self.partition(),
            4 => self.message_command(),
            5 | 6 => self.client_command(),
            7 => Command::Network {
                quality: self.quality(),
            },
            _ => {
                let endpoint = self.endpoints(2)[1];
                let all = [Command::RestartAll, Command::HealAll];
                let one = [
                    Command::Isolate { endpoint },
                    Command::HealEndpoint { endpoint },
                ];
                let both = all.into_iter().chain(one);
                both.cycle().nth(self.below(4) as usize).unwrap()
            }
        }
    }

    fn fact(&mut self) -> Fact {
        let (server, client) = (self.server(), self.client());
        match self.below(9) {
            0 => Fact::Leader,
            1 => Fact::NoLeader,
            2 => Fact::CaughtUp,
            3 => Fact::Server {
                server,
                state: self.one_known(&ServerState::ALL, ServerState::protocol),
            },
            4 => Fact::Count {
                server,
                counter: self.one_known(&Counter::ALL, Counter::protocol),
                comparison: self.one_of(&Comparison::ALL).1,
                value: self.number(u64::MAX),
            },
            5 if self.coin() => Fact::Holds {
                client: self.client(),
                path: self.path(),
            },
            5 => Fact::Client {
                client,
                state: self.one_of(&ClientState::ALL).1,
            },
            6 => Fact::Answered {
                client,
                error: self.maybe(|g| g.one_of(ErrorCode::ALL)),
            },
            7 => Fact::Znode {
                path: self.path(),
                data: self.maybe(Self::text),
                server: self.maybe(Self::server),
            },
            _ => Fact::Message {
                kind: self.one_known(&MessageKind::ALL, |kind| Some(kind.protocol())),
                ends: self.maybe(|g| (g.server(), g.server())),
            },
        }
    }

    fn condition(&mut self) -> Condition {
        let claim = |g: &mut Self| Claim {
            holds: g.coin(),
            fact: g.fact(),
        };
        let first = claim(self);
        let more: Vec<Claim> = (0..self.below(3)).map(|_| claim(self)).collect();
        Condition::new(first, more)
    }

    /// A step that is not earlier than `now`, which it moves on.
    fn step(&mut self, now: &mut Time) -> Step {
        match self.below(13) {
            0 => Step::Wait(self.duration(0, MAX_TIME)),
            1 => Step::Until {
                condition: self.condition(),
                within: self.maybe(|g| g.duration(0, MAX_TIME)),
            },
            2 => Step::Expect(self.condition()),
            3 => Step::Title(self.text()),
            4 => Step::Say(self.text()),
            5 => Step::Pause(self.maybe(Self::text)),
            6 => {
                let count = 2 + self.below(MAX_CHOICES as u64 - 1);
                let choice = |g: &mut Self| Choice {
                    text: g.text(),
                    right: g.condition(),
                };
                let choices = (0..count).map(|_| choice(self)).collect();
                Step::Ask {
                    question: self.text(),
                    choices,
                }
            }
            7 | 8 => {
                *now += self.duration(0, Duration::from_secs(1));
                Step::Command {
                    at: Some(*now),
                    command: self.known_command(),
                }
            }
            9 => Step::ExpectRefused(self.known_command()),
            _ => Step::Command {
                at: None,
                command: self.known_command(),
            },
        }
    }

    fn settings(&mut self) -> Vec<Setting> {
        let minute = Duration::from_secs(60);
        let all = [
            Setting::Latency(self.span(1, minute)),
            Setting::ElectionTimeout(self.span(1_000, minute)),
            Setting::Heartbeat(self.duration(1_000, minute)),
            Setting::Storage(self.duration(0, minute)),
            Setting::Loss(self.percent()),
            Setting::Duplicate(self.percent()),
            Setting::Reorder(self.percent()),
            Setting::SessionTimeout(self.duration(1_000, minute)),
            Setting::Tick(self.duration(1_000, minute)),
            Setting::FirstTimers(self.percent()),
            Setting::ClientLatency(self.span(1, minute)),
            Setting::FinalizeWait(self.duration(0, minute)),
            Setting::Resend(self.span(1_000, minute)),
            Setting::SyncLimit(1 + self.below(1_000) as u32),
        ];
        let own = self.1;
        let known = |it: &Setting| it.protocol().is_none_or(|of| of == own);
        let known = all.into_iter().filter(known);
        known.filter(|_| self.coin()).collect()
    }

    fn script(&mut self) -> Script {
        let header = Header {
            protocol: self.1,
            servers: MAX_SERVERS,
            seed: self.number(u64::MAX),
            behaviour: self.maybe(|g| g.number(u32::MAX.into()) as u32),
            settings: self.settings(),
            rules_off: self
                .maybe(|_| "up_to_date_vote".to_owned())
                .into_iter()
                .collect(),
            ..Header::default()
        };
        let mut now = Time::ZERO;
        let mut steps: Vec<Step> = (0..self.below(12)).map(|_| self.step(&mut now)).collect();
        if self.coin() {
            let digest = self.maybe(|g| Digest(g.0.draw()));
            steps.push(Step::End { at: now, digest });
        }
        Script::new(header, steps)
    }
}

#[test]
fn a_printed_script_parses_to_the_same_script() {
    for seed in 0..3_000 {
        let script = Generator::new(seed).script();
        let printed = script.to_string();
        match parse(&printed) {
            Ok(parsed) => assert_eq!(parsed, script, "seed {seed}:\n{printed}"),
            Err(errors) => panic!("seed {seed}: {errors}\n{printed}"),
        }
    }
}

#[test]
fn a_printed_command_parses_to_the_same_command() {
    for seed in 0..5_000 {
        let command = Generator::new(seed).command();
        assert_eq!(parse_command(&command.to_string()), Ok(command));
    }
}

#[test]
fn a_broken_line_is_an_error_and_nothing_worse() {
    let names = Names {
        servers: Some(5),
        header: true,
        ..Names::default()
    };
    for seed in 0..1_000 {
        let mut generator = Generator::new(seed);
        let mut line: Vec<char> = generator.script().to_string().chars().collect();
        for _ in 0..5 {
            let at = generator.below(line.len() as u64 + 1) as usize;
            if generator.coin() {
                line.truncate(at);
            } else {
                let noise = generator.text();
                line.splice(at..at, noise.chars());
            }
        }
        let text: String = line.into_iter().collect();
        if let Err(errors) = parse(&text) {
            assert!(errors.errors.is_sorted_by_key(|error| error.line), "{text}");
            assert!(!errors.to_string().is_empty());
        }
        for line in text.lines().take(3) {
            for cursor in 0..=line.len() {
                for completion in complete(line, cursor, &names) {
                    assert!(line.is_char_boundary(completion.start));
                }
            }
        }
    }
}

/// The completion of a prefix and the error after it come from one parser: what is offered as a
/// next word is never what the error points at.
#[test]
fn a_completed_word_is_accepted_where_it_was_offered() {
    let names = Names {
        servers: Some(5),
        ..Names::default()
    };
    for form in FORMS.iter().filter(|form| form.group != Group::Header) {
        let spaces = form.example.char_indices().filter(|(_, c)| *c == ' ');
        for (space, _) in spaces {
            let prefix = &form.example[..=space];
            for completion in complete(prefix, prefix.len(), &names) {
                let line = format!("{prefix}{}", completion.text);
                if let Err(error) = parse_line_with(&line, 1, &names) {
                    let twice = matches!(error.problem, Problem::Impossible(_));
                    let end = line.chars().count() as u32 + 1;
                    assert!(twice || error.column == end, "{line}: {error}");
                }
            }
        }
    }
}
