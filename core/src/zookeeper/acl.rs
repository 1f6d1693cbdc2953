//! Who may do what: access control lists, and the identities that a connection has proved.
//!
//! A list is a znode's own; it is not inherited. Each entry grants permissions to an identity,
//! which a scheme gives its meaning: `world:anyone` is everybody, `digest` a user who has shown a
//! password, `ip` an address or a range of them, `auth` stands for whoever sets the list, and
//! `super` is above all lists (ZooKeeper, Programmer's Guide, "ACLs").

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::ErrorCode;
use super::sha1::sha1;
use crate::digest::Digest;

/// A set of permissions, one bit each.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Perms(i32);

/// Someone, as a scheme knows them.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Identity {
    /// How it is proved: `world`, `digest`, `ip`, `auth`, `super`.
    pub scheme: Arc<str>,
    /// Who it is, in the scheme's own form.
    pub id: Arc<str>,
}

/// What an entry of a list grants to whom.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct AclEntry {
    /// What is granted.
    pub perms: Perms,
    /// To whom.
    pub identity: Identity,
}

/// An access control list. Shared and never changed in place; like [`Data`](super::Data) it is
/// hashed once, when it comes in.
#[derive(Clone, PartialEq, Eq)]
pub struct Acl {
    digest: Digest,
    entries: Arc<[AclEntry]>,
}

/// What a connection has proved about its client, in the order in which it did.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Identities(Arc<[Identity]>);

impl Perms {
    /// To get the data and list the children.
    pub const READ: Self = Self(1);
    /// To set the data.
    pub const WRITE: Self = Self(2);
    /// To create a child.
    pub const CREATE: Self = Self(4);
    /// To delete a child.
    pub const DELETE: Self = Self(8);
    /// To set the list itself.
    pub const ADMIN: Self = Self(16);
    /// All of them.
    pub const ALL: Self = Self(31);

    /// The permissions, each with its letter, in the order in which they are written.
    const LETTERS: [(char, Self); 5] = [
        ('c', Self::CREATE),
        ('d', Self::DELETE),
        ('r', Self::READ),
        ('w', Self::WRITE),
        ('a', Self::ADMIN),
    ];

    /// The set with these bits.
    pub const fn from_bits(bits: i32) -> Self {
        Self(bits)
    }

    /// The bits.
    pub const fn bits(self) -> i32 {
        self.0
    }

    /// The permissions of both sets.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the sets have a permission in common.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The set that letters such as `cdrwa` name, each at most once.
    pub fn from_letters(letters: &str) -> Option<Self> {
        let mut set = Self(0);
        for letter in letters.chars() {
            let (_, perm) = Self::LETTERS.iter().find(|(known, _)| *known == letter)?;
            if set.meets(*perm) {
                return None;
            }
            set = set.or(*perm);
        }
        (!letters.is_empty()).then_some(set)
    }
}

/// As letters: `cdrwa`.
impl fmt::Display for Perms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (letter, perm) in Self::LETTERS {
            if self.meets(perm) {
                write!(f, "{letter}")?;
            }
        }
        Ok(())
    }
}

impl Identity {
    /// The identity that `scheme` knows as `id`.
    pub fn new(scheme: &str, id: &str) -> Self {
        Self {
            scheme: scheme.into(),
            id: id.into(),
        }
    }

    /// Everybody.
    pub fn anyone() -> Self {
        Self::new("world", "anyone")
    }

    /// The user who knows the password, from `user:password`: the user's name, and the hash of
    /// both.
    pub fn from_password(credential: &str) -> Self {
        let user = credential.split(':').next().unwrap_or_default();
        let hash = BASE64.encode(sha1(credential.as_bytes()));
        Self::new("digest", &format!("{user}:{hash}"))
    }

    /// Whether an entry of a list may name it, leaving aside `world` and `auth`.
    fn is_valid(&self) -> bool {
        match &*self.scheme {
            "digest" => has_two_parts(&self.id),
            "ip" => Range::parse(&self.id).is_some(),
            _ => false,
        }
    }

