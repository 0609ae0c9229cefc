//! nginx, which stands before the application: the rate limit, the outages, the broken lines. In: a request on a line.
//! Out: the application's answer, or one of nginx's own in HTML. Never here: what the application would say.

mod faults;
mod html;
mod line;
mod rate;

pub(crate) use faults::Faults;
pub use faults::{Fault, Only};
pub(crate) use html::{error_page, outage};
pub(crate) use line::{Line, Lines};
pub(crate) use rate::Buckets;
pub use rate::RateLimit;
