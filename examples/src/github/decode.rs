//! From a `CloudEvent`'s type and data to a [`GithubEvent`].

use rem::PatternError;
use rem::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::GithubEvent;

/// Makes the data of that type an event: the type's second segment says of which kind it is.
///
/// `None` for a kind that [`GithubEvent`] does not have.
///
/// # Errors
/// Data that is not as its kind has it.
pub fn decode(kind: &str, data: &RawValue) -> Option<Result<GithubEvent, serde_json::Error>> {
    let data = data.get();
    let event = match kind.split('.').nth(1)? {
        "issues" => read(data, GithubEvent::Issues),
        "issue_comment" => read(data, GithubEvent::IssueComment),
        "pull_request" => read(data, GithubEvent::PullRequest),
        "release" => read(data, GithubEvent::Release),
        "workflow_run" => read(data, GithubEvent::WorkflowRun),
        "star" => read(data, GithubEvent::Star),
        "push" => read(data, GithubEvent::Push),
        "fork" => read(data, GithubEvent::Fork),
        "create" => read(data, GithubEvent::RefCreated),
        "delete" => read(data, GithubEvent::RefDeleted),
        _ => return None,
    };
    Some(event)
}

fn read<D: DeserializeOwned>(
    data: &str,
    variant: fn(D) -> GithubEvent,
) -> Result<GithubEvent, serde_json::Error> {
    serde_json::from_str(data).map(variant)
}

/// The topics that [`GithubEvent`] has, from its schema: what is not among them is unknown.
#[derive(Debug)]
pub struct Catalogue(Vec<Pattern>);

impl Catalogue {
    /// Every topic of the type.
    ///
    /// # Errors
    /// None: what the schema has are topics, and templates, which read as patterns.
    pub fn new() -> Result<Self, PatternError> {
        let leaves = GithubEvent::SCHEMA.leaves().into_iter();
        let patterns = leaves.map(|leaf| {
            let exact = if leaf.is_template() { "" } else { "=" };
            Pattern::parse(format!("{exact}{}", leaf.topic))
        });
        patterns.collect::<Result<_, _>>().map(Self)
    }

    /// Whether the type has that topic.
    pub fn knows(&self, topic: &str) -> bool {
        self.0.iter().any(|pattern| pattern.matches(topic))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_knows_names_templates_and_nested_types() {
        let catalogue = Catalogue::new().unwrap();
        for known in ["github.push", "github.create", "github.issues.pinned", "github.release.any"]
        {
            assert!(catalogue.knows(known), "{known}");
        }
        for unknown in ["github.issues.any", "github.issues", "github.push.any", "github.ping"] {
            assert!(!catalogue.knows(unknown), "{unknown}");
        }
    }
}
