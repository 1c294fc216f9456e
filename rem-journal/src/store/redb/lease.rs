//! The file, held by us and lent to redb for as long as it can use it.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::ops::{Bound, Deref};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use ::redb::{BackendError, StorageBackend};

/// The file and its lock, until it is dropped.
pub(super) struct Held(Arc<dyn StorageBackend>);

impl Held {
    /// Takes the file for itself, or for readers alone. `None` if another has it.
    pub(super) fn new(file: Arc<dyn StorageBackend>, shared: bool) -> io::Result<Option<Self>> {
        let all = (Bound::Unbounded, Bound::Unbounded);
        let locked = if shared {
            file.try_lock_shared_range(all.0, all.1)
        } else {
            file.try_lock_range(all.0, all.1)
        };
        match locked {
            // What knows no locks is nobody else's to open: a backend of a test, in memory.
            Ok(true) | Err(BackendError::Unsupported) => Ok(Some(Self(file))),
            Ok(false) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

impl Deref for Held {
    type Target = dyn StorageBackend;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // Nothing is left to be written: who borrowed the file has synced what it acknowledged.
        let _ = self.0.close();
    }
}

/// What redb is given for a file. Once revoked it neither reads nor writes any more.
#[derive(Clone)]
pub(super) struct Lease(Arc<Inner>);

struct Inner {
    file: Arc<dyn StorageBackend>,
    /// Held shared while the file is used, so that whoever revokes knows that nobody still uses it.
    revoked: RwLock<bool>,
    overlay: Option<Mutex<Overlay>>,
}

/// What was written over a file that is only read.
struct Overlay {
    len: u64,
    /// How much of the file is still below it: what was cut off reads as zeros when it grows again.
    below: u64,
    blocks: HashMap<u64, Box<[u8]>>,
}

const BLOCK: usize = 4_096;

impl Lease {
    pub(super) fn new(file: &Held) -> Self {
        let file = Arc::clone(&file.0);
        Self(Arc::new(Inner { file, revoked: RwLock::new(false), overlay: None }))
    }

    /// Of what is written nothing reaches the file.
    pub(super) fn overlay(file: &Held) -> Self {
        let file = Arc::clone(&file.0);
        let len = file.len().unwrap_or(0);
        let overlay = Overlay { len, below: len, blocks: HashMap::new() };
        let overlay = Some(Mutex::new(overlay));
        Self(Arc::new(Inner { file, revoked: RwLock::new(false), overlay }))
    }

    pub(super) fn revoke(&self) {
        *self.0.revoked.write().unwrap_or_else(PoisonError::into_inner) = true;
    }

    fn using<T>(&self, call: impl FnOnce(Use<'_>) -> io::Result<T>) -> io::Result<T> {
        let revoked = self.0.revoked.read().unwrap_or_else(PoisonError::into_inner);
        if *revoked {
            return Err(io::Error::other("the file was opened again after a failure"));
        }
        let file = &*self.0.file;
        match &self.0.overlay {
            None => call(Use::File(file)),
            Some(overlay) => {
                let mut overlay = overlay.lock().unwrap_or_else(PoisonError::into_inner);
                call(Use::Overlay(file, &mut overlay))
            }
        }
    }
}

/// What a lease is of.
enum Use<'u> {
    File(&'u dyn StorageBackend),
    Overlay(&'u dyn StorageBackend, &'u mut Overlay),
}

impl StorageBackend for Lease {
    fn len(&self) -> io::Result<u64> {
        self.using(|it| match it {
            Use::File(file) => file.len(),
            Use::Overlay(_, overlay) => Ok(overlay.len),
        })
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.using(|it| match it {
            Use::File(file) => read_within(file, file.len()?, offset, out),
            Use::Overlay(file, overlay) => overlay.read(file, offset, out),
        })
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.using(|it| match it {
            Use::File(file) => file.set_len(len),
            Use::Overlay(_, overlay) => {
                overlay.set_len(len);
                Ok(())
            }
        })
    }

    fn sync_data(&self) -> io::Result<()> {
        self.using(|it| match it {
            Use::File(file) => file.sync_data(),
            Use::Overlay(..) => Ok(()),
        })
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.using(|it| match it {
            Use::File(file) => file.write(offset, data),
            Use::Overlay(file, overlay) => overlay.write(file, offset, data),
        })
    }
}

/// Reads; behind the end there are zeros. Only a damaged page points there, and zeros are no page: an error would have
/// redb give up the whole file for it.
fn read_within(file: &dyn StorageBackend, len: u64, offset: u64, out: &mut [u8]) -> io::Result<()> {
    let there = len.saturating_sub(offset).min(out.len() as u64);
    let (inside, behind) = out.split_at_mut(usize::try_from(there).unwrap_or(0));
    behind.fill(0);
    if inside.is_empty() { Ok(()) } else { file.read(offset, inside) }
}

impl Overlay {
    fn read(&self, file: &dyn StorageBackend, offset: u64, out: &mut [u8]) -> io::Result<()> {
        read_within(file, self.below, offset, out)?;
        for (block, at, part) in parts(offset, out.len()) {
            if let Some(block) = self.blocks.get(&block) {
                let from = &block[at..at + part.len()];
                out[part].copy_from_slice(from);
            }
        }
        Ok(())
    }

    fn write(&mut self, file: &dyn StorageBackend, offset: u64, data: &[u8]) -> io::Result<()> {
        for (number, at, part) in parts(offset, data.len()) {
            if !self.blocks.contains_key(&number) {
                let mut block = vec![0; BLOCK].into_boxed_slice();
                read_within(file, self.below, number * BLOCK as u64, &mut block)?;
                self.blocks.insert(number, block);
            }
            if let Some(block) = self.blocks.get_mut(&number) {
                block[at..at + part.len()].copy_from_slice(&data[part]);
            }
        }
        self.len = self.len.max(offset + data.len() as u64);
        Ok(())
    }

    fn set_len(&mut self, len: u64) {
        if len < self.len {
            self.below = self.below.min(len);
            self.blocks.retain(|&number, block| {
                let begins = number * BLOCK as u64;
                if let Some(inside) = len.checked_sub(begins) {
                    let inside = usize::try_from(inside).unwrap_or(BLOCK).min(BLOCK);
                    block[inside..].fill(0);
                }
                begins < len
            });
        }
        self.len = len;
    }
}

/// The blocks that these bytes lie in: the number of each, where in it they begin, and which of them it has.
fn parts(offset: u64, len: usize) -> impl Iterator<Item = (u64, usize, std::ops::Range<usize>)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        if done == len {
            return None;
        }
        let from = offset + done as u64;
        let at = usize::try_from(from % BLOCK as u64).unwrap_or(0);
        let part = done..len.min(done + BLOCK - at);
        done = part.end;
        Some((from / BLOCK as u64, at, part))
    })
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").field("file", &self.0.file).finish_non_exhaustive()
    }
}
