//! [`Projections`]: projectors by their names.

use std::any::{Any, type_name};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;

use crate::shared::lock;
use crate::{Projection, Projector, RegistryError, Report};

/// Projectors by their names, for whoever is told a name: a request, a page, a command line. It holds a handle of each, which
/// therefore goes on until it is [removed](Self::remove) here too.
#[derive(Default)]
pub struct Projections(Mutex<BTreeMap<Box<str>, Known>>);

struct Known {
    projector: Box<dyn Any + Send + Sync>,
    of: &'static str,
    report: Box<dyn Fn() -> Report + Send + Sync>,
}

impl Projections {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one under its name.
    ///
    /// # Errors
    /// A name that another has.
    pub fn add<P: Projection>(&self, projector: &Projector<P>) -> Result<(), RegistryError> {
        let mut known = lock(&self.0);
        if known.contains_key(projector.name()) {
            return Err(RegistryError::Taken { name: projector.name().into() });
        }
        let reporting = projector.clone();
        let one = Known {
            projector: Box::new(projector.clone()),
            of: type_name::<P>(),
            report: Box::new(move || reporting.report()),
        };
        known.insert(projector.name().into(), one);
        Ok(())
    }

    /// The one of that name.
    ///
    /// # Errors
    /// A name that none has, and one that is of another type.
    pub fn get<P: Projection>(&self, name: &str) -> Result<Projector<P>, RegistryError> {
        let known = lock(&self.0);
        let Some(one) = known.get(name) else { return Err(unknown(name, &known)) };
        let found = one.projector.downcast_ref::<Projector<P>>().cloned();
        found.ok_or_else(|| RegistryError::OtherType {
            name: name.into(),
            found: one.of,
            wanted: type_name::<P>(),
        })
    }

    /// Forgets the one of that name. It lives as long as its other handles.
    ///
    /// # Errors
    /// A name that none has.
    pub fn remove(&self, name: &str) -> Result<(), RegistryError> {
        let mut known = lock(&self.0);
        let gone = known.remove(name).ok_or_else(|| unknown(name, &known));
        drop(known);
        gone.map(drop)
    }

    /// Where each of them stands, by name.
    pub fn reports(&self) -> Vec<Report> {
        lock(&self.0).values().map(|known| (known.report)()).collect()
    }
}

fn unknown(name: &str, known: &BTreeMap<Box<str>, Known>) -> RegistryError {
    RegistryError::Unknown { name: name.into(), known: known.keys().cloned().collect() }
}

impl fmt::Debug for Projections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(lock(&self.0).keys()).finish()
    }
}