    /// Where it stands in a hash set of Java's, among at most eleven: in which of sixteen buckets
    /// (`Id.hashCode`, `ConcurrentHashMap.spread`).
    fn bucket(&self) -> u32 {
        let text = |text: &str| {
            let unit = |hash: u32, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit));
            text.encode_utf16().fold(0, unit)
        };
        let field = |hash: u32, field| hash.wrapping_mul(37).wrapping_add(text(field));
        let hash = field(field(17, &self.scheme), &self.id);
        (hash ^ hash >> 16) % 16
    }

    /// Whether the one who proved to be `proved` is meant by it.
    fn means(&self, proved: &Self) -> bool {
        self.scheme == proved.scheme
            && match &*self.scheme {
                "ip" => Range::parse(&self.id)
                    .zip(address(&proved.id))
                    .is_some_and(|(range, address)| range.contains(address)),
                _ => self.id == proved.id,
            }
    }
}

/// `user:hash`: two parts, parted by a colon. Colons at the end part nothing, as where Java splits
/// a text (`DigestAuthenticationProvider.isValid`).
fn has_two_parts(id: &str) -> bool {
    id.trim_end_matches(':').split(':').count() == 2
}

/// Addresses whose first `bits` bits are those of `base`.
#[derive(Clone, Copy)]
struct Range {
    base: u32,
    bits: u32,
}

impl Range {
    /// `10.0.0.7` or `10.0.0.0/8`.
    fn parse(text: &str) -> Option<Self> {
        let (base, bits) = match text.split_once('/') {
            Some((base, bits)) => (base, bits.parse().ok().filter(|bits| *bits <= u32::BITS)?),
            None => (text, u32::BITS),
        };
        let base = address(base)?;
        Some(Self { base, bits })
    }

    fn contains(self, address: u32) -> bool {
        let differing = self.base ^ address;
        differing.leading_zeros() >= self.bits
    }
}

/// An address in four numbers.
fn address(text: &str) -> Option<u32> {
    let mut parts = text.split('.').map(|part| part.parse::<u8>().ok());
    let mut bytes = [0; 4];
    for byte in &mut bytes {
        *byte = parts.next()??;
    }
    parts.next().is_none().then(|| u32::from_be_bytes(bytes))
}

impl Acl {
    /// These entries.
    pub fn new(entries: impl Into<Arc<[AclEntry]>>) -> Self {
        let entries = entries.into();
        Self {
            digest: Digest::of(&entries),
            entries,
        }
    }

    /// The list that lets everybody do everything.
    pub fn open() -> Self {
        static OPEN: LazyLock<Acl> = LazyLock::new(|| {
            Acl::new([AclEntry {
                perms: Perms::ALL,
                identity: Identity::anyone(),
            }])
        });
        OPEN.clone()
    }

    /// The list that lets everybody read and nobody else do anything, as `/zookeeper/config` has.
    pub fn read_only() -> Self {
        Self::new([AclEntry {
            perms: Perms::READ,
            identity: Identity::anyone(),
        }])
    }

    /// The list that is typed so: `world:anyone:r,digest:bob:HASH:cdrwa`; in each entry the scheme
    /// stands before the first colon and the permissions behind the last.
    pub fn parse(text: &str) -> Option<Self> {
        let entry = |text: &str| {
            let (scheme, rest) = text.split_once(':')?;
            let (id, perms) = rest.rsplit_once(':')?;
            Some(AclEntry {
                perms: Perms::from_letters(perms)?,
                identity: Identity::new(scheme, id),
            })
        };
        let entries: Option<Vec<AclEntry>> = text.split(',').map(entry).collect();
        entries.map(Self::new)
    }

    /// The entries.
    pub fn entries(&self) -> &[AclEntry] {
        &self.entries
    }

