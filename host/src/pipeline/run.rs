//! The whole pipeline, running: consumers, judges, deliveries, and an orderly end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::judge::{Judge, Judged, Judgement, Passed};
use super::lanes::{Lanes, Open, Parcel, Task, letter, route_letter};
use super::modules::{Modules, ModulesError};
use super::seat::Seat;
use crate::alert::Survey;
use crate::config::{Config, Filter, Group, Route, SecretError, Source};
use crate::skyportal::{ConnectError, Destination, Patience, Portal, Ready};
use crate::source::{
    Consumer, ConsumerError, Feed, Incoming, Message, SchemasError, Standings, Ticket, read_schemas,
};
use crate::store::{DeadLetters, Kind, StoreError};
use crate::telemetry::{Accounts, Hindrance, Rooms, SourceAccount, Telemetry};

/// Messages whose deliveries are not done yet; beyond it the source's partitions wait.
const MAX_OPEN: usize = 128;

/// How long an orderly end may take for what is in flight.
const DRAIN: Duration = Duration::from_secs(30);

/// Everything that runs between Kafka and SkyPortal.
pub struct Pipeline {
    sources: Vec<(Consumer, Judge, Source)>,
    lanes: Lanes,
    accounts: Arc<Accounts>,
    telemetry: Telemetry,
    stop: Stop,
    // Follows the module directories until the end.
    _modules: Arc<Modules>,
}

/// Two ways to end: first read no more, then send no more.
#[derive(Clone, Default)]
pub struct Stop {
    reading: CancellationToken,
    sending: CancellationToken,
}

impl Stop {
    /// The first call ends reading: what is in flight is delivered, offsets are committed. The
    /// second ends everything at once; what was not done comes again.
    pub fn request(&self) {
        if self.reading.is_cancelled() {
            self.sending.cancel();
        }
        self.reading.cancel();
    }
}

