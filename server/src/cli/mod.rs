//! The command line: subcommands and flags, and nothing else.

mod client;
mod demo;
mod plan;
mod serve;
mod verify;
mod watch;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

/// Exit code of a bad configuration, an unreadable store, a refused request.
const FAILED: u8 = 2;

/// Mutual action plans that a buying and a selling company edit at the same time.
#[derive(Debug, Parser)]
#[command(name = "plansync", version, about, after_long_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  plansync serve --demo
      Starts a server with a sample plan and prints a link for each party.

  export PLANSYNC_API_KEY=$(cat plansync-data/api-key)
  plansync plan create plan.json
  plansync plan link 0199… --party buyer --access editor --person ann@example.com
      Creates a plan from a file and prints the link that lets Ann edit it.

  plansync plan show demo
      Prints the plan as JSON.

Settings are flags, environment variables (PLANSYNC_…) and lines of plansync.toml, in this order of weight.
Exit codes: 0 done, 2 a setting, the store or a request is wrong and one sentence on stderr says how to mend it.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    ///
    /// The first line on stdout is `listening http://ADDR` with the real port. SIGTERM or SIGINT (Ctrl-C) stops it in
    /// order: nobody new is let in, everybody is told to come back, what is written is on disk. A second one stops at
    /// once. Every setting is a flag, a variable and a line of plansync.toml; secrets (PLANSYNC_API_KEY,
    /// PLANSYNC_TOKEN_SECRET) have no flag and are made at the first start where they are not given.
    Serve(Box<serve::Serve>),
    /// Create, list, show and edit plans on a running server
    Plan(Box<plan::Plan>),
    /// Check the store of a stopped server and its hash chain
    Verify(verify::Verify),
    /// Print a script that completes commands in your shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

/// Runs the command that was given.
#[must_use]
pub fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve(serve) => serve.run(),
        Command::Plan(plan) => plan.run(),
        Command::Verify(verify) => verify.run(),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "plansync", &mut std::io::stdout());
            Ok(())
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("plansync: {sentence}");
            ExitCode::from(FAILED)
        }
    }
}
