//! What one operation, with its answer, says of each znode that it concerns.
//!
//! A `multi` is its operations one after another at one moment: for each znode, those that concern
//! it. One that failed has changed nothing, and yet says that each operation before the failing one
//! could have been done, and that one not.

use std::sync::Arc;

use super::znode::{Life, Process, Step};
use crate::zookeeper::{
    CreateMode, Data, ErrorCode, MultiFailure, Reply, Request, Response, Version, path,
};

/// An answer; none if nobody knows whether the operation has happened.
pub(super) type Answer<'a> = Option<Result<&'a Response, ErrorCode>>;

/// What an operation says of one znode.
pub(super) type Effect = (Arc<str>, Step);

/// What an operation of a process says, of each znode once. Without an answer, it is what the
/// operation does if it happens and succeeds.
pub(super) fn effects(request: &Request, answer: Answer<'_>, process: Process) -> Vec<Effect> {
    match (request, answer) {
        (Request::Linearizable(read), _) => effects(read, answer, process),
        (Request::Multi(requests), None) => {
            let each = requests.iter().map(|request| (request, None));
            in_a_row(each, process)
        }
        (Request::Multi(requests), Some(Ok(Response::Multi(responses)))) => {
            let answers = responses.iter().map(|response| Some(Ok(response)));
            in_a_row(requests.iter().zip(answers), process)
        }
        (Request::Multi(requests), Some(Ok(Response::MultiFailed(failure)))) => {
            failed(requests, *failure, process)
        }
        (Request::MultiRead(reads), Some(Ok(Response::MultiRead(replies)))) => {
            let answers = replies.iter().map(|reply| Some(answer_of(reply)));
            in_a_row(reads.iter().zip(answers), process)
        }
        _ => {
            let own = own_effect(request, answer, process);
            let parents = parents_effect(request, answer, process);
            let all = own.into_iter().chain(parents);
            // What the ensemble is, an operator changes, too, and no client's operation says so.
            all.filter(|(znode, _)| **znode != *path::CONFIG).collect()
        }
    }
}

/// A reply as an answer.
pub(super) fn answer_of(reply: &Reply) -> Result<&Response, ErrorCode> {
    reply.as_ref().map_err(|code| *code)
}

