//! The globs of one node, found by the literal text that they begin or end with.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::mem::size_of;

use super::symbols::Symbols;
use crate::glob::{alternative_end, closing, glob_matches};

/// Globs by their numbers. Each stands under one head, under several that exclude each other, under one tail, or loose.
#[derive(Clone, Default)]
pub(super) struct Globs {
    /// By the number of a head's or tail's text.
    buckets: BTreeMap<u64, Vec<u32>>,
    /// How long the heads are, and how many there are of each length; sorted.
    heads: Vec<(usize, u32)>,
    /// As `heads`, of the tails.
    tails: Vec<(usize, u32)>,
    /// What begins and ends with a sign.
    loose: Vec<u32>,
}

/// Where a glob stands.
enum Handle<'g> {
    Heads(Vec<&'g [u8]>),
    Tail(&'g [u8]),
    Loose,
}

impl Globs {
    pub(super) fn is_empty(&self) -> bool {
        self.buckets.is_empty() && self.loose.is_empty()
    }

    pub(super) fn memory(&self) -> usize {
        let bucket = |globs: &Vec<u32>| {
            2 * size_of::<(u64, Vec<u32>)>() + globs.capacity() * size_of::<u32>()
        };
        let lengths = (self.heads.capacity() + self.tails.capacity()) * size_of::<(usize, u32)>();
        self.buckets.values().map(bucket).sum::<usize>()
            + lengths
            + self.loose.capacity() * size_of::<u32>()
    }

    pub(super) fn add(&mut self, glob: u32, symbols: &mut Symbols) {
        let text = symbols.text(glob).to_vec();
        match Handle::of(&text) {
            Handle::Heads(heads) => {
                for head in heads {
                    count(&mut self.heads, head.len());
                    self.buckets
                        .entry(HEAD | u64::from(symbols.hold(head)))
                        .or_default()
                        .push(glob);
                }
            }
            Handle::Tail(tail) => {
                count(&mut self.tails, tail.len());
                self.buckets.entry(TAIL | u64::from(symbols.hold(tail))).or_default().push(glob);
            }
            Handle::Loose => self.loose.push(glob),
        }
    }

    pub(super) fn remove(&mut self, glob: u32, symbols: &mut Symbols) {
        let text = symbols.text(glob).to_vec();
        match Handle::of(&text) {
            Handle::Heads(heads) => {
                for head in heads {
                    uncount(&mut self.heads, head.len());
                    self.leave(HEAD, head, glob, symbols);
                }
            }
            Handle::Tail(tail) => {
                uncount(&mut self.tails, tail.len());
                self.leave(TAIL, tail, glob, symbols);
            }
            Handle::Loose => self.loose.retain(|&there| there != glob),
        }
    }

    fn leave(&mut self, side: u64, part: &[u8], glob: u32, symbols: &mut Symbols) {
        let number = symbols.find(part);
        let key = side | u64::from(number);
        if let Some(bucket) = self.buckets.get_mut(&key) {
            if let Some(at) = bucket.iter().position(|&there| there == glob) {
                bucket.swap_remove(at);
            }
            if bucket.is_empty() {
                self.buckets.remove(&key);
            }
            symbols.release(number);
        }
    }

    /// Every glob that selects the segment, once.
    pub(super) fn matching(&self, symbols: &Symbols, segment: &[u8], mut found: impl FnMut(u32)) {
        let mut try_each = |candidates: &[u32]| {
            for &glob in candidates {
                if glob_matches(symbols.text(glob), segment) {
                    found(glob);
                }
            }
        };
        for &(length, _) in &self.heads {
            let Some(head) = segment.get(..length) else { break };
            if let Some(bucket) = self.buckets.get(&(HEAD | u64::from(symbols.find(head)))) {
                try_each(bucket);
            }
        }
        for &(length, _) in &self.tails {
            let Some(start) = segment.len().checked_sub(length) else { break };
            if let Some(bucket) =
                self.buckets.get(&(TAIL | u64::from(symbols.find(&segment[start..]))))
            {
                try_each(bucket);
            }
        }
        try_each(&self.loose);
    }
}

/// What keeps heads and tails of one text apart.
const HEAD: u64 = 0;
const TAIL: u64 = 1 << 32;

fn count(lengths: &mut Vec<(usize, u32)>, length: usize) {
    match lengths.binary_search_by_key(&length, |&(length, _)| length) {
        Ok(at) => lengths[at].1 += 1,
        Err(at) => lengths.insert(at, (length, 1)),
    }
}

fn uncount(lengths: &mut Vec<(usize, u32)>, length: usize) {
    if let Ok(at) = lengths.binary_search_by_key(&length, |&(length, _)| length) {
        lengths[at].1 -= 1;
        if lengths[at].1 == 0 {
            lengths.remove(at);
        }
    }
}

impl<'g> Handle<'g> {
    fn of(glob: &'g [u8]) -> Self {
        let head = &glob[..literal_length(glob)];
        if !head.is_empty() {
            return Self::Heads(alloc::vec![head]);
        }
        if let Some(heads) = choice_heads(glob) {
            return Self::Heads(heads);
        }
        let tail = glob.iter().rev().take_while(|&&byte| !is_sign(byte)).count();
        match &glob[glob.len() - tail..] {
            [] => Self::Loose,
            tail => Self::Tail(tail),
        }
    }
}

/// What the alternatives of a leading choice begin with, if each begins with a literal. None begins with another, so
/// that at most one is the head of a segment.
fn choice_heads(glob: &[u8]) -> Option<Vec<&[u8]>> {
    if glob.first() != Some(&b'{') {
        return None;
    }
    let close = closing(glob, 0);
    let mut heads = Vec::new();
    let mut start = 1;
    while start <= close {
        let end = alternative_end(glob, start);
        let alternative = &glob[start..end];
        match &alternative[..literal_length(alternative)] {
            [] => return None,
            head => heads.push(head),
        }
        start = end + 1;
    }
    heads.sort_unstable();
    // Sorted, what begins with another comes right after it, or after such.
    heads.dedup_by(|longer, head| longer.starts_with(head));
    Some(heads)
}

fn literal_length(glob: &[u8]) -> usize {
    glob.iter().position(|&byte| is_sign(byte)).unwrap_or(glob.len())
}

fn is_sign(byte: u8) -> bool {
    matches!(byte, b'*' | b'?' | b'[' | b']' | b'{' | b'}' | b',')
}

/// Whether the text of a segment is a glob's: no literal holds a sign.
pub(super) fn is_glob(text: &[u8]) -> bool {
    text.iter().copied().any(is_sign)
}
