//! Where simulated messages go: a folder, or Kafka topics as Fink fills them.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, bail};
use rdkafka::client::ClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseRecord, Producer, ProducerContext, ThreadedProducer};

use super::Message;
use crate::alert::Survey;

/// The note that tells of what a folder's files were made.
const NOTE: &str = "simulation.txt";
/// How long the brokers may take for what is still underway at the end.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder or a stream.
pub enum Output {
    Files(Files),
    Stream(Stream),
}

impl Output {
    pub async fn write(&mut self, message: Message) -> anyhow::Result<()> {
        match self {
            Output::Files(files) => files.write(&message),
            Output::Stream(stream) => stream.write(&message).await,
        }
    }

    /// Waits until everything has arrived; says where.
    pub async fn finish(self) -> anyhow::Result<String> {
        match self {
            Output::Files(files) => Ok(files.folder.display().to_string()),
            Output::Stream(stream) => stream.finish().await,
        }
    }
}

/// `<folder>/<topic>/key.json` and `<folder>/<topic>/<object>_<alert>.bin`.
#[derive(Debug)]
pub struct Files {
    folder: PathBuf,
    written: HashSet<PathBuf>,
}

impl Files {
    /// Takes a folder that is new, empty, or was filled by the same simulation before, whose files
    /// are then written again, byte for byte. Files of anything else are never touched.
    pub fn into(folder: PathBuf, description: &str) -> anyhow::Result<Files> {
        std::fs::create_dir_all(&folder).context("cannot make the folder")?;
        let note = folder.join(NOTE);
        match std::fs::read_to_string(&note) {
            Ok(found) if found == description => {}
            Ok(found) => bail!(
                "the folder holds another simulation's files (`{NOTE}`: {}); choose another folder or empty it",
                found.trim()
            ),
            Err(_) if is_empty(&folder)? => {
                std::fs::write(&note, description)
                    .with_context(|| format!("cannot write `{NOTE}`"))?;
            }
            Err(_) => bail!(
                "the folder is not empty and has no `{NOTE}`; choose another folder or empty it"
            ),
        }
        Ok(Files {
            folder,
            written: HashSet::new(),
        })
    }

    pub fn write(&mut self, message: &Message) -> anyhow::Result<()> {
        let folder = self.folder.join(&message.topic);
        let key = folder.join("key.json");
        if self.written.insert(key.clone()) {
            std::fs::create_dir_all(&folder)
                .with_context(|| format!("cannot make `{}`", folder.display()))?;
            save(&key, &message.key)?;
        }
        let object = message.truth.object_id.replace(' ', "_");
        let name = format!("{object}_{}", message.truth.alert_id);
        // A message that comes twice is two files.
        let names = (2..).map(|again| format!("{name}_{again}.bin"));
        let mut files = std::iter::once(format!("{name}.bin"))
            .chain(names)
            .map(|name| folder.join(name));
        match files.find(|file| self.written.insert(file.clone())) {
            Some(file) => save(&file, &message.value),
            None => Ok(()),
        }
    }
}

fn is_empty(folder: &Path) -> anyhow::Result<bool> {
    let mut entries = std::fs::read_dir(folder).context("cannot list the folder")?;
    Ok(entries.next().is_none())
}

fn save(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    std::fs::write(file, bytes).with_context(|| format!("cannot write `{}`", file.display()))
}

/// Kafka topics, one producer a survey: ZTF's messages follow their constant key into one partition,
/// LSST's are spread at random.
pub struct Stream {
    servers: String,
    producers: HashMap<Survey, ThreadedProducer<Receipts>>,
    failures: Arc<Mutex<Failures>>,
}

/// Messages that the brokers did not take.
#[derive(Debug, Default)]
struct Failures {
    count: u64,
    first: Option<String>,
}

struct Receipts(Arc<Mutex<Failures>>);

impl ClientContext for Receipts {}

impl ProducerContext for Receipts {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, message)) = result {
            let mut failures = self
                .0
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            failures.count += 1;
            let topic = rdkafka::Message::topic(message);
            failures
                .first
                .get_or_insert_with(|| format!("topic `{topic}`: {error}"));
        }
    }
}

impl Stream {
    pub fn to(servers: &str, surveys: &[Survey]) -> anyhow::Result<Stream> {
        let failures = Arc::new(Mutex::new(Failures::default()));
        let mut producers = HashMap::new();
        for survey in surveys {
            let partitioner = match survey {
                Survey::Ztf => "murmur2",
                Survey::Lsst => "random",
            };
            let producer = ClientConfig::new()
                .set("bootstrap.servers", servers)
                .set("partitioner", partitioner)
                .set("message.timeout.ms", "60000")
                .set("queue.buffering.max.kbytes", "262144")
                .create_with_context(Receipts(failures.clone()))
                .context("cannot make a Kafka producer")?;
            producers.insert(*survey, producer);
        }
        Ok(Stream {
            servers: servers.to_owned(),
            producers,
            failures,
        })
    }

