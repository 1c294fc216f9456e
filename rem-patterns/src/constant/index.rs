//! The topics of a type by what stands at each place: made once, for all patterns that are compared with them.

use super::cuts::Cut;

/// Topics as [`selects_any`](super::selects_any) asks for them.
#[derive(Debug, Clone, Copy)]
pub struct Topics<'a> {
    /// The segments of all topics, one topic behind the other.
    pub(super) cuts: &'a [Cut<'a>],
    /// By the place from the beginning, and by the place from the end: those of each batch together, and of those the
    /// ones of each place.
    pub(super) front: &'a [Entry<'a>],
    pub(super) back: &'a [Entry<'a>],
    pub(super) batches: &'a [Batch],
}

impl Topics<'_> {
    /// No topics.
    pub const NONE: Self = Self { cuts: &[], front: &[], back: &[], batches: &[] };

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }
}

/// As many topics as a number has bits, or less.
#[derive(Debug, Clone, Copy)]
pub(super) struct Batch {
    /// Where its segments begin.
    pub(super) cuts: usize,
    /// Where its entries begin and end.
    pub(super) front: (usize, usize),
    pub(super) back: (usize, usize),
    /// Its topics: the first has the lowest bit.
    pub(super) all: u128,
    /// Those that begin with `$`.
    pub(super) system: u128,
}

/// A segment that stands at some place of some topics.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) cut: Cut<'a>,
    /// The topics that have it there.
    pub(super) topics: u128,
    /// The topics that have any segment there; this and the next of the first entry of each place alone.
    pub(super) all: u128,
    /// Where the entries of the next place begin.
    pub(super) after: usize,
    /// The entry before it in its bucket, counted from one; while the index is made.
    next: usize,
}

impl Entry<'_> {
    const EMPTY: Self = Self { cut: Cut::EMPTY, topics: 0, all: 0, after: 0, next: 0 };
}

/// The index of topics with `N` segments in all.
#[derive(Debug, Clone, Copy)]
pub struct Index<'a, const N: usize> {
    cuts: [Cut<'a>; N],
    len: usize,
    front: Entries<'a, N>,
    back: Entries<'a, N>,
    batches: [Batch; N],
    batched: usize,
}

/// How many topics are asked about at once.
const BATCH: usize = 128;

/// How many buckets the segments of one place are sorted into while the index is made.
const BUCKETS: usize = 64;

impl<'a, const N: usize> Index<'a, N> {
    pub(super) const fn of(cuts: [Cut<'a>; N], len: usize) -> Self {
        const NONE: Batch = Batch { cuts: 0, front: (0, 0), back: (0, 0), all: 0, system: 0 };
        let entries = Entries { list: [Entry::EMPTY; N], len: 0 };
        let mut index =
            Self { cuts, len, front: entries, back: entries, batches: [NONE; N], batched: 0 };
        let mut at = 0;
        while at < len {
            at = index.batch(at);
        }
        index
    }

    /// What patterns are compared with.
    pub const fn topics(&self) -> Topics<'_> {
        Topics {
            cuts: self.cuts.split_at(self.len).0,
            front: self.front.as_slice(),
            back: self.back.as_slice(),
            batches: self.batches.split_at(self.batched).0,
        }
    }

    /// Adds the topics that begin at `begin`, as many as there is room for; and says where the others do.
    const fn batch(&mut self, begin: usize) -> usize {
        let (mut starts, mut count, mut end) = ([0; BATCH], 0, begin);
        let (mut all, mut system) = (0, 0);
        while end < self.len && count < BATCH {
            starts[count] = end;
            all |= 1 << count;
            if self.cuts[end].system {
                system |= 1 << count;
            }
            end += self.cuts[end].left;
            count += 1;
        }
        let (starts, _) = starts.split_at(count);
        let front = self.front.add(&self.cuts, starts, false);
        let back = self.back.add(&self.cuts, starts, true);
        self.batches[self.batched] = Batch { cuts: begin, front, back, all, system };
        self.batched += 1;
        end
    }
}

#[derive(Debug, Clone, Copy)]
struct Entries<'a, const N: usize> {
    list: [Entry<'a>; N],
    len: usize,
}

impl<'a, const N: usize> Entries<'a, N> {
    const fn as_slice(&self) -> &[Entry<'a>] {
        self.list.split_at(self.len).0
    }