    /// The list as it is stored when `caller` sets it: without repetitions, `auth` replaced by
    /// each identity that the caller has proved with a secret. A list that is empty or names
    /// somebody whom no scheme knows is refused.
    pub fn settled(&self, caller: &Identities) -> Result<Self, ErrorCode> {
        let mut settled: Vec<AclEntry> = Vec::new();
        for (position, entry) in self.entries.iter().enumerate() {
            if self.entries[..position].contains(entry) {
                continue;
            }
            let AclEntry { perms, identity } = entry;
            match &*identity.scheme {
                "world" if &*identity.id == "anyone" => settled.push(entry.clone()),
                "auth" => {
                    let proved = caller.proved_by_secret();
                    if proved.is_empty() {
                        return Err(ErrorCode::InvalidAcl);
                    }
                    settled.extend(proved.into_iter().map(|identity| AclEntry {
                        perms: *perms,
                        identity: identity.clone(),
                    }));
                }
                _ if identity.is_valid() => settled.push(entry.clone()),
                _ => return Err(ErrorCode::InvalidAcl),
            }
        }
        if settled.is_empty() {
            return Err(ErrorCode::InvalidAcl);
        }
        if *settled == *self.entries {
            return Ok(self.clone());
        }
        Ok(Self::new(settled))
    }

    /// Whether the list grants `caller` one of `wanted`.
    pub fn allows(&self, wanted: Perms, caller: &Identities) -> bool {
        caller.is_super()
            || self.entries.iter().any(|AclEntry { perms, identity }| {
                perms.meets(wanted)
                    && (*identity == Identity::anyone()
                        || caller.0.iter().any(|proved| identity.means(proved)))
            })
    }

    /// [`allows`](Self::allows), or else the error that says no.
    pub(super) fn check(&self, wanted: Perms, caller: &Identities) -> Result<(), ErrorCode> {
        if self.allows(wanted, caller) {
            Ok(())
        } else {
            Err(ErrorCode::NoAuth)
        }
    }

    /// The list as it is shown to those who may not set it: without the hashes of passwords.
    pub fn masked(&self) -> Self {
        let masked =
            |entry: &AclEntry| match (&*entry.identity.scheme, entry.identity.id.split_once(':')) {
                ("digest", Some((user, _))) => AclEntry {
                    perms: entry.perms,
                    identity: Identity::new("digest", &format!("{user}:x")),
                },
                _ => entry.clone(),
            };
        Self::new(self.entries.iter().map(masked).collect::<Vec<_>>())
    }

    /// Bytes of the list as ZooKeeper encodes it: a count, and for each entry the permissions and
    /// two texts.
    pub(super) fn encoded_size(&self) -> usize {
        let text = |text: &str| 4 + text.len();
        let entry = |it: &AclEntry| 4 + text(&it.identity.scheme) + text(&it.identity.id);
        4 + self.entries.iter().map(entry).sum::<usize>()
    }
}

impl Hash for Acl {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.digest.hash(state);
    }
}

