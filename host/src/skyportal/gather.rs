//! What several deliveries ask for at about the same time, in one request.
//!
//! The first to ask opens a batch, which leaves after a while or when it is full; everybody gets
//! an answer of their own. Batches of one gathering leave one after the other.

use std::pin::Pin;
use std::sync::Weak;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::answer::Class;
use super::retry::Failure;
use super::{Inner, Portal};

/// How long a batch waits for company, and how much is enough.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Batching {
    pub linger: Duration,
    pub enough: usize,
}

/// What can be asked for.
pub(crate) trait Item: Send + 'static {
    /// What the asker gets.
    type Outcome: Send + 'static;

    /// How much of a batch it takes up.
    fn size(&self) -> usize;

    /// Does all of them; one outcome for each, in order.
    fn all(portal: Portal, items: Vec<Self>) -> Outcomes<Self::Outcome>
    where
        Self: Sized;
}

/// One outcome for each item, or why it failed.
pub(crate) type Outcomes<T> = Pin<Box<dyn Future<Output = Vec<Result<T, Failure>>> + Send>>;

type Answer<T> = oneshot::Sender<Result<T, Failure>>;

/// Where items are brought together.
pub(crate) struct Gathering<T: Item>(UnboundedSender<(T, Answer<T::Outcome>)>);

impl<T: Item> Gathering<T> {
    /// Works until it is dropped, or the portal is.
    pub fn start(portal: Weak<Inner>, batching: Batching) -> Self {
        let (sender, receiver) = unbounded_channel();
        tokio::spawn(work(portal, batching, receiver));
        Gathering(sender)
    }

    /// Puts an item into the batch that leaves next. The answer comes through what is returned; it
    /// is [`Class::Cancelled`] where the portal has ended.
    pub fn ask(&self, item: T) -> impl Future<Output = Result<T::Outcome, Failure>> + use<T> {
        let (answer, outcome) = oneshot::channel();
        // Unsent, it drops the answer, which the asker hears.
        let _ = self.0.send((item, answer));
        async move {
            let ended = || Failure::new("a batch", Class::Cancelled, "SkyPortal is left alone now");
            outcome.await.unwrap_or_else(|_| Err(ended()))
        }
    }
}

async fn work<T: Item>(
    portal: Weak<Inner>,
    batching: Batching,
    mut asked: UnboundedReceiver<(T, Answer<T::Outcome>)>,
) {
    while let Some(first) = asked.recv().await {
        let (items, answers) = batch(first, batching, &mut asked).await;
        let Some(inner) = portal.upgrade() else {
            return;
        };
        // In a task of its own: its panic would leave everybody who asks later without an answer.
        let work = tokio::spawn(async move { T::all(Portal(inner), items).await });
        let outcomes = match work.await {
            Ok(outcomes) => outcomes,
            Err(error) => {
                tracing::error!(
                    "a batch ended in a fault of skysieve's own, please report it: {error}"
                );
                let words = "a fault of skysieve's own ended the request; replay the dead letter";
                let failure = Failure::new("a batch", Class::Misunderstood, words);
                answers.iter().map(|_| Err(failure.clone())).collect()
            }
        };
        for (answer, outcome) in answers.into_iter().zip(outcomes) {
            // Who asked may have been told to stop meanwhile.
            let _ = answer.send(outcome);
        }
    }
}

async fn batch<T: Item>(
    (first, answer): (T, Answer<T::Outcome>),
    batching: Batching,
    asked: &mut UnboundedReceiver<(T, Answer<T::Outcome>)>,
) -> (Vec<T>, Vec<Answer<T::Outcome>>) {
    let until = Instant::now() + batching.linger;
    let mut size = first.size();
    let (mut items, mut answers) = (vec![first], vec![answer]);
    while size < batching.enough {
        let Ok(Some((item, answer))) = timeout_at(until, asked.recv()).await else {
            break;
        };
        size += item.size();
        items.push(item);
        answers.push(answer);
    }
    (items, answers)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::tests::idle;
    use super::*;

    struct Fragile(u32);

    impl Item for Fragile {
        type Outcome = u32;

        fn size(&self) -> usize {
            1
        }

        fn all(_: Portal, items: Vec<Self>) -> Outcomes<u32> {
            assert!(items[0].0 != 13, "on purpose");
            Box::pin(async move { items.into_iter().map(|item| Ok(item.0)).collect() })
        }
    }

    #[tokio::test]
    async fn a_batch_that_panics_is_answered_and_the_next_one_is_done() {
        let portal = idle();
        let batching = Batching {
            linger: Duration::ZERO,
            enough: 1,
        };
        let gathering = Gathering::start(Arc::downgrade(&portal.0), batching);
        let failure = gathering.ask(Fragile(13)).await.unwrap_err();
        assert_eq!(failure.class, Class::Misunderstood);
        assert_eq!(gathering.ask(Fragile(7)).await.ok(), Some(7));
    }
}
