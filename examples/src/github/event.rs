//! [`GithubEvent`]: what GitHub tells, with the few fields that somebody here reads.
//!
//! Three ways for a type to have its topics, each where it is the natural one: an enum nested in
//! another (issues, where each action is a variant), a template (pull requests, where the action is a
//! field), a name (`push`).

use rem::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What GitHub tells.
#[derive(EventType, Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[event(namespace = "github")]
pub enum GithubEvent {
    /// `github.issues.opened` and so on.
    #[event(nested = "issues")]
    Issues(IssueEvent),
    /// `github.issue_comment.<action>`.
    #[event(nested = "issue_comment")]
    IssueComment(CommentEvent),
    /// `github.pull_request.<action>`.
    #[event(nested = "pull_request")]
    PullRequest(PullRequestEvent),
    /// `github.release.<action>`.
    #[event(nested = "release")]
    Release(ReleaseEvent),
    /// `github.workflow_run.<action>`.
    #[event(nested = "workflow_run")]
    WorkflowRun(RunEvent),
    /// `github.star.created` and `github.star.deleted`.
    #[event(nested = "star")]
    Star(StarEvent),
    /// `github.push`: somebody pushed.
    Push(Push),
    /// `github.fork`: somebody forked.
    Fork(Fork),
    /// `github.create`: a branch or a tag.
    #[event(name = "create")]
    RefCreated(GitRef),
    /// `github.delete`: a branch or a tag.
    #[event(name = "delete")]
    RefDeleted(GitRef),
}

/// What happens to an issue. The payload's `action` names the variant, in JSON and in the topic.
#[derive(EventType, Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "action", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are GitHub's and say what they mean")]
pub enum IssueEvent {
    Opened(IssueChange),
    Closed(IssueChange),
    Reopened(IssueChange),
    Edited(IssueChange),
    Deleted(IssueChange),
    Transferred(IssueChange),
    Assigned(IssueChange),
    Unassigned(IssueChange),
    Labeled(IssueChange),
    Unlabeled(IssueChange),
    Milestoned(IssueChange),
    Demilestoned(IssueChange),
    Locked(IssueChange),
    Unlocked(IssueChange),
    Pinned(IssueChange),
    Unpinned(IssueChange),
}

/// An issue, who changed it and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IssueChange {
    /// The issue as it is now.
    pub issue: Issue,
    /// The label that was put on or taken off.
    pub label: Option<Label>,
    /// Where.
    pub repository: Repository,
    /// Who.
    pub sender: Person,
}

/// An issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Issue {
    /// Its number in the repository.
    pub number: u64,
    /// Its title.
    pub title: String,
}

/// A label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Label {
    /// What it says.
    pub name: String,
}

/// A comment on an issue was made, edited or deleted.
#[derive(EventType, Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[event(topic = "{action}")]
pub struct CommentEvent {
    /// What happened to it.
    pub action: Action,
    /// The issue it is on.
    pub issue: Issue,
    /// Where.
    pub repository: Repository,
    /// Who.
    pub sender: Person,
}

/// Something happened to a pull request.
#[derive(EventType, Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[event(topic = "{action}")]
pub struct PullRequestEvent {
    /// What.
    pub action: Action,
    /// The pull request.
    pub pull_request: Numbered,
    /// Where.
    pub repository: Repository,
    /// Who.
    pub sender: Person,
}

/// A pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Numbered {
    /// Its number in the repository.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// Whether it is a draft.
    #[serde(default)]
    pub draft: bool,
}

/// Something happened to a release.
#[derive(EventType, Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[event(topic = "{action}")]
pub struct ReleaseEvent {
    /// What.
    pub action: Action,
    /// The release.
    pub release: Release,
    /// Where.
    pub repository: Repository,
}

/// A release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Release {
    /// The tag it was made from.
    pub tag_name: String,
    /// Whether it is one to try and not to use.
    pub prerelease: bool,
}

/// A run of a workflow was asked for or has ended.
#[derive(EventType, Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[event(topic = "{action}")]
pub struct RunEvent {
    /// Which of the two.
    pub action: Action,
    /// The run.
    pub workflow_run: WorkflowRun,
    /// Where.
    pub repository: Repository,
}

/// A run of a workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkflowRun {
    /// Its number.
    pub run_number: u64,
    /// How it ended, if it has.
    pub conclusion: Option<String>,
}

/// A star was given or taken back.
#[derive(EventType, Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum StarEvent {
    /// It was given.
    Created(Star),
    /// It was taken back.
    Deleted(Star),
}

/// To what, and by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Star {
    /// To what.
    pub repository: Repository,
    /// By whom.
    pub sender: Person,
}

/// Somebody pushed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Push {
    /// To which branch or tag, as `refs/heads/main`.
    #[serde(rename = "ref")]
    pub git_ref: String,
    /// Whether what was there is gone.
    pub forced: bool,
    /// Where.
    pub repository: Repository,
    /// Who.
    pub sender: Person,
}

/// Somebody forked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fork {
    /// The new repository.
    pub forkee: Repository,
    /// The one that it is a fork of.
    pub repository: Repository,
}

/// A branch or a tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GitRef {
    /// Its name.
    #[serde(rename = "ref")]
    pub name: String,
    /// `branch` or `tag`.
    pub ref_type: String,
    /// Where.
    pub repository: Repository,
}

/// A repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Repository {
    /// Its owner's name and its own, `owner/name`.
    pub full_name: String,
}

/// Somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Person {
    /// The name they log in with.
    pub login: String,
}

/// What happened, as GitHub names it: `opened`, `synchronize`. In a topic it is one segment, whatever it says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Action(pub String);

impl std::fmt::Display for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