    async fn write(&mut self, message: &Message) -> anyhow::Result<()> {
        self.check()?;
        let producer = self
            .producers
            .get(&message.truth.survey)
            .context("a message of a survey without a producer")?;
        loop {
            let record = BaseRecord::to(&message.topic)
                .key(&message.key[..])
                .payload(&message.value[..])
                .timestamp(message.timestamp_ms);
            match producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    self.check()?;
                }
                Err((error, _)) => {
                    let length = message.value.len();
                    bail!(
                        "topic `{}`: cannot send alert {} of {length} bytes: {error}",
                        message.topic,
                        message.truth.alert_id
                    );
                }
            }
        }
    }

    /// Whether a message has failed already: then the rest is not worth sending.
    fn check(&self) -> anyhow::Result<()> {
        let failures = self
            .failures
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        match &failures.first {
            Some(first) => bail!(
                "`--servers {}`: {} messages were not taken, the first one for {first}",
                self.servers,
                failures.count
            ),
            None => Ok(()),
        }
    }

    async fn finish(self) -> anyhow::Result<String> {
        let flushed = tokio::task::spawn_blocking(move || {
            let result = self
                .producers
                .values()
                .try_for_each(|producer| producer.flush(PATIENCE));
            (self, result)
        });
        let (stream, result) = flushed
            .await
            .context("waiting for the brokers was cut short")?;
        stream.check()?;
        result.with_context(|| {
            let seconds = PATIENCE.as_secs();
            format!(
                "`--servers {}`: not everything arrived within {seconds} s",
                stream.servers
            )
        })?;
        Ok(stream.servers)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rdkafka::Message as _;
    use rdkafka::consumer::{BaseConsumer, Consumer};
    use rdkafka::mocking::MockCluster;
    use rdkafka::{Offset, TopicPartitionList};

    use super::*;
    use crate::simulate::{SimulateConfig, Simulator};

    fn fill(folder: &Path, seed: u64) -> anyhow::Result<()> {
        let mut files = Files::into(folder.to_owned(), &format!("seed {seed}"))?;
        let simulator = Simulator::new(SimulateConfig::new(Survey::Lsst, seed));
        simulator
            .take(12)
            .try_for_each(|message| files.write(&message))
    }

    #[test]
    fn a_folder_holds_one_simulation() {
        let folder = tempfile::tempdir().unwrap();
        fill(folder.path(), 1).unwrap();
        fill(folder.path(), 1).unwrap();
        let error = fill(folder.path(), 2).unwrap_err().to_string();
        assert!(error.contains("another simulation's files"), "{error}");

        let (mut keys, mut values) = (0, 0);
        for topic in std::fs::read_dir(folder.path()).unwrap() {
            let topic = topic.unwrap().path();
            if topic.is_dir() {
                for file in std::fs::read_dir(topic).unwrap() {
                    let name = file.unwrap().file_name().into_string().unwrap();
                    keys += usize::from(name == "key.json");
                    values += usize::from(name.ends_with(".bin") && !name.contains(' '));
                }
            }
        }
        assert!(keys > 0);
        assert_eq!(values, 12);
    }

    #[test]
    fn a_folder_of_somebody_else_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("thesis.tex"), "mine").unwrap();
        let error = fill(folder.path(), 1).unwrap_err().to_string();
        assert!(error.contains("not empty"), "{error}");
    }

    const PARTITIONS: i32 = 4;

    /// What a consumer of the topics gets: topic, partition, key, value, timestamp.
    type Received = (String, i32, Vec<u8>, Vec<u8>, i64);

    fn receive(servers: &str, topics: &[&str], count: usize) -> Vec<Received> {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", servers)
            .set("group.id", "simulation")
            .create()
            .unwrap();
        let mut all = TopicPartitionList::new();
        for topic in topics {
            for partition in 0..PARTITIONS {
                all.add_partition_offset(topic, partition, Offset::Beginning)
                    .unwrap();
            }
        }
        consumer.assign(&all).unwrap();
        let patience = std::time::Instant::now() + Duration::from_secs(30);
        let mut received = Vec::new();
        while received.len() < count && std::time::Instant::now() < patience {
            let polled = consumer.poll(Duration::from_millis(200));
            if let Some(message) = polled {
                let message = message.unwrap();
                received.push((
                    message.topic().to_owned(),
                    message.partition(),
                    message.key().unwrap_or_default().to_vec(),
                    message.payload().unwrap_or_default().to_vec(),
                    message.timestamp().to_millis().unwrap_or_default(),
                ));
            }
        }
        received
    }

    #[tokio::test]
    async fn brokers_get_the_messages_as_fink_sends_them() {
        let cluster = MockCluster::new(1).unwrap();
        let servers = cluster.bootstrap_servers();
        for survey in [Survey::Ztf, Survey::Lsst] {
            let simulator = Simulator::new(SimulateConfig::new(survey, 1));
            let messages: Vec<Message> = simulator.take(40).collect();
            let topics: BTreeSet<&str> = messages
                .iter()
                .map(|message| message.topic.as_str())
                .collect();
            let topics: Vec<&str> = topics.into_iter().collect();
            for topic in &topics {
                cluster.create_topic(topic, PARTITIONS, 1).unwrap();
            }
            let mut stream = Stream::to(&servers, &[survey]).unwrap();
            for message in &messages {
                stream.write(message).await.unwrap();
            }
            stream.finish().await.unwrap();

            let received = receive(&servers, &topics, messages.len());
            assert_eq!(received.len(), messages.len());
            for message in &messages {
                assert!(received.iter().any(|(topic, _, key, value, time)| {
                    *topic == message.topic
                        && key[..] == message.key[..]
                        && value[..] == message.value[..]
                        && *time == message.timestamp_ms
                }));
            }
            let partitions: BTreeSet<i32> = received.iter().map(|message| message.1).collect();
            assert_eq!(
                partitions.len() == 1,
                survey == Survey::Ztf,
                "{partitions:?}"
            );
        }
    }
}
