//! What the pipeline asks of a stream, whatever it is made of.

use std::future::Future;

use super::{Incoming, SchemaFetchError, Ticket};

/// A stream that can be taken up again behind the last message of which all is done.
pub trait Feed: Send + 'static {
    /// The next thing that comes. Safe to drop before it is there.
    fn next(&mut self) -> impl Future<Output = Incoming> + Send;

    /// Everything that the message caused is done: the place behind it may be stored.
    fn finish(&mut self, ticket: &Ticket);

    /// Stops the flow, or lets it go on.
    fn pause(&mut self, pause: bool);

    /// Stores for good what may be stored, now.
    fn commit(&mut self);

    /// The schema of messages that name it by their topic, from where the broker keeps it.
    ///
    /// # Errors
    /// Where it is not there, or does not come within a bound.
    fn schema_of(
        &mut self,
        topic: &str,
    ) -> impl Future<Output = Result<String, SchemaFetchError>> + Send;
}
