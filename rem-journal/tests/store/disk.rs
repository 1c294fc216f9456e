//! A disk in memory that fails, loses what was not synced, and has its bytes changed, as it is told.

use std::io;
use std::sync::{Arc, Mutex};

use redb::StorageBackend;

/// A handle of a disk; its clones are the same disk.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    bytes: Vec<u8>,
    synced: Vec<u8>,
    /// What was written since.
    unsynced: Vec<Op>,
    ops: u64,
    fails_from: Option<(u64, io::ErrorKind)>,
    reads: bool,
}

#[derive(Debug)]
enum Op {
    Write(u64, Vec<u8>),
    Len(u64),
}

impl Disk {
    /// With what another has, all of it synced.
    pub(crate) fn with(bytes: Vec<u8>) -> Self {
        let disk = Self::default();
        {
            let mut inner = disk.0.lock().unwrap();
            inner.synced.clone_from(&bytes);
            inner.bytes = bytes;
        }
        disk
    }

    /// From the n-th operation that changes it on, each fails.
    pub(crate) fn fail_from(&self, operation: u64, kind: io::ErrorKind) {
        self.0.lock().unwrap().fails_from = Some((operation, kind));
    }

    /// Reading fails as well.
    pub(crate) fn fail_reads(&self) {
        self.0.lock().unwrap().reads = true;
    }

    pub(crate) fn mend(&self) {
        let mut inner = self.0.lock().unwrap();
        inner.fails_from = None;
        inner.reads = false;
    }

    /// How many operations changed it.
    pub(crate) fn operations(&self) -> u64 {
        self.0.lock().unwrap().ops
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().bytes.clone()
    }

    /// Changes a byte of what is there.
    pub(crate) fn change(&self, at: usize, by: u8) {
        let mut inner = self.0.lock().unwrap();
        inner.bytes[at] ^= by;
        inner.synced[at] ^= by;
    }

    /// What may be there after a loss of power: what was synced, and some of what was written since, in any order, the
    /// last of it in part.
    pub(crate) fn after_power_loss(&self, mut random: u64) -> Vec<u8> {
        let inner = self.0.lock().unwrap();
        let mut bytes = inner.synced.clone();
        for op in &inner.unsynced {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            match op {
                Op::Write(offset, data) if random.is_multiple_of(4) => {
                    write(&mut bytes, *offset, data);
                }
                Op::Write(offset, data) if random % 4 == 1 => {
                    let torn = usize::try_from(random >> 8).unwrap_or(0) % (data.len() + 1);
                    write(&mut bytes, *offset, &data[..torn]);
                }
                Op::Write(..) => {}
                // The length is journaled by file systems, in its order.
                Op::Len(len) => bytes.resize(usize::try_from(*len).unwrap(), 0),
            }
        }
        bytes
    }
}

fn write(bytes: &mut Vec<u8>, offset: u64, data: &[u8]) {
    let offset = usize::try_from(offset).unwrap();
    if bytes.len() < offset + data.len() {
        bytes.resize(offset + data.len(), 0);
    }
    bytes[offset..offset + data.len()].copy_from_slice(data);
}

impl Inner {
    fn change(&mut self) -> io::Result<()> {
        self.ops += 1;
        match self.fails_from {
            Some((from, kind)) if self.ops >= from => Err(kind.into()),
            _ => Ok(()),
        }
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().unwrap().bytes.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let inner = self.0.lock().unwrap();
        if inner.reads {
            return Err(io::ErrorKind::Other.into());
        }
        let offset = usize::try_from(offset).unwrap();
        let there = inner.bytes.get(offset..offset + out.len());
        out.copy_from_slice(there.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut inner = self.0.lock().unwrap();
        inner.change()?;
        inner.bytes.resize(usize::try_from(len).unwrap(), 0);
        inner.unsynced.push(Op::Len(len));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut inner = self.0.lock().unwrap();
        inner.change()?;
        let Inner { bytes, synced, .. } = &mut *inner;
        synced.clone_from(bytes);
        inner.unsynced.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut inner = self.0.lock().unwrap();
        inner.change()?;
        write(&mut inner.bytes, offset, data);
        inner.unsynced.push(Op::Write(offset, data.to_owned()));
        Ok(())
    }
}
