//! Who does the work of a mesh: threads of its own, or a runtime.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use rem_core::__private::isolate;
use rem_core::{Spawner, TaskFuture};

use crate::block::block_on;
use crate::error::{JoinError, Kind};
use crate::state::Shared;

/// Has a part of a mesh done, by whoever was given or a thread of that name. When it has come to its end, or panicked, it counts
/// as done; if it panicked the mesh ends.
pub(crate) fn start(
    shared: &Arc<Shared>,
    spawner: Option<&dyn Spawner>,
    name: &str,
    part: impl Future<Output = ()> + Send + 'static,
) -> Result<(), JoinError> {
    shared.phase.change(|phase| phase.working += 1);
    // Dropped by whoever runs it, at the end or before.
    let working = Working(Arc::clone(shared));
    let part = async move {
        let working = working;
        let mut part = pin!(part);
        let done = poll_fn(|cx| match isolate(|| part.as_mut().poll(cx)) {
            Ok(done) => done.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        });
        if let Err(panic) = done.await {
            working.0.end(Some(&format!("a part of it panicked: {panic}")));
        }
    };
    let part: TaskFuture = Box::pin(part);
    let begun = if let Some(spawner) = spawner {
        isolate(|| spawner.spawn(part)).map_err(|panic| format!("the spawner panicked: {panic}"))
    } else {
        let thread = std::thread::Builder::new().name(name.into());
        thread.spawn(|| block_on(part)).map(drop).map_err(|error| error.to_string())
    };
    begun.map_err(|said| JoinError::new(Kind::Spawn(said.into())))
}

/// After how many events of one part others of the same runtime have their turn.
pub(crate) const AT_A_TIME: u64 = 64;

/// Lets others of the same runtime go on.
pub(crate) async fn give_way() {
    let mut has_given = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut has_given, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// While a part is done. A runtime that drops it ends the mesh.
struct Working(Arc<Shared>);

impl Drop for Working {
    fn drop(&mut self) {
        let is_leaving = self.0.phase.change(|phase| {
            phase.working -= 1;
            phase.is_leaving
        });
        if !is_leaving {
            self.0.end(Some("a part of it was dropped by its runtime"));
        }
    }
}
