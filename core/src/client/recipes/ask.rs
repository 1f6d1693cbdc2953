//! What recipes ask for.

use std::sync::Arc;

use super::Move;
use crate::zookeeper::{ANY_VERSION, CreateMode, Data, Request, Version};

pub(super) fn create(path: &str, data: Option<Data>, mode: CreateMode) -> Move {
    Move::Ask(Request::create(path, data, mode))
}

pub(super) fn delete(path: Arc<str>) -> Move {
    let version = ANY_VERSION;
    Move::Ask(Request::Delete { path, version })
}

pub(super) fn set(path: Arc<str>, text: &str, version: Version) -> Move {
    replace(path, Some(Data::from(text)), version)
}

pub(super) fn replace(path: Arc<str>, data: Option<Data>, version: Version) -> Move {
    Move::Ask(Request::Set {
        path,
        data,
        version,
    })
}

/// With a watch, as everything here whose name does not say otherwise.
pub(super) fn exists(path: Arc<str>) -> Move {
    Move::Ask(Request::Exists { path, watch: true })
}

pub(super) fn get(path: Arc<str>) -> Move {
    Move::Ask(Request::Get { path, watch: true })
}

pub(super) fn get_once(path: Arc<str>) -> Move {
    Move::Ask(Request::Get { path, watch: false })
}

/// Without a watch.
pub(super) fn children(path: &str) -> Move {
    Move::Ask(Request::children(path))
}

pub(super) fn watched_children(path: &str) -> Move {
    let path = path.into();
    Move::Ask(Request::Children { path, watch: true })
}
