//! [`Exports`] and imports: the patterns that the builder was given, from the root and by level.

use std::sync::Arc;
use std::time::Duration;

use rem_core::{Pattern, PatternError, Topic};

use crate::error::{JoinError, Kind};
use crate::home::is_name;
use crate::imports::{Import, Imports};
use crate::level::Level;
use crate::outbox::intake::Takes;
use crate::transport::{StreamSpec, SubjectFilter};

/// From the root.
pub(super) fn absolute(
    patterns: Vec<Result<Pattern, PatternError>>,
    prefix: Option<&Topic>,
) -> Result<Vec<Pattern>, JoinError> {
    let absolute = |pattern: Result<Pattern, PatternError>| match prefix {
        Some(prefix) => pattern?.under(prefix),
        None => pattern,
    };
    Ok(patterns.into_iter().map(absolute).collect::<Result<_, _>>()?)
}

/// The same of patterns that are some.
fn absolute_of(patterns: &[Pattern], prefix: Option<&Topic>) -> Result<Vec<Pattern>, JoinError> {
    absolute(patterns.iter().cloned().map(Ok).collect(), prefix)
}

/// What leaves, by level; below the bus's prefix.
pub(super) struct Exports {
    /// Also what leaves otherwise, which is left out later.
    pub(super) fast: Pattern,
    pub(super) durable: Option<Pattern>,
    pub(super) replicated: Vec<Pattern>,
}

impl Exports {
    pub(super) fn new(
        exports: Vec<(Result<Pattern, PatternError>, Option<Level>)>,
        level: Level,
    ) -> Result<Self, JoinError> {
        let mut all = Vec::new();
        for (pattern, own) in exports {
            all.push((pattern?, own.unwrap_or(level)));
        }
        let of = |least: Level| -> Vec<Pattern> {
            let those = all.iter().filter(|(_, level)| *level >= least);
            those.map(|(pattern, _)| pattern.clone()).collect()
        };
        let (durable, replicated) = (of(Level::Durable), of(Level::Replicated));
        let fast = all.iter().filter(|(_, level)| *level == Level::Fast);
        let fast = exported(fast.map(|(pattern, _)| Ok(pattern.clone())).collect())?;
        let durable = (!durable.is_empty())
            .then(|| exported(durable.into_iter().map(Ok).collect()))
            .transpose()?;
        Ok(Self { fast, durable, replicated })
    }
}

impl Exports {
    /// Which of it leaves by the outbox, if anything does.
    pub(super) fn takes(
        &self,
        local: &[Pattern],
        prefix: Option<&Topic>,
    ) -> Result<Option<Arc<Takes>>, JoinError> {
        let Some(durable) = &self.durable else { return Ok(None) };
        Ok(Some(Arc::new(Takes {
            durable: absolute_of(std::slice::from_ref(durable), prefix)?,
            replicated: absolute_of(&self.replicated, prefix)?,
            local: local.to_vec(),
        })))
    }
}

/// What may come.
pub(super) fn imported(
    rules: Vec<Import>,
    limit: usize,
    hops: u8,
    prefix: Option<&Topic>,
) -> Result<Imports, JoinError> {
    let mut imports = Imports::new(limit, hops);
    for import in rules {
        imports.add(import, prefix)?;
    }
    for (_, _, consumer) in imports.durable() {
        if !is_name(&consumer.name) {
            let name = consumer.name.clone();
            return Err(JoinError::new(Kind::Name { what: "consumer", name }));
        }
    }
    Ok(imports)
}

/// The stream of a mesh, unless told otherwise.
pub(super) fn stream_of(name: &str, root: &str) -> Result<StreamSpec, JoinError> {
    let subjects = SubjectFilter::parse(format!("{root}>"));
    let subjects =
        subjects.map_err(|_| JoinError::new(Kind::Name { what: "mesh", name: name.into() }))?;
    Ok(StreamSpec::new(&format!("rem_{name}"), [subjects])
        .parcels(1_000_000)
        .bytes(1 << 30)
        .age(Duration::from_secs(7 * 24 * 3_600))
        .window(Duration::from_secs(600)))
}

/// All exports as one pattern, so that an event that several select leaves once. With none it selects nothing that is published.
fn exported(patterns: Vec<Result<Pattern, PatternError>>) -> Result<Pattern, JoinError> {
    let patterns = patterns.into_iter().collect::<Result<Vec<_>, _>>()?;
    for pattern in &patterns {
        let is_system = |element: &str| element.trim_start_matches(['=', '!']).starts_with('$');
        if pattern.as_str().split(',').any(is_system) {
            return Err(JoinError::new(Kind::System { pattern: pattern.as_str().into() }));
        }
    }
    match &patterns[..] {
        [] => Ok(Pattern::parse("=$rem.mesh.nothing")?),
        [one] => Ok(one.clone()),
        all => Pattern::union(all).map_err(|error| JoinError::new(Kind::Union(error))),
    }
}
