//! [`subjects_for`]: what a node would ask its broker for, without a node.

use rem_core::__private::Interest;
use rem_core::Pattern;

use super::{Allowed, Asking};
use crate::error::{JoinError, Kind};
use crate::home::is_name;
use crate::transport::SubjectFilter;

/// What a node asks its broker for that has these imports and subscriptions in the mesh of that name: the fewest and narrowest
/// subjects, none of which covers another, and at most so many, for then wider ones take their place.
///
/// It is what [`join`](crate::MeshBuilder::join) does, without a bus, so that one can know what a cluster has to carry before there is
/// one: `docs/scale.md` is made by it. All patterns are from the root; a subscription by type, which selects below any scope, is more than
/// its pattern, and asks for five times as many.
///
/// Its cost grows with the number of subscriptions that differ: some 10 µs each.
///
/// # Errors
/// When the mesh cannot have that name.
///
/// ```
/// use rem_core::Pattern;
/// use rem_mesh::subjects_for;
///
/// let imports = [Pattern::parse("order")?];
/// let subscriptions = [
///     Pattern::parse("order.eu.*.paid")?,
///     Pattern::parse("=order.eu.7.paid")?,
///     Pattern::parse("weather.**")?,
/// ];
/// let subjects = subjects_for("main", &imports, &subscriptions, 1_000)?;
/// assert_eq!(subjects.iter().map(|subject| subject.as_str()).collect::<Vec<_>>(), ["rem.main.order.eu.*.paid"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn subjects_for(
    mesh: &str,
    imports: &[Pattern],
    subscriptions: &[Pattern],
    most: usize,
) -> Result<Vec<SubjectFilter>, JoinError> {
    if !is_name(mesh) {
        return Err(JoinError::new(Kind::Name { what: "mesh", name: mesh.into() }));
    }
    let root = format!("rem.{mesh}.");
    let allowed = imports.iter().map(|import| Allowed::new(import.clone(), &root)).collect();
    let interest =
        |pattern: &Pattern| Interest { pattern: pattern.clone(), prefix: None, by_type: false };
    let interests: Vec<_> = subscriptions.iter().map(interest).collect();
    Ok(Asking::new(&root, allowed, Vec::new(), most.max(1)).subjects(&interests))
}