/// As it is typed: `world:anyone:cdrwa`, entries parted by commas.
impl fmt::Display for Acl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, AclEntry { perms, identity }) in self.entries.iter().enumerate() {
            let comma = if position > 0 { "," } else { "" };
            write!(f, "{comma}{}:{}:{perms}", identity.scheme, identity.id)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Acl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Identities {
    /// What a connection from `address` proves by being there.
    pub fn of_address(address: [u8; 4]) -> Self {
        let [a, b, c, d] = address;
        Self([Identity::new("ip", &format!("{a}.{b}.{c}.{d}"))].into())
    }

    /// Adds what a credential proves; `superuser` is the credential of the one who is above all
    /// lists, if the servers know one.
    pub fn prove(
        &mut self,
        scheme: &str,
        credential: &str,
        superuser: Option<&str>,
    ) -> Result<(), ErrorCode> {
        match scheme {
            "digest" => {
                if superuser == Some(credential) {
                    self.add(Identity::new("super", ""));
                }
                self.add(Identity::from_password(credential));
                Ok(())
            }
            // The address was proved when the connection came up.
            "ip" => Ok(()),
            _ => Err(ErrorCode::AuthFailed),
        }
    }

    fn add(&mut self, identity: Identity) {
        if !self.0.contains(&identity) {
            self.0 = self.0.iter().cloned().chain([identity]).collect();
        }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Identity> {
        self.0.iter()
    }

    /// Who the caller is, as it is told itself: of a user with a password, the name alone.
    pub fn known_as(&self) -> Vec<Identity> {
        self.0
            .iter()
            .map(|identity| match &*identity.scheme {
                "digest" => {
                    let user = identity.id.split(':').next().unwrap_or_default();
                    Identity::new("digest", user)
                }
                _ => identity.clone(),
            })
            .collect()
    }

    fn is_super(&self) -> bool {
        self.0.iter().any(|identity| &*identity.scheme == "super")
    }

    /// In ZooKeeper they stand in a hash set, which is gone through in its own order where a list
    /// says `auth` (`ServerCnxn.getAuthInfo`, `PrepRequestProcessor.fixupACL`).
    fn proved_by_secret(&self) -> Vec<&Identity> {
        let by_secret = |identity: &&Identity| &*identity.scheme == "digest";
        let mut proved: Vec<&Identity> = self.0.iter().filter(by_secret).collect();
        proved.sort_by_key(|identity| identity.bucket());
        proved
    }

    /// Bytes that they take in a message.
    pub(super) fn size(&self) -> usize {
        self.0
            .iter()
            .map(|it| 8 + it.scheme.len() + it.id.len())
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acl(entries: &[(i32, &str, &str)]) -> Acl {
        let entry = |&(bits, scheme, id): &(i32, &str, &str)| AclEntry {
            perms: Perms::from_bits(bits),
            identity: Identity::new(scheme, id),
        };
        Acl::new(entries.iter().map(entry).collect::<Vec<_>>())
    }

    fn caller(credentials: &[&str]) -> Identities {
        let mut caller = Identities::of_address([127, 0, 0, 1]);
        for credential in credentials {
            caller
                .prove("digest", credential, Some("super:test"))
                .unwrap();
        }
        caller
    }

    #[test]
    fn a_password_is_stored_as_zookeeper_stores_it() {
        let known = Identity::from_password("super:test");
        assert_eq!(&*known.id, "super:D/InIHSb7yEEbrWz8b9l71RjZJU=");
    }

    #[test]
    fn a_list_that_is_empty_or_names_somebody_whom_no_scheme_knows_is_refused() {
        let nobody = caller(&[]);
        for bad in [
            acl(&[]),
            acl(&[(31, "nope", "x")]),
            acl(&[(31, "auth", "")]),
            acl(&[(31, "world", "somebody")]),
            acl(&[(31, "digest", "nocolon")]),
            acl(&[(31, "digest", "a:b:c")]),
            acl(&[(31, "digest", "a:")]),
            acl(&[(31, "ip", "notanip")]),
            acl(&[(31, "ip", "1.2.3")]),
            acl(&[(31, "ip", "1.2.3.4.5")]),
            acl(&[(31, "ip", "1.2.3.256")]),
            acl(&[(31, "ip", "1.2.3.4/33")]),
            acl(&[(31, "super", "")]),
            acl(&[(31, "world", "anyone"), (31, "ip", "x")]),
        ] {
            assert_eq!(bad.settled(&nobody), Err(ErrorCode::InvalidAcl), "{bad}");
        }
    }

    #[test]
    fn a_digest_id_has_two_parts_whatever_colons_follow() {
        for good in ["a:b", ":b", "a:b:", "a:b::"] {
            let list = acl(&[(31, "digest", good)]);
            assert_eq!(list.settled(&caller(&[])), Ok(list.clone()), "{good}");
        }
        for bad in ["", ":", "a", "a:", "a::b", "a:b:c"] {
            let list = acl(&[(31, "digest", bad)]);
            let refused = Err(ErrorCode::InvalidAcl);
            assert_eq!(list.settled(&caller(&[])), refused, "{bad}");
        }
    }

    #[test]
    fn auth_stands_for_whoever_sets_the_list_and_repetitions_collapse() {
        let bob = caller(&["bob:secret"]);
        let list = acl(&[
            (1, "world", "anyone"),
            (31, "auth", ""),
            (1, "world", "anyone"),
        ]);
        let id = Identity::from_password("bob:secret").id;
        let expected = acl(&[(1, "world", "anyone"), (31, "digest", &id)]);
        assert_eq!(list.settled(&bob), Ok(expected));
    }

    /// Worked out with the hash codes that Java's documentation defines: buckets 0, 6 and 14.
    #[test]
    fn auth_names_several_identities_in_the_order_of_the_set_that_zookeeper_keeps_them_in() {
        let credentials = ["super:test", "nocolon", "bob:pw"];
        let settled = acl(&[(3, "auth", "")]).settled(&caller(&credentials));
        let [root, nobody, bob] = credentials.map(|it| Identity::from_password(it).id);
        let expected = [bob, nobody, root].map(|id| AclEntry {
            perms: Perms::from_bits(3),
            identity: Identity::new("digest", &id),
        });
        assert_eq!(settled, Ok(Acl::new(expected)));
    }

    #[test]
    fn a_list_lets_in_whom_it_names_for_what_it_grants() {
        let bob_id = Identity::from_password("bob:secret").id;
        let list = acl(&[(1, "world", "anyone"), (6, "digest", &bob_id)]);
        let (bob, eve) = (caller(&["bob:secret"]), caller(&["bob:guess"]));
        assert!(list.allows(Perms::READ, &eve) && !list.allows(Perms::WRITE, &eve));
        assert!(list.allows(Perms::WRITE, &bob) && list.allows(Perms::CREATE, &bob));
        assert!(!list.allows(Perms::ADMIN, &bob));
        assert!(list.allows(Perms::READ.or(Perms::ADMIN), &bob));
        assert!(list.allows(Perms::ADMIN, &caller(&["super:test"])));
    }

    #[test]
    fn an_address_is_matched_up_to_as_many_bits_as_are_given() {
        let local = caller(&[]);
        for (range, inside) in [
            ("127.0.0.1", true),
            ("127.0.0.2", false),
            ("127.0.0.0/8", true),
            ("126.0.0.0/7", true),
            ("10.0.0.0/8", false),
            ("10.0.0.0/0", true),
            ("127.0.0.2/32", false),
        ] {
            let list = acl(&[(31, "ip", range)]);
            assert_eq!(list.allows(Perms::READ, &local), inside, "{range}");
        }
    }

    #[test]
    fn an_unknown_scheme_fails_and_a_known_one_shows_the_name_only() {
        let mut bob = caller(&["bob:secret", "bob:secret"]);
        let failed = Err(ErrorCode::AuthFailed);
        assert_eq!(bob.prove("nosuch", "x", None), failed);
        let expected = [
            Identity::new("ip", "127.0.0.1"),
            Identity::new("digest", "bob"),
        ];
        assert_eq!(bob.known_as(), expected);
    }

    #[test]
    fn hashes_are_hidden_from_those_who_may_not_set_the_list() {
        let list = acl(&[(31, "digest", "bob:hash="), (1, "ip", "1.2.3.4")]);
        let expected = acl(&[(31, "digest", "bob:x"), (1, "ip", "1.2.3.4")]);
        assert_eq!(list.masked(), expected);
    }

    #[test]
    fn a_list_is_read_as_it_is_written() {
        let list = acl(&[(1, "world", "anyone"), (31, "digest", "bob:h=")]);
        assert_eq!(list.to_string(), "world:anyone:r,digest:bob:h=:cdrwa");
        assert_eq!(Acl::parse(&list.to_string()), Some(list));
        assert_eq!(Acl::parse("auth::cdrwa"), Some(acl(&[(31, "auth", "")])));
        for bad in [
            "",
            "world",
            "world:anyone",
            "world:anyone:",
            "world:anyone:x",
            "a:b:r,",
        ] {
            assert_eq!(Acl::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn permissions_are_written_and_read_as_letters() {
        assert_eq!(Perms::ALL.to_string(), "cdrwa");
        assert_eq!(Perms::from_letters("rw"), Some(Perms::from_bits(3)));
        for bad in ["", "rr", "x", "cdrwax"] {
            assert_eq!(Perms::from_letters(bad), None, "{bad}");
        }
    }
}
