//! What a script may not exceed. Each limit has an error that states it.

use crate::time::Duration;

/// The version of the format that this release reads and writes.
pub const FORMAT_VERSION: u32 = 1;

/// The most servers of a cluster. A page shows fewer.
pub const MAX_SERVERS: u16 = 99;

/// The longest script, in bytes.
pub const MAX_SCRIPT_BYTES: usize = 8 * 1024 * 1024;

/// The longest line of a script, in bytes; a znode's data fits, even with every byte escaped once.
pub const MAX_LINE: usize = 2 * MAX_DATA + 4 * 1024;

/// The most steps of a script.
pub const MAX_STEPS: usize = 100_000;

/// The most data of a znode, in bytes, as in ZooKeeper.
pub const MAX_DATA: usize = 1024 * 1024;

/// The longest text of a lesson, in bytes: a title, a sentence, a question, a choice.
pub const MAX_TEXT: usize = 16 * 1024;

/// The most choices of a question.
pub const MAX_CHOICES: usize = 9;

/// The most errors that are listed; the rest are counted.
pub const MAX_ERRORS: usize = 1_000;

/// The longest span and the latest time that can be written.
pub const MAX_TIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How far a server's clock can be set ahead or back.
pub const MAX_CLOCK_OFFSET: Duration = Duration::from_secs(60 * 60);

/// How much a server's clock can drift, in parts per million: up to half as fast again.
pub const MAX_DRIFT_PPM: i32 = 500_000;

/// How long `until` waits, in simulated time, when the script does not say.
pub const UNTIL_LIMIT: Duration = Duration::from_secs(10);

/// The longest encoded script that is decoded, in characters.
pub const MAX_LINK: usize = 2 * MAX_SCRIPT_BYTES;