/// The znodes that an operation may have created and that go when the leader sweeps: each with its
/// path, or the prefix of it if the name was completed and nobody knows how.
pub(super) fn swept_later(request: &Request, answer: Answer<'_>) -> Vec<Arc<str>> {
    match (request, answer) {
        (Request::Multi(requests), None) => {
            let each = requests.iter();
            each.flat_map(|request| swept_later(request, None))
                .collect()
        }
        (Request::Multi(requests), Some(Ok(Response::Multi(responses)))) => {
            let each = requests.iter().zip(responses);
            each.flat_map(|(request, response)| swept_later(request, Some(Ok(response))))
                .collect()
        }
        (Request::Create { path, mode, .. }, _) if is_swept(*mode) => match answer {
            Some(Ok(Response::Created { path, .. })) => vec![path.clone()],
            None => vec![path.clone()],
            Some(_) => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// The sequential creates in an operation that nobody has answered.
pub(super) fn unnamed(request: &Request) -> Vec<&Request> {
    match request {
        Request::Multi(requests) => requests.iter().flat_map(unnamed).collect(),
        Request::Create { mode, .. } if mode.is_sequential() => vec![request],
        _ => Vec::new(),
    }
}

/// Whether a sequential create of `prefix` may make the znode at `path`.
pub(super) fn may_become(prefix: &str, path: &str) -> bool {
    let count = path.strip_prefix(prefix);
    let count = count.and_then(|digits| digits.parse::<Version>().ok());
    count.is_some_and(|count| path::sequential(prefix, count) == path)
}

/// The creation of the znode that a request asks for, wherever it came to be.
pub(super) fn create(request: &Request, process: Process) -> Step {
    match request {
        Request::Create { data, mode, .. } => Step::Create {
            data: bytes(data.as_ref()),
            life: life(*mode, process),
        },
        _ => Step::IsPresent,
    }
}

pub(super) fn bytes(data: Option<&Data>) -> Option<Arc<[u8]>> {
    data.map(|data| data.bytes().into())
}

/// Operations one after another at one moment.
fn in_a_row<'a>(
    each: impl Iterator<Item = (&'a Request, Answer<'a>)>,
    process: Process,
) -> Vec<Effect> {
    let mut rows: Vec<(Arc<str>, Vec<Step>)> = Vec::new();
    for (path, step) in each.flat_map(|(request, answer)| effects(request, answer, process)) {
        match rows.iter_mut().find(|(known, _)| *known == path) {
            Some((_, steps)) => steps.push(step),
            None => rows.push((path, vec![step])),
        }
    }
    let rows = rows.into_iter();
    rows.map(|(path, steps)| (path, Step::Row(steps))).collect()
}

/// A multi that has changed nothing. If a name was completed in it, nobody was told how, and it
/// says nothing.
fn failed(requests: &[Request], failure: MultiFailure, process: Process) -> Vec<Effect> {
    let position = failure.failed as usize;
    let (Some(done), Some(refused)) = (requests.get(..position), requests.get(position)) else {
        return Vec::new();
    };
    if requests.iter().any(|request| !unnamed(request).is_empty()) {
        return Vec::new();
    }
    let before = done.iter().map(|request| (request, None));
    let each = before.chain([(refused, Some(Err(failure.code)))]);
    let undone = |(path, step)| match step {
        Step::Row(steps) => (path, Step::Undone(steps)),
        other => (path, other),
    };
    in_a_row(each, process).into_iter().map(undone).collect()
}

const fn is_swept(mode: CreateMode) -> bool {
    matches!(mode, CreateMode::Container) || mode.ttl().is_some()
}

const fn life(mode: CreateMode, process: Process) -> Life {
    match mode {
        CreateMode::Ephemeral | CreateMode::EphemeralSequential => Life::Session(process),
        CreateMode::Container => Life::Container,
        _ if mode.ttl().is_some() => Life::Limited,
        _ => Life::Lasting,
    }
}

/// What is said of the znode that the operation names.
fn own_effect(request: &Request, answer: Answer<'_>, process: Process) -> Option<Effect> {
    use ErrorCode::{BadVersion, NoChildrenForEphemerals, NoNode, NodeExists, NotEmpty};
    let path = match answer {
        Some(Ok(Response::Created { path, .. })) => path,
        _ => request.path()?,
    };
    let step = match (request, answer) {
        (Request::Create { mode, .. }, None | Some(Err(_))) if mode.is_sequential() => return None,
        (Request::Create { .. }, None | Some(Ok(_))) => create(request, process),
        (Request::Create { .. }, Some(Err(NodeExists))) => Step::IsPresent,
        (Request::Delete { version, .. }, None | Some(Ok(_))) => {
            Step::Delete { expected: *version }
        }
        (Request::Set { data, version, .. }, None | Some(Ok(_))) => Step::Set {
            data: bytes(data.as_ref()),
            expected: *version,
            stat: match answer {
                Some(Ok(Response::Stat(stat))) => Some((stat.version, stat.num_children)),
                _ => None,
            },
        },
        (Request::Check { version, .. }, None | Some(Ok(_))) => {
            Step::IsAtVersion { expected: *version }
        }
        (
            Request::Delete { version, .. }
            | Request::Set { version, .. }
            | Request::Check { version, .. },
            Some(Err(BadVersion)),
        ) => Step::IsAtOtherVersion { expected: *version },
        (Request::Delete { version, .. }, Some(Err(NotEmpty))) => {
            Step::HasChildren { expected: *version }
        }
        (Request::Exists { .. }, Some(Ok(Response::Stat(stat)))) => Step::HasVersion(stat.version),
        (Request::Get { .. }, Some(Ok(Response::Data { data, stat }))) => Step::Holds {
            version: stat.version,
            data: bytes(data.as_ref()),
        },
        (Request::Children { .. }, Some(Ok(Response::Children { names, .. }))) => {
            Step::List(names.clone())
        }
        (Request::Create { .. }, Some(Err(NoChildrenForEphemerals))) | (_, Some(Err(NoNode))) => {
            Step::IsAbsent
        }
        _ => return None,
    };
    Some((path.clone(), step))
}

/// What is said of the parent of the znode that the operation names.
fn parents_effect(request: &Request, answer: Answer<'_>, process: Process) -> Option<Effect> {
    use ErrorCode::{BadVersion, NoChildrenForEphemerals, NoNode, NodeExists, NotEmpty};
    let path = request.path()?;
    let parent = path::parent(path).filter(|_| &**path != path::ROOT)?;
    let name: Arc<str> = path::name(path).into();
    let step = match (request, answer) {
        (Request::Create { mode, .. }, None | Some(Ok(_))) => Step::AddChild {
            name: match answer {
                Some(Ok(Response::Created { path, .. })) => Some(path::name(path).into()),
                _ => Some(name).filter(|_| !mode.is_sequential()),
            },
            prefix: Some(path.clone()).filter(|_| mode.is_sequential()),
            life: life(*mode, process),
        },
        (Request::Create { mode, .. }, Some(Err(NodeExists))) if !mode.is_sequential() => {
            Step::HasChild(name)
        }
        (Request::Create { .. }, Some(Err(NoNode))) => Step::IsAbsent,
        (Request::Create { .. }, Some(Err(NoChildrenForEphemerals))) => Step::IsEphemeral,
        (Request::Delete { .. }, None | Some(Ok(_))) => Step::RemoveChild(name),
        (Request::Delete { .. }, Some(Err(BadVersion | NotEmpty))) => Step::HasChild(name),
        (Request::Delete { .. }, Some(Err(NoNode))) => Step::HasNoChild(name),
        _ => return None,
    };
    Some((parent.into(), step))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ClientId;

    #[test]
    fn what_the_ensemble_is_can_change_without_a_client() {
        let process = (ClientId::from_letter('A').unwrap(), 0);
        let read = |path: &str| effects(&Request::get(path), Some(Err(ErrorCode::NoNode)), process);
        assert_eq!(read("/app").len(), 1);
        assert_eq!(read(path::CONFIG), []);
    }
}