/// Why the pipeline could not be started.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Modules(#[from] ModulesError),
    #[error("the SkyPortal token: {0}")]
    Token(SecretError),
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Source(#[from] ConsumerError),
    #[error(transparent)]
    Schemas(#[from] SchemasError),
    #[error("no group can deliver to SkyPortal, and nothing was started:\n  - {}", .0.join("\n  - "))]
    NothingReady(Vec<String>),
    #[error("{0}")]
    Seat(String),
    #[error("stopped before the start was complete")]
    Stopped,
}

impl Pipeline {
    /// Loads the modules, finds or makes what the configuration names at SkyPortal (waiting while
    /// it is away), and joins the Kafka groups.
    ///
    /// # Errors
    /// Where something is wrong that waiting does not mend. A group whose set-up fails is told by
    /// name, and the others run.
    pub async fn start(config: &Config, stop: Stop) -> Result<Self, RunError> {
        Self::start_telling(config, stop, &Telemetry::default()).await
    }

    /// [`Pipeline::start`], telling from the first moment.
    ///
    /// # Errors
    /// As [`Pipeline::start`].
    pub async fn start_telling(
        config: &Config,
        stop: Stop,
        telemetry: &Telemetry,
    ) -> Result<Self, RunError> {
        let token = config.skyportal.token.read().map_err(RunError::Token)?;
        let store = DeadLetters::in_folder(&config.state)?;
        let modules = Arc::new(Modules::load(config, config.sources.len())?);
        let patience = Patience::default();
        let portal = Portal::connect(&config.skyportal, token, patience, stop.sending.clone())?;
        open_rooms(telemetry, &portal, &modules, &store);
        let destinations = tokio::select! {
            destinations = set_up(config, &portal) => destinations?,
            () = stop.reading.cancelled() => return Err(RunError::Stopped),
        };
        for (group, filter, route) in disabled(&destinations) {
            telemetry.disable(format!(
                "{group}/{filter}/{route}: its set-up at SkyPortal failed (see the log); what passes is kept as dead letters"
            ));
        }
        let accounts = telemetry.accounts().clone();
        let mut sources = Vec::new();
        for source in &config.sources {
            let reads = |topic: &String| source.topics.contains(topic);
            let seats = seats(config, &modules, &destinations, &accounts, |filter| {
                filter.topics.iter().any(reads)
            })?;
            let account = accounts.source(&source.name);
            let mut judge = Judge::new(seats, account, Some(source.survey));
            if let Some(folder) = &source.schemas {
                judge = judge.with_given(read_schemas(folder)?);
            }
            sources.push((Consumer::open(source)?, judge, source.clone()));
        }
        telemetry.health().end(Hindrance::SetUp);
        Ok(Pipeline {
            sources,
            lanes: Lanes::start(&portal, &Some(store), telemetry),
            telemetry: telemetry.clone(),
            accounts,
            stop,
            _modules: modules,
        })
    }

    pub fn accounts(&self) -> &Arc<Accounts> {
        &self.accounts
    }

    /// How each source stands with its Kafka, by the source's name; kept current while it runs.
    pub fn standings(&self) -> Vec<(String, Standings)> {
        let sources = self.sources.iter();
        sources
            .map(|(consumer, _, source)| (source.name.clone(), consumer.standings()))
            .collect()
    }

    /// Runs until it is told to stop, then ends in order. Returns whether all parts did: where one
    /// failed, the others are stopped too, since what it should have done would be missing.
    pub async fn run(self) -> bool {
        let lanes = Arc::new(self.lanes);
        let mut readers = JoinSet::new();
        for (consumer, judge, source) in self.sources {
            let account = self.accounts.source(&source.name);
            let (lanes, stop) = (lanes.clone(), self.stop.clone());
            let reader = Reader::new(consumer, judge, source, account, lanes, stop);
            readers.spawn(reader.run());
        }
        let ending = tokio::spawn(tell_ending(self.stop.clone(), self.telemetry));
        let mut sound = true;
        loop {
            tokio::select! {
                reader = readers.join_next() => match reader {
                    Some(Ok(())) => {}
                    Some(Err(error)) => {
                        tracing::error!("a source's reader failed, stopping: {error}");
                        sound = false;
                        self.stop.request();
                    }
                    None => break,
                },
                () = lanes.failed(), if sound => {
                    tracing::error!("a delivery worker failed, stopping");
                    sound = false;
                    self.stop.request();
                }
            }
        }
        ending.abort();
        self.stop.sending.cancel();
        if let Some(lanes) = Arc::into_inner(lanes) {
            sound &= lanes.drain().await;
        }
        sound
    }
}

/// What telemetry asks of the other rooms.
fn open_rooms(telemetry: &Telemetry, portal: &Portal, modules: &Arc<Modules>, store: &DeadLetters) {
    let (modules, store) = (modules.clone(), store.clone());
    telemetry.open(Rooms {
        calls: portal.calls().clone(),
        modules: Box::new(move || modules.status()),
        store: Box::new(move || store.check_writable().map_err(|error| error.to_string())),
    });
}

/// Whoever asks meanwhile hears that we are about to go.
async fn tell_ending(stop: Stop, telemetry: Telemetry) {
    stop.reading.cancelled().await;
    let health = telemetry.health();
    health.begin(Hindrance::Stopping, "what is in flight is being finished");
}

fn disabled(destinations: &Destinations) -> impl Iterator<Item = &(String, String, String)> {
    let all = destinations.iter();
    all.filter_map(|(route, ready)| ready.is_none().then_some(route))
}

/// Reads one source.
struct Reader<F> {
    consumer: F,
    judge: Judge,
    source: Source,
    account: Arc<SourceAccount>,
    lanes: Arc<Lanes>,
    stop: Stop,
    open: usize,
    done: UnboundedSender<Option<Ticket>>,
    finished: UnboundedReceiver<Option<Ticket>>,
    /// The topics whose schema was looked for.
    looked_for: BTreeSet<String>,
}

impl<F: Feed> Reader<F> {
    fn new(
        consumer: F,
        judge: Judge,
        source: Source,
        account: Arc<SourceAccount>,
        lanes: Arc<Lanes>,
        stop: Stop,
    ) -> Self {
        let (done, finished) = unbounded_channel();
        Reader {
            consumer,
            judge,
            source,
            account,
            lanes,
            stop,
            open: 0,
            done,
            finished,
            looked_for: BTreeSet::new(),
        }
    }

    async fn run(mut self) {
        tracing::info!(source = %self.source.name, topics = self.source.topics.join(", "), "reading");
        loop {
            let incoming = tokio::select! {
                biased;
                () = self.stop.reading.cancelled() => break,
                Some(ticket) = self.finished.recv() => {
                    self.finish(ticket);
                    continue;
                }
                incoming = self.consumer.next() => incoming,
            };
            match incoming {
                Incoming::Message(message, ticket) => {
                    tokio::select! {
                        biased;
                        // Not taken, so it comes again.
                        () = self.stop.reading.clone().cancelled_owned() => break,
                        () = self.look_for_schema(&message) => {}
                    }
                    self.take(message, ticket);
                }
                other => self.tell(other),
            }
        }
        self.drain().await;
        self.consumer.commit();
    }

    /// Messages that name their schema by their topic: it is fetched once, before the first of them
    /// is judged. If it does not come they become dead letters that can be replayed.
    async fn look_for_schema(&mut self, message: &Message) {
        let Some(topic) = self.judge.lacks_schema_of(message) else {
            return;
        };
        if !self.looked_for.insert(topic.to_owned()) {
            return;
        }
        match self.consumer.schema_of(topic).await {
            Ok(schema) => {
                tracing::info!(source = %self.source.name, topic, "its schema was fetched");
                self.judge.learn(topic, &schema);
            }
            Err(error) => {
                tracing::error!(source = %self.source.name, topic, "its schema was not found: {error}");
            }
        }
    }

    fn tell(&self, incoming: Incoming) {
        let source = &self.source.name;
        match incoming {
            Incoming::Message(..) => {}
            Incoming::Waiting(topic) => tracing::info!(
                %source, %topic,
                "the topic does not exist yet: waiting for it (Fink makes it with its first alert)"
            ),
            Incoming::Lost(loss) => {
                self.account.lost.add(loss.count());
                tracing::error!(%source, "{loss}");
            }
            Incoming::Trouble(trouble) if trouble.needs_a_person() => {
                tracing::error!(%source, "Kafka: {trouble}");
            }
            Incoming::Trouble(trouble) => tracing::warn!(%source, "Kafka: {trouble}"),
        }
    }

    fn take(&mut self, message: Message, ticket: Ticket) {
        let judgement = tokio::task::block_in_place(|| self.judge.judge(&message));
        match judgement {
            Judgement::Copy(_) => self.consumer.finish(&ticket),
            Judgement::Undecodable(why) => {
                let letter = letter(Kind::Undecodable, &message, why.to_string());
                let open = self.open(message, ticket, 1);
                self.lanes.send(Parcel {
                    task: Task::Bury(Box::new(letter)),
                    route: None,
                    open,
                });
            }
            Judgement::Judged(judged) => self.hand_over(message, ticket, *judged),
        }
    }

    fn hand_over(&mut self, message: Message, ticket: Ticket, judged: Judged) {
        let Judged { head, passed, .. } = judged;
        let mut tasks = Vec::new();
        for passed in passed {
            let task = match passed.what {
                Passed::Declined => {
                    passed.account.declined.add_one();
                    continue;
                }
                Passed::Deliver(order) => Task::Deliver(order),
                Passed::Failed(why) => {
                    Task::Bury(Box::new(route_letter(&message, &head, &passed.route, why)))
                }
            };
            tasks.push((task, (passed.route, passed.account)));
        }
        if tasks.is_empty() {
            self.consumer.finish(&ticket);
            return;
        }
        let open = self.open(message, ticket, tasks.len());
        for (task, route) in tasks {
            self.lanes.send(Parcel {
                task,
                route: Some(route),
                open: open.clone(),
            });
        }
    }

    fn open(&mut self, message: Message, ticket: Ticket, tasks: usize) -> Arc<Open> {
        self.open += 1;
        if self.open >= MAX_OPEN {
            self.consumer.pause(true);
        }
        Open::new(message, Some(ticket), tasks, self.done.clone())
    }

    fn finish(&mut self, ticket: Option<Ticket>) {
        self.open -= 1;
        if let Some(ticket) = ticket {
            self.consumer.finish(&ticket);
        }
        if self.open < MAX_OPEN / 2 {
            self.consumer.pause(false);
        }
    }

    /// Waits for what is in flight, within a bound.
    async fn drain(&mut self) {
        if self.open > 0 {
            tracing::info!(source = %self.source.name, in_flight = self.open, "finishing what is in flight");
        }
        let deadline = tokio::time::sleep(DRAIN);
        tokio::pin!(deadline);
        while self.open > 0 {
            tokio::select! {
                () = &mut deadline => break,
                () = self.stop.sending.cancelled() => break,
                Some(ticket) = self.finished.recv() => self.finish(ticket),
            }
        }
        if self.open > 0 {
            tracing::warn!(source = %self.source.name, in_flight = self.open, "not finished: these alerts will be read again");
        }
    }
}

/// What every route needs at SkyPortal, by `(group, filter, route)`.
pub(super) type Destinations = BTreeMap<(String, String, String), Option<Ready>>;

/// Finds or makes what all routes need.
///
/// # Errors
/// Where no route at all can be delivered to.
pub(super) async fn set_up(config: &Config, portal: &Portal) -> Result<Destinations, RunError> {
    let (wanted, routes) = wanted(config);
    let results = portal.set_up(&wanted).await;
    let mut problems = Vec::new();
    let found: Vec<Option<Ready>> = results
        .into_iter()
        .map(|result| {
            result
                .map_err(|error| {
                    tracing::error!("disabled, what passes is kept as dead letters: {error}");
                    problems.push(error.to_string());
                })
                .ok()
        })
        .collect();
    if found.iter().all(Option::is_none) {
        return Err(RunError::NothingReady(problems));
    }
    let ready = |(name, place): (_, usize)| (name, found[place].clone());
    Ok(routes.into_iter().map(ready).collect())
}

/// A route by `(group, filter, route)`, and the place of its destination in a list.
type Placed = ((String, String, String), usize);

/// Every destination once, and which of them each route has.
pub(super) fn wanted(config: &Config) -> (Vec<Destination>, Vec<Placed>) {
    let mut wanted: Vec<Destination> = Vec::new();
    let mut routes = Vec::new();
    for group in &config.groups {
        for filter in &group.filters {
            for (name, route) in &filter.routes {
                let destination = destination(config, group, filter, route);
                let known = wanted.iter().position(|d| *d == destination);
                let place = known.unwrap_or_else(|| {
                    wanted.push(destination);
                    wanted.len() - 1
                });
                routes.push((
                    (group.name.clone(), filter.name.clone(), name.clone()),
                    place,
                ));
            }
        }
    }
    (wanted, routes)
}

/// The surveys of which a filter reads topics.
pub(super) fn surveys(config: &Config, filter: &Filter) -> BTreeSet<Survey> {
    let reads = |source: &&Source| source.topics.iter().any(|t| filter.topics.contains(t));
    let sources = config.sources.iter().filter(reads);
    sources.map(|source| source.survey).collect()
}

fn destination(config: &Config, group: &Group, filter: &Filter, route: &Route) -> Destination {
    Destination {
        group: route
            .skyportal_group
            .as_ref()
            .unwrap_or(&group.skyportal_group)
            .clone(),
        stream: group.stream.clone(),
        filter: filter
            .skyportal_filter
            .as_ref()
            .unwrap_or(&filter.name)
            .clone(),
        surveys: surveys(config, filter),
    }
}

/// The seats of all filters that `sits` chooses.
pub(super) fn seats(
    config: &Config,
    modules: &Modules,
    destinations: &Destinations,
    accounts: &Arc<Accounts>,
    sits: impl Fn(&Filter) -> bool,
) -> Result<Vec<Seat>, RunError> {
    let mut seats = Vec::new();
    for group in &config.groups {
        for filter in group.filters.iter().filter(|filter| sits(filter)) {
            let shelf = modules
                .shelf(&group.name)
                .ok_or_else(|| RunError::Seat(format!("no modules for `{}`", group.name)))?;
            let of_routes = filter.routes.keys().map(|route| {
                let name = (group.name.clone(), filter.name.clone(), route.clone());
                (route.clone(), destinations.get(&name).cloned().flatten())
            });
            let seat =
                Seat::take(group, filter, shelf, of_routes.collect(), accounts).map_err(|why| {
                    RunError::Seat(format!("`{}/{}`: {why}", group.name, filter.name))
                })?;
            seats.push(seat);
        }
    }
    Ok(seats)
}
