//! Why the service refuses: ZooKeeper's error codes.

use std::fmt;

/// Builds the codes from one table, so that number, name and sentence cannot drift apart.
macro_rules! error_codes {
    ($($variant:ident = $code:literal, $name:literal, $explain:literal;)*) => {
        /// A ZooKeeper error code. OK, code 0, is not among them: success is a [`Response`].
        ///
        /// [`Response`]: super::Response
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(i32)]
        pub enum ErrorCode {
            $(
                #[doc = concat!($name, ": ", $explain, ".")]
                $variant = $code,
            )*
        }

        impl ErrorCode {
            /// All of them, from the largest code to the smallest.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name, as ZooKeeper's documentation writes it: `NONODE`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it means to the one who gets it, in one sentence without a full stop.
            pub const fn explain(self) -> &'static str {
                match self { $(Self::$variant => $explain,)* }
            }
        }
    };
}

error_codes! {
    SystemError = -1, "SYSTEMERROR",
        "the server found its own state contradictory";
    RuntimeInconsistency = -2, "RUNTIMEINCONSISTENCY",
        "an earlier operation of the same transaction failed, so this one was not tried";
    DataInconsistency = -3, "DATAINCONSISTENCY",
        "the server found stored data that contradict each other";
    ConnectionLoss = -4, "CONNECTIONLOSS",
        "the connection broke before the answer came: the operation may have happened or not";
    MarshallingError = -5, "MARSHALLINGERROR",
        "a message could not be encoded or decoded";
    Unimplemented = -6, "UNIMPLEMENTED",
        "the server does not offer this operation";
    OperationTimeout = -7, "OPERATIONTIMEOUT",
        "no answer came in time: the operation may have happened or not";
    BadArguments = -8, "BADARGUMENTS",
        "an argument is not acceptable: most often a malformed or a reserved path";
    UnknownSession = -12, "UNKNOWNSESSION",
        "the server does not know the session";
    NewConfigNoQuorum = -13, "NEWCONFIGNOQUORUM",
        "no quorum of the new configuration is connected and up to date";
    ReconfigInProgress = -14, "RECONFIGINPROGRESS",
        "another reconfiguration has not finished";
    ApiError = -100, "APIERROR",
        "the server refused the operation";
    NoNode = -101, "NONODE",
        "there is no such znode, or its parent is missing";
    NoAuth = -102, "NOAUTH",
        "the access control list does not allow it";
    BadVersion = -103, "BADVERSION",
        "the znode is at another version than the one asked for";
    NoChildrenForEphemerals = -108, "NOCHILDRENFOREPHEMERALS",
        "an ephemeral znode cannot have children";
    NodeExists = -110, "NODEEXISTS",
        "a znode of that name exists already";
    NotEmpty = -111, "NOTEMPTY",
        "the znode has children, and only a znode without children can be deleted";
    SessionExpired = -112, "SESSIONEXPIRED",
        "the session has ended: its ephemeral znodes are gone and a new session is needed";
    InvalidCallback = -113, "INVALIDCALLBACK",
        "the callback given to the client library is not a valid one";
    InvalidAcl = -114, "INVALIDACL",
        "the access control list is empty or malformed";
    AuthFailed = -115, "AUTHFAILED",
        "the server did not accept the credentials";
    SessionMoved = -118, "SESSIONMOVED",
        "the session now belongs to another server, so this connection may not use it";
    NotReadOnly = -119, "NOTREADONLY",
        "a server in read-only mode cannot do this";
    EphemeralOnLocalSession = -120, "EPHEMERALONLOCALSESSION",
        "a local session cannot own ephemeral znodes";
    NoWatcher = -121, "NOWATCHER",
        "there is no such watch to remove";
    RequestTimeout = -122, "REQUESTTIMEOUT",
        "the server did not finish the request in time";
    ReconfigDisabled = -123, "RECONFIGDISABLED",
        "reconfiguration is switched off";
    SessionClosedRequireSaslAuth = -124, "SESSIONCLOSEDREQUIRESASLAUTH",
        "the server closed the session because the client did not authenticate with SASL";
    QuotaExceeded = -125, "QUOTAEXCEEDED",
        "the subtree would grow past its quota";
    ThrottledOp = -127, "THROTTLEDOP",
        "the server had too much to do and dropped the request";
}

impl ErrorCode {
    /// The number that ZooKeeper sends.
    pub const fn code(self) -> i32 {
        self as i32
    }
}

/// The name.
impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl std::error::Error for ErrorCode {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_zookeepers() {
        for (code, number, name) in [
            (ErrorCode::ConnectionLoss, -4, "CONNECTIONLOSS"),
            (ErrorCode::BadArguments, -8, "BADARGUMENTS"),
            (ErrorCode::NoNode, -101, "NONODE"),
            (ErrorCode::BadVersion, -103, "BADVERSION"),
            (
                ErrorCode::NoChildrenForEphemerals,
                -108,
                "NOCHILDRENFOREPHEMERALS",
            ),
            (ErrorCode::NodeExists, -110, "NODEEXISTS"),
            (ErrorCode::NotEmpty, -111, "NOTEMPTY"),
            (ErrorCode::SessionExpired, -112, "SESSIONEXPIRED"),
            (ErrorCode::ThrottledOp, -127, "THROTTLEDOP"),
        ] {
            assert_eq!((code.code(), code.name()), (number, name));
            assert_eq!(code.to_string(), name);
        }
        assert_eq!(ErrorCode::ALL.len(), 31);
    }

    #[test]
    fn every_code_explains_itself_in_one_plain_sentence_of_its_own() {
        for (position, code) in ErrorCode::ALL.iter().enumerate() {
            let sentence = code.explain();
            assert!(sentence.len() > 10 && !sentence.ends_with('.'), "{code}");
            assert!(sentence.starts_with(char::is_lowercase), "{code}");
            let later = &ErrorCode::ALL[position + 1..];
            assert!(later.iter().all(|other| other.explain() != sentence));
            assert!(later.iter().all(|other| other.code() < code.code()));
        }
    }
}
