//! Snapshots taken, sent and installed; windows full of what was lost.
