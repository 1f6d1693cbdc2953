//! Reads: answered by any server from the state that it holds.

use std::sync::Arc;

use super::{
    ErrorCode, Identities, Perms, Reply, Request, Response, Service, SessionId, Znode, path,
};

impl Service {
    /// Answers a read of `session`, whose connection has proved to be `caller`, from the state as
    /// it is here and now. A path is not judged: it is looked up, and a malformed one is not found.
    /// Watches are for the server of the connection to set.
    pub fn read(&self, request: &Request, session: SessionId, caller: &Identities) -> Reply {
        match request {
            // ZooKeeper asks for no right to learn of a znode's existence.
            Request::Exists { path, .. } => {
                if path.contains('\0') {
                    return Err(ErrorCode::BadArguments);
                }
                Ok(Response::Stat(self.node(path)?.stat()))
            }
            Request::Get { path, .. } => {
                let node = self.readable(path, caller)?;
                Ok(Response::Data {
                    data: node.data().cloned(),
                    stat: node.stat(),
                })
            }
            Request::Children { path, .. } => {
                let node = self.readable(path, caller)?;
                Ok(Response::Children {
                    names: node.children().cloned().collect(),
                    stat: node.stat(),
                })
            }
            Request::AllChildrenNumber { path } => {
                self.readable(path, caller)?;
                Ok(Response::Number(self.tree().descendants(path)))
            }
            Request::Ephemerals { prefix } => Ok(Response::Paths(self.ephemerals(session, prefix))),
            Request::GetAcl { path } => self.read_acl(path, caller),
            Request::MultiRead(requests) => {
                let is_part =
                    |it: &Request| matches!(it, Request::Get { .. } | Request::Children { .. });
                // A frame that holds anything else cannot be read (`FinalRequestProcessor`).
                if !requests.iter().all(is_part) {
                    return Err(ErrorCode::MarshallingError);
                }
                let replies = requests.iter().map(|it| self.read(it, session, caller));
                Ok(Response::MultiRead(replies.collect()))
            }
            Request::WhoAmI => Ok(Response::Identities(caller.known_as())),
            _ => Err(ErrorCode::Unimplemented),
        }
    }

    /// The empty text is another name of the root here (ZooKeeper, `DataTree`).
    fn node(&self, path: &str) -> Result<&Znode, ErrorCode> {
        let path = if path.is_empty() { path::ROOT } else { path };
        self.tree().get(path).ok_or(ErrorCode::NoNode)
    }

    fn readable(&self, path: &str, caller: &Identities) -> Result<&Znode, ErrorCode> {
        let node = self.node(path)?;
        node.acl().check(Perms::READ, caller)?;
        Ok(node)
    }

    /// Only who may set a list sees the hashes of passwords in it.
    fn read_acl(&self, path: &str, caller: &Identities) -> Reply {
        let node = self.node(path)?;
        let acl = node.acl();
        acl.check(Perms::READ.or(Perms::ADMIN), caller)?;
        Ok(Response::Acl {
            acl: if acl.allows(Perms::ADMIN, caller) {
                acl.clone()
            } else {
                acl.masked()
            },
            stat: node.stat(),
        })
    }

    /// The paths of a session's ephemerals that begin with `prefix`; nothing and the root stand
    /// for all of them.
    fn ephemerals(&self, session: SessionId, prefix: &str) -> Vec<Arc<str>> {
        let all = matches!(prefix.trim(), "" | path::ROOT);
        let of_session = self.tree().ephemerals(session);
        of_session
            .filter(|path| all || path.starts_with(prefix))
            .cloned()
            .collect()
    }
}

#[cfg(test)]
mod tests;