    /// Adds the segments of the topics that begin at `starts`, place by place, each that is another once.
    const fn add(&mut self, cuts: &[Cut<'a>], starts: &[usize], back: bool) -> (usize, usize) {
        let (begin, mut place) = (self.len, 0);
        loop {
            let (first, mut all, mut topic) = (self.len, 0, 0);
            let mut buckets = [0; BUCKETS];
            while topic < starts.len() {
                let (start, depth) = (starts[topic], cuts[starts[topic]].left);
                if depth > place {
                    let at = if back { start + depth - 1 - place } else { start + place };
                    self.put(&cuts[at], topic, &mut buckets);
                    all |= 1 << topic;
                }
                topic += 1;
            }
            if all == 0 {
                return (begin, self.len);
            }
            self.list[first].all = all;
            self.list[first].after = self.len;
            place += 1;
        }
    }

    const fn put(&mut self, cut: &Cut<'a>, topic: usize, buckets: &mut [usize; BUCKETS]) {
        let bucket = cut.bucket();
        let mut next = buckets[bucket];
        while next > 0 {
            let entry = &mut self.list[next - 1];
            if entry.cut.same(cut) {
                entry.topics |= 1 << topic;
                return;
            }
            next = entry.next;
        }
        let next = buckets[bucket];
        self.list[self.len] = Entry { cut: *cut, topics: 1 << topic, all: 0, after: 0, next };
        self.len += 1;
        buckets[bucket] = self.len;
    }
}

impl Cut<'_> {
    /// Whether no pattern tells the two apart.
    const fn same(&self, other: &Self) -> bool {
        if self.field || other.field {
            return self.field && other.field;
        }
        if self.len != other.len || self.head != other.head || self.tail != other.tail {
            return false;
        }
        // What is between head and tail.
        let (mut a, mut b) = (self.text, other.text);
        while let ([x, others_of_a @ ..], [y, others_of_b @ ..]) = (a, b) {
            if a.len() <= super::cuts::PACKED {
                return true;
            }
            if *x != *y {
                return false;
            }
            (a, b) = (others_of_a, others_of_b);
        }
        true
    }

    /// The same number for what is the same, and others for what differs in one letter.
    const fn bucket(&self) -> usize {
        if self.field {
            return 0;
        }
        let mixed = self.head ^ self.tail ^ self.len;
        let mixed = mixed ^ mixed >> 67;
        let mixed = mixed ^ mixed >> 33;
        let mixed = mixed ^ mixed >> 17;
        let mixed = mixed ^ mixed >> 7;
        (mixed & (BUCKETS as u128 - 1)) as usize
    }
}

#[cfg(test)]
mod tests {
    use std::format;
    use std::string::String;
    use std::vec::Vec;

    use super::super::Cuts;
    use super::*;

    fn texts(entries: &[Entry<'_>]) -> Vec<(String, u128)> {
        let text = |entry: &Entry<'_>| String::from_utf8(entry.cut.text.to_vec()).unwrap();
        entries.iter().map(|entry| (text(entry), entry.topics)).collect()
    }

    #[test]
    fn what_stands_at_a_place_stands_there_once() {
        let mut cuts = Cuts::<16>::new();
        for topic in ["a.b.c", "a.{x}", "$c.b", "a.{y}.c.d"] {
            cuts.push(&[topic]);
        }
        let index = cuts.index();
        let topics = index.topics();
        let [batch] = topics.batches else { panic!("one batch") };
        assert_eq!((batch.all, batch.system), (0b1111, 0b0100));
        let mut places = Vec::new();
        let mut at = batch.front.0;
        while at < batch.front.1 {
            let first = &topics.front[at];
            places.push((texts(&topics.front[at..first.after]), first.all));
            at = first.after;
        }
        let of = |list: &[(&str, u128)]| -> Vec<_> {
            list.iter().map(|&(text, topics)| (text.into(), topics)).collect()
        };
        assert_eq!(
            places,
            [
                (of(&[("a", 0b1011), ("$c", 0b0100)]), 0b1111),
                (of(&[("b", 0b0101), ("{x}", 0b1010)]), 0b1111),
                (of(&[("c", 0b1001)]), 0b1001),
                (of(&[("d", 0b1000)]), 0b1000),
            ]
        );
        let last = &topics.back[batch.back.0..topics.back[batch.back.0].after];
        assert_eq!(
            texts(last),
            of(&[("c", 0b0001), ("{x}", 0b0010), ("b", 0b0100), ("d", 0b1000)])
        );
    }

    /// Of every length around what is packed, and different in any one letter.
    #[test]
    fn texts_that_differ_are_kept_apart() {
        let mut all: Vec<String> = Vec::new();
        for len in 1..50 {
            all.push("a".repeat(len));
            all.extend((0..len).map(|at| "a".repeat(at) + "b" + &"a".repeat(len - at - 1)));
        }
        for texts in all.chunks(BATCH / 2) {
            let mut cuts = Cuts::<{ 2 * BATCH }>::new();
            // Each twice, and one behind the other.
            for text in texts.iter().flat_map(|text| [text, text]) {
                cuts.push(&[text]);
            }
            assert_eq!(cuts.index().front.len, texts.len(), "{texts:?}");
        }
    }

    #[test]
    fn a_batch_is_full_before_the_next_begins() {
        let names: Vec<_> = (0..300).map(|number| format!("topic_{number}.x")).collect();
        let mut cuts = Cuts::<600>::new();
        for name in &names {
            cuts.push(&[name]);
        }
        let index = cuts.index();
        let topics = index.topics();
        let sizes: Vec<_> = topics.batches.iter().map(|batch| batch.all.count_ones()).collect();
        assert_eq!(sizes, [128, 128, 44]);
        assert_eq!(topics.front.len(), 300 + 3);
        assert_eq!(topics.batches[1].cuts, 256);
    }
}
