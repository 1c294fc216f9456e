//! [`Cluster`]: servers that know each other.

use super::server::free_port;
use super::{Server, ServerError, Version};

/// Three servers with JetStream that know each other.
#[derive(Debug)]
pub struct Cluster {
    servers: Vec<Server>,
}

impl Cluster {
    /// Starts three, and waits until each answers. That they have agreed on who leads takes some seconds more.
    ///
    /// # Errors
    /// As for one server.
    pub fn start(version: Version) -> Result<Self, ServerError> {
        let ports = (0..3).map(|_| free_port()).collect::<Result<Vec<_>, _>>()?;
        let routes: Vec<_> =
            ports.iter().map(|port| format!("nats-route://127.0.0.1:{port}")).collect();
        let start = |(number, port): (usize, &u16)| {
            let lines = format!(
                "server_name: s{number}\ncluster {{ name: tests, listen: \"127.0.0.1:{port}\", routes: {routes:?} }}"
            );
            Server::builder(version).jetstream().config(&lines).start()
        };
        let servers = ports.iter().enumerate().map(start).collect::<Result<_, _>>()?;
        Ok(Self { servers })
    }

    /// Where they listen, with commas between.
    pub fn urls(&self) -> String {
        self.servers.iter().map(Server::url).collect::<Vec<_>>().join(",")
    }

    /// The servers, named `s0`, `s1` and `s2`.
    pub fn servers(&mut self) -> &mut [Server] {
        &mut self.servers
    }
}
