//! `plansync`: see `plansync --help`.

fn main() -> std::process::ExitCode {
    plansync_server::cli::main()
}
