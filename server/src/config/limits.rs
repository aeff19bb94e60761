//! How much there may be of everything that people can ask for: one number each, with a default that is right for most.
//!
//! The numbers alone; `quota.rs` and what they bound do the counting. What a client may put into one message is no
//! setting: those limits are part of the protocol (`protocol/src/limits.rs`).

use clap::Args;
use serde::Deserialize;

use super::ConfigError;

macro_rules! limits {
    ($($(#[doc = $doc:literal])+ $name:ident, $env:literal, $default:expr, $range:expr;)+) => {
        /// Limits as flags and environment variables give them.
        #[derive(Debug, Clone, Default, Args)]
        pub struct LimitFlags {
            $($(#[doc = $doc])+ #[arg(long, env = $env, value_name = "N", help_heading = "Limits")] $name: Option<usize>,)+
        }

        /// The lines of `[limits]` in `plansync.toml`.
        #[derive(Debug, Default, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub(super) struct LimitLines {
            $($name: Option<usize>,)+
        }

        /// The limits the server runs with.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct Limits {
            $($(#[doc = $doc])+ pub $name: usize,)+
        }

        impl Default for Limits {
            fn default() -> Self {
                Self { $($name: $default,)+ }
            }
        }

        impl Limits {
            /// From flags and environment, then the file, then the defaults.
            pub(super) fn choose(flags: &LimitFlags, lines: &LimitLines) -> Result<Self, ConfigError> {
                let defaults = Self::default();
                $(
                    let $name = flags.$name.or(lines.$name).unwrap_or(defaults.$name);
                    let range = $range;
                    if !range.contains(&$name) {
                        let (name, least, most) = (stringify!($name), range.start(), range.end());
                        return Err(ConfigError::Value(format!("{name} is {}, and should be {least} to {most}", $name)));
                    }
                )+
                Ok(Self { $($name,)+ })
            }
        }
    };
}

/// No setting is larger: whatever is counted would have filled the machine long before.
const ANY: std::ops::RangeInclusive<usize> = 1..=100_000_000;

limits! {
    /// Websockets of one person on one plan: tabs, devices, and those that have not noticed a break [default: 32]
    connections_per_person, "PLANSYNC_CONNECTIONS_PER_PERSON", 32, ANY;
    /// Websockets on one plan [default: 2000]
    connections_per_plan, "PLANSYNC_CONNECTIONS_PER_PLAN", 2_000, ANY;
    /// Websockets of one workspace [default: 20000]
    connections_per_workspace, "PLANSYNC_CONNECTIONS_PER_WORKSPACE", 20_000, ANY;
    /// Websockets from one address, or one IPv6 network of 64 bits; loopback is not counted [default: 1000]
    connections_per_address, "PLANSYNC_CONNECTIONS_PER_ADDRESS", 1_000, ANY;
    /// Of those, the ones that have not yet said who they are [default: 20]
    strangers_per_address, "PLANSYNC_STRANGERS_PER_ADDRESS", 20, ANY;
    /// New websockets a second from one address, ten times as many at once [default: 100]
    upgrades_per_second, "PLANSYNC_UPGRADES_PER_SECOND", 100, ANY;
    /// Messages a second that are read from one websocket, twice as many at once [default: 5000]
    messages_per_second, "PLANSYNC_MESSAGES_PER_SECOND", 5_000, ANY;
    /// Bytes a second that are read from one websocket, four times as many at once [default: 4194304]
    bytes_per_second, "PLANSYNC_BYTES_PER_SECOND", 4 << 20, ANY;
    /// Documents that are open at once [default: 20000]
    open_plans, "PLANSYNC_OPEN_PLANS", 20_000, ANY;
    /// Webhooks; each has a courier and its connections [default: 100]
    webhooks, "PLANSYNC_WEBHOOKS", 100, ANY;
    /// Bytes of a request's body; a plan has at most 8 MiB [default: 8388608]
    body_bytes, "PLANSYNC_BODY_BYTES", 8 << 20, 1_024..=64 << 20;
    /// Bytes of a request's head: a path, a token and a few headers [default: 32768]
    head_bytes, "PLANSYNC_HEAD_BYTES", 32 << 10, 8_192..=1 << 20;
}
