//! `plansync`: see `plansync --help`.

/// Gives pages back soon after a plan has been let go, which the system's allocator does not. Its settings stand in
/// `.cargo/config.toml`.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> std::process::ExitCode {
    plansync_server::cli::main()
}
