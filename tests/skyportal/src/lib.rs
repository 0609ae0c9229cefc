//! A stand-in SkyPortal: answers as SkyPortal 1.4.0 does on the routes that a bridge uses, quirks included, and
//! remembers the rows, so that a test can ask what a person would see.
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use stand_in_skyportal::{Fault, Only, Setup, StandIn};
//!
//! let portal = StandIn::start(Setup::default()).await?;
//! portal.fault_next(Only::call("PUT", "/api/photometry"), 1, Fault::ExecutedThen(504));
//! // ... run the bridge against portal.url() with portal.bot_token() ...
//! assert_eq!(portal.rows().photometry_of("ZTF26aaaaaaa").len(), 1);
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

mod auth;
mod call;
mod calls;
mod checks;
mod envelope;
mod front;
mod healpix;
mod json;
mod page;
mod routes;
mod server;
mod setup;
mod sql;
mod stamp;
pub mod state;

pub use calls::LoggedCall;
pub use envelope::VERSION;
pub use front::{Fault, Only, RateLimit};
pub use server::StandIn;
pub use setup::{
    ADMIN, BOT, EVERYTHING, FilterSeed, GroupSeed, Setup, StreamSeed, TaxonomySeed, UserSeed,
};
pub use stamp::Stamp;
pub use state::{Rows, SITEWIDE};
