//! The command line: one subcommand for all steps, one for each step alone, one for benchmarks, one for campaigns.

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use crate::bench;
use crate::campaign;
use crate::test::{self, Step};

/// What the command line asked for.
#[derive(Debug)]
pub(crate) enum Chore {
    /// Every step, cheapest first.
    Test { core: bool, fail_fast: bool },
    /// One step alone.
    Step(&'static Step),
    /// The benchmarks, measured.
    Bench(bench::Asked),
    /// A campaign by name, or the list of them.
    Campaign(Option<String>),
}

/// Reads the process's arguments; on a wrong one clap prints how to mend it and ends the process.
pub(crate) fn parse() -> Chore {
    chore(&command().get_matches())
}

fn command() -> Command {
    let all = Command::new("test")
        .about("Runs every step below, cheapest first, and tells what each took")
        .arg(flag("core", "Only the steps that need nothing but Rust"))
        .arg(flag("fail-fast", "Stop at the first step that fails; without it one run tells all"));
    let campaigns = Command::new("campaign")
        .about("Runs a measurement that is no part of `test`; without a name, lists them")
        .arg(Arg::new("name").value_name("NAME").help("One of the listed campaigns"))
        .after_help(campaign::list());
    let benches = Command::new("bench")
        .about("Measures how fast REM is, beside its peers, and writes benches/RESULTS.md")
        .arg(
            Arg::new("only")
                .long("only")
                .value_name("PARTS")
                .value_delimiter(',')
                .action(ArgAction::Append)
                .help("These parts alone, with commas between them; the rest of the page stays"),
        )
        .arg(
            Arg::new("rounds")
                .long("rounds")
                .value_name("N")
                .value_parser(value_parser!(u32).range(1..))
                .help("So many rounds in place of each benchmark's own number; fewer than 11 are a trial"),
        )
        .arg(flag("long", "With the parts that take minutes each"))
        .arg(flag("page", "Nothing is measured: the page anew, of what was found"))
        .after_help(bench::list());
    Command::new("cargo xtask")
        .bin_name("cargo xtask")
        .about("The chores of REM, each runnable alone")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .subcommand(all)
        .subcommands(test::STEPS.iter().map(|step| Command::new(step.name).about(step.what)))
        .subcommand(benches)
        .subcommand(campaigns)
        .after_help("With CI=true in the environment the output has neither colour nor progress.")
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

fn chore(matches: &ArgMatches) -> Chore {
    match matches.subcommand() {
        Some(("test", found)) => {
            Chore::Test { core: found.get_flag("core"), fail_fast: found.get_flag("fail-fast") }
        }
        Some(("bench", found)) => Chore::Bench(bench::Asked {
            only: found.get_many("only").into_iter().flatten().cloned().collect(),
            rounds: found.get_one("rounds").copied(),
            long: found.get_flag("long"),
            page: found.get_flag("page"),
        }),
        Some(("campaign", found)) => Chore::Campaign(found.get_one("name").cloned()),
        Some((name, _)) => Chore::Step(
            test::step(name).expect("clap knows no subcommand but those of the table of steps"),
        ),
        None => unreachable!("clap requires a subcommand"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Chore, clap::Error> {
        command().try_get_matches_from(line.split(' ')).map(|matches| chore(&matches))
    }

    #[test]
    fn the_command_line_is_well_formed() {
        command().debug_assert();
    }

    #[test]
    fn every_step_is_a_subcommand() {
        for step in test::STEPS {
            let chore = parsed(&format!("xtask {}", step.name)).unwrap();
            assert!(matches!(chore, Chore::Step(found) if found.name == step.name), "{chore:?}");
        }
    }

    #[test]
    fn flags_reach_their_fields() {
        let chore = parsed("xtask test --core").unwrap();
        assert!(matches!(chore, Chore::Test { core: true, fail_fast: false }), "{chore:?}");
        let chore = parsed("xtask test --fail-fast").unwrap();
        assert!(matches!(chore, Chore::Test { core: false, fail_fast: true }), "{chore:?}");
        let chore = parsed("xtask bench --only peers,growth --rounds 3").unwrap();
        let only = vec!["peers".to_owned(), "growth".to_owned()];
        let asked = bench::Asked { only, rounds: Some(3), ..bench::Asked::default() };
        assert!(matches!(&chore, Chore::Bench(found) if *found == asked), "{chore:?}");
        assert!(parsed("xtask bench --rounds 0").is_err());
        let chore = parsed("xtask campaign build").unwrap();
        assert!(matches!(&chore, Chore::Campaign(Some(name)) if name == "build"), "{chore:?}");
    }

    #[test]
    fn a_misspelt_step_is_refused_with_the_nearest() {
        let error = parsed("xtask clipy").unwrap_err().to_string();
        assert!(error.contains("clippy"), "{error}");
    }
}
