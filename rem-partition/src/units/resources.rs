//! [`Resources`]: who reads and writes what, of the units that have not ended.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use foldhash::fast::RandomState;

/// Of each resource that units which have not ended read or write: who wrote it last, and who has read it since.
#[derive(Default)]
pub(super) struct Resources(HashMap<Arc<str>, Resource, RandomState>);

#[derive(Default)]
struct Resource {
    writer: Option<u64>,
    readers: BTreeSet<u64>,
}

impl Resources {
    /// Those that who reads and writes these waits for.
    pub(super) fn before(&self, reads: &[Arc<str>], writes: &[Arc<str>]) -> BTreeSet<u64> {
        let read = reads.iter().filter_map(|name| self.0.get(name));
        let mut before: BTreeSet<u64> = read.filter_map(|resource| resource.writer).collect();
        for resource in writes.iter().filter_map(|name| self.0.get(name)) {
            before.extend(resource.writer);
            before.extend(&resource.readers);
        }
        before
    }

    /// That one reads and writes them; gives the names, to be let go with it.
    pub(super) fn add(
        &mut self,
        number: u64,
        reads: Vec<Arc<str>>,
        writes: Vec<Arc<str>>,
    ) -> Box<[Arc<str>]> {
        for name in &reads {
            self.0.entry(Arc::clone(name)).or_default().readers.insert(number);
        }
        for name in &writes {
            let resource = self.0.entry(Arc::clone(name)).or_default();
            resource.readers.clear();
            resource.writer = Some(number);
        }
        reads.into_iter().chain(writes).collect()
    }

    /// That one has ended.
    pub(super) fn let_go(&mut self, number: u64, names: &[Arc<str>]) {
        for name in names {
            let Some(resource) = self.0.get_mut(name) else { continue };
            resource.readers.remove(&number);
            if resource.writer == Some(number) {
                resource.writer = None;
            }
            if resource.writer.is_none() && resource.readers.is_empty() {
                self.0.remove(name);
            }
        }
    }
}

#[cfg(all(test, not(rem_loom)))]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_kept_of_what_nobody_uses() {
        let table: Vec<Arc<str>> = vec!["table".into()];
        let mut resources = Resources::default();
        let names = resources.add(1, Vec::new(), table.clone());
        assert!(resources.before(&table, &[]).into_iter().eq([1]));
        let read = resources.add(2, table.clone(), Vec::new());
        assert!(resources.before(&[], &table).into_iter().eq([1, 2]));
        resources.let_go(1, &names);
        assert!(resources.before(&table, &[]).is_empty());
        let both = resources.add(3, table.clone(), table.clone());
        resources.let_go(2, &read);
        assert!(resources.before(&[], &table).into_iter().eq([3]));
        resources.let_go(3, &both);
        assert!(resources.0.is_empty());
    }
}
