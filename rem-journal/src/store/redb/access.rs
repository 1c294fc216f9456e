//! Access to the file, to read and to write, also while the disk fails.
//!
//! Whoever finds that the file failed opens it again, with the right to write in hand; who reads meanwhile waits for that, and
//! reads again. While somebody does, the next to write waits a little: it would take what is open from the reader once more.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ::redb::{Database, WriteTransaction};

use super::fault::{Fault, guarded};
use super::{Open, Redb, Writer, tables};
use crate::store::{StoreError, StoreErrorKind};

/// How often one reads again before it is told that the disk fails.
const TRIES: usize = 10;
/// How long who writes waits for those.
const WAIT: Duration = Duration::from_millis(100);

impl Redb {
    /// Calls `read` with the file as it is, and again if the file had failed and could be opened again.
    ///
    /// The caller has no right to write: who has it may have to give it up before this returns.
    pub(super) fn reading<T>(
        &self,
        mut read: impl FnMut(&Database) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let mut again = None;
        let mut tries = TRIES;
        loop {
            let open = self.current();
            let fault = match guarded(|| read(open.db()?)) {
                Ok(value) => return Ok(value),
                Err(fault) => fault,
            };
            if !fault.is_of_the_file() {
                return Err(fault.told(&self.path));
            }
            again.get_or_insert_with(|| self.again.begin());
            tries -= 1;
            if tries == 0 || !self.renewed(&open) {
                return Err(fault.told(&self.path));
            }
        }
    }

    /// Whether another lease of the file is there than the one that failed, by us if nobody else did it.
    fn renewed(&self, failed: &Arc<Open>) -> bool {
        if !Arc::ptr_eq(&self.current(), failed) {
            return true;
        }
        // Whoever has the right to write finds out by himself, and opens the file again before he gives it up.
        let mut writer = self.lock();
        if Arc::ptr_eq(&self.current(), failed) {
            // To read, an overlay will do.
            let _ = self.renew(&mut writer);
        }
        !Arc::ptr_eq(&self.current(), failed)
    }

    /// Opens the file again: for writing, or else an overlay of it to read, and then this is the error of the first.
    /// What was open before can neither read nor write from now on.
    fn renew(&self, writer: &mut Writer) -> Result<(), Fault> {
        writer.failed = true;
        self.current().lease.revoke();
        if self.read_only {
            return self.renew_as(writer, true);
        }
        self.renew_as(writer, false).inspect_err(|_| {
            // If this fails too there is nothing to read; the next call tries again.
            let _ = self.renew_as(writer, true);
            writer.failed = true;
        })
    }

    fn renew_as(&self, writer: &mut Writer, overlay: bool) -> Result<(), Fault> {
        let open = Self::lend(&mut self.options.builder(), &self.file, overlay)?;
        let (state, topics, next_topic) = guarded(|| tables::load(open.db()?))?;
        *self.open.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(open);
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(state);
        *self.topics.write().unwrap_or_else(PoisonError::into_inner) = topics;
        *writer = Writer { next_topic, ..Writer::default() };
        Ok(())
    }

    /// The right to write, with a file that can be written.
    pub(super) fn writing(&self) -> Result<MutexGuard<'_, Writer>, StoreError> {
        if self.read_only {
            let what = "it was opened to be read only";
            return Err(self.error(StoreErrorKind::ReadOnly, what));
        }
        let mut writer = self.lock();
        if writer.failed {
            drop(writer);
            self.again.wait();
            writer = self.lock();
        }
        if writer.failed {
            self.renew(&mut writer).map_err(|fault| fault.told(&self.path))?;
        }
        Ok(writer)
    }

    /// Does `write` in one transaction that is on disk when this returns.
    pub(super) fn transact<T>(
        &self,
        writer: &mut Writer,
        write: impl FnOnce(&WriteTransaction) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let open = self.current();
        let done = guarded(|| {
            let mut txn = open.db()?.begin_write()?;
            txn.set_two_phase_commit(self.options.sync_twice);
            let value = write(&txn)?;
            txn.commit()?;
            Ok(value)
        });
        drop(open);
        done.map_err(|fault| self.failed(writer, fault))
    }

    /// What is told of a fault to whoever has the right to write. Readers go on with what can be read, the next to write tries
    /// again.
    pub(super) fn failed(&self, writer: &mut Writer, fault: Fault) -> StoreError {
        if fault.is_of_the_file() {
            let _ = self.renew(writer);
        }
        fault.told(&self.path)
    }
}

/// How many read again.
#[derive(Debug, Default)]
pub(super) struct Again {
    readers: Mutex<usize>,
    done: Condvar,
}

impl Again {
    fn readers(&self) -> MutexGuard<'_, usize> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self) -> ReadsAgain<'_> {
        *self.readers() += 1;
        ReadsAgain(self)
    }

    /// Waits until nobody does, but not for long: there may always be one, and one may wait for whoever writes.
    fn wait(&self) {
        drop(self.done.wait_timeout_while(self.readers(), WAIT, |readers| *readers > 0));
    }
}

/// One who reads again, until it is dropped.
struct ReadsAgain<'a>(&'a Again);

impl Drop for ReadsAgain<'_> {
    fn drop(&mut self) {
        let mut readers = self.0.readers();
        *readers -= 1;
        if *readers == 0 {
            self.0.done.notify_all();
        }
    }
}
