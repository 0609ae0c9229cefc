//! A real Kafka for the tests: fetched once, started on ports that the system chooses, ended with
//! whoever started it.

use std::fs;
use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::cargo::{step, target};

/// One broker, as everybody can have it from Maven Central.
const VERSION: &str = "4.1.0";
const ARTIFACT: &str = "kafka_2.13";

/// Who may sign in, by any mechanism. Of use on this machine only, for as long as the broker runs.
const USER: &str = "shifter";
const PASSWORD: &str = "night-shift";

/// A slow, busy machine needs longer than the few seconds of a good one.
const PATIENCE: Duration = Duration::from_secs(120);

/// The broker's listeners: our name, its protocol, the variable that tells the tests.
const LISTENERS: [(&str, &str, &str); 4] = [
    ("PLAIN", "PLAINTEXT", "SKYSIEVE_TEST_KAFKA"),
    ("SIGNIN", "SASL_PLAINTEXT", "SKYSIEVE_TEST_KAFKA_SASL"),
    ("TLS", "SSL", "SKYSIEVE_TEST_KAFKA_TLS"),
    ("TLSSIGNIN", "SASL_SSL", "SKYSIEVE_TEST_KAFKA_SASL_TLS"),
];

/// Ends the broker when the standard input ends, and so with the process that holds its other end,
/// however that ends; then the broker's folder (`$0`) goes too. It stands in a process group of its
/// own, which Ctrl-C does not reach.
const SUPERVISOR: &str = r#"
exec 3<&0
"$@" </dev/null 3<&- &
broker=$!
(cat <&3 >/dev/null; kill -KILL $broker) 2>/dev/null &
watcher=$!
wait $broker
if [ $? = 137 ]; then cd / && rm -rf "$0"; fi
kill $watcher 2>/dev/null
"#;

/// A running broker. It ends when this is dropped.
pub struct Kafka {
    supervisor: Child,
    folder: PathBuf,
    ports: Ports,
}

/// What the tests are to be told.
pub type Environment = Vec<(&'static str, String)>;

/// Ports of the listeners in their order, then the controller's.
struct Ports([u16; LISTENERS.len() + 1]);

/// Fetches and starts a broker for tests, unless one is named already. Without Java and Maven there
/// is none, and the tests that need one say so.
pub fn for_tests() -> Result<(Option<Kafka>, Environment), String> {
    if std::env::var_os(LISTENERS[0].2).is_some() {
        return Ok((None, Vec::new()));
    }
    match start() {
        Ok(kafka) => {
            let environment = kafka.environment();
            Ok((Some(kafka), environment))
        }
        Err(problem) if std::env::var_os("SKYSIEVE_REQUIRE_KAFKA").is_some() => Err(problem),
        Err(problem) => {
            eprintln!("no Kafka, so the tests that need one are skipped: {problem}");
            Ok((None, Vec::new()))
        }
    }
}

/// `cargo xtask kafka`: a broker to try things with, until Ctrl-C.
pub fn serve() -> Result<(), String> {
    let mut kafka = start()?;
    println!("Kafka {VERSION} is there, until Ctrl-C. To point the tests or yourself at it:");
    for (name, value) in kafka.environment() {
        println!("  export {name}={value}");
    }
    println!(
        "The user is `{USER}`, the password `{PASSWORD}` (PLAIN, SCRAM-SHA-256, SCRAM-SHA-512)."
    );
    println!("A topic that is written to is made.");
    // Not `wait`: that would close the pipe on which the broker's life hangs.
    loop {
        match kafka.supervisor.try_wait() {
            Ok(None) => std::thread::sleep(Duration::from_secs(1)),
            ended => return Err(format!("Kafka ended by itself: {ended:?}")),
        }
    }
}

fn start() -> Result<Kafka, String> {
    let jars = fetch()?;
    step("starting Kafka");
    // Between our choice of the ports and the broker's use of them somebody may have taken one.
    let mut problem = String::new();
    for _ in 0..3 {
        match Kafka::start(&jars) {
            Ok(kafka) => return Ok(kafka),
            Err(why) => problem = why,
        }
    }
    Err(problem)
}

/// The folder of the broker's jars, fetched if it is not there.
fn fetch() -> Result<PathBuf, String> {
    needs(
        "java",
        "-version",
        "a Java 17 runtime (Debian, Ubuntu: `apt install openjdk-17-jdk-headless`)",
    )?;
    needs(
        "keytool",
        "-version",
        "a Java 17 runtime (Debian, Ubuntu: `apt install openjdk-17-jdk-headless`)",
    )?;
    let folder = target().join("kafka").join(VERSION);
    if folder.is_dir() {
        return Ok(folder);
    }
    needs(
        "mvn",
        "--version",
        "Maven (Debian, Ubuntu: `apt install maven`)",
    )?;
    step(&format!(
        "fetching Kafka {VERSION} from Maven Central, once (45 files, 43 MB)"
    ));
    let work = target()
        .join("kafka")
        .join(format!("fetching-{}", std::process::id()));
    let fetched = fetch_into(&work);
    let moved = fetched.and_then(|()| match fs::rename(work.join("jars"), &folder) {
        // Somebody else was as far.
        Err(_) if folder.is_dir() => Ok(()),
        moved => moved.map_err(|error| format!("`{}`: {error}", folder.display())),
    });
    // What is left holds nothing that anybody needs.
    let _ = fs::remove_dir_all(&work);
    moved.map(|()| folder)
}

fn fetch_into(work: &Path) -> Result<(), String> {
    let project = format!(
        "<project xmlns=\"http://maven.apache.org/POM/4.0.0\"><modelVersion>4.0.0</modelVersion>\
         <groupId>skysieve</groupId><artifactId>test-kafka</artifactId><version>1</version><packaging>pom</packaging>\
         <dependencies><dependency><groupId>org.apache.kafka</groupId><artifactId>{ARTIFACT}</artifactId>\
         <version>{VERSION}</version></dependency></dependencies></project>"
    );
    write(&work.join("pom.xml"), &project)?;
    let fetched = Command::new("mvn")
        .args(["--batch-mode", "--quiet", "dependency:copy-dependencies"])
        .args(["-DincludeScope=runtime", "-DoutputDirectory=jars"])
        .current_dir(work)
        .stdin(Stdio::null())
        .status()
        .map_err(|error| format!("cannot run mvn: {error}"))?;
    if fetched.success() {
        Ok(())
    } else {
        Err("Maven could not fetch Kafka (is there a network?)".to_owned())
    }
}

fn needs(program: &str, argument: &str, package: &str) -> Result<(), String> {
    let mut command = Command::new(program);
    command
        .arg(argument)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    match command.status() {
        // `keytool -version` is no command of older ones: that it runs is enough.
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(format!("`{program}` is missing: install {package}"))
        }
        Err(error) => Err(format!("cannot run `{program}`: {error}")),
    }
}

impl Kafka {
    fn start(jars: &Path) -> Result<Self, String> {
        let ports = Ports::choose()?;
        let folder = std::env::temp_dir().join(format!(
            "skysieve-kafka-{}-{}",
            std::process::id(),
            ports.controller()
        ));
        let prepared = prepare(jars, &folder, &ports);
        let started = prepared.and_then(|()| supervise(jars, &folder));
        let supervisor = started.inspect_err(|_| {
            let _ = fs::remove_dir_all(&folder);
        })?;
        let mut kafka = Kafka {
            supervisor,
            folder,
            ports,
        };
        kafka.wait_until_ready()?;
        Ok(kafka)
    }

    fn wait_until_ready(&mut self) -> Result<(), String> {
        let start = Instant::now();
        loop {
            let ended = self.supervisor.try_wait();
            let ended = ended.map_err(|error| format!("cannot watch Kafka: {error}"))?;
            if ended.is_some() || start.elapsed() > PATIENCE {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                let lines: Vec<&str> = log.lines().collect();
                let last = lines[lines.len().saturating_sub(20)..].join("\n");
                return Err(format!(
                    "Kafka did not come up. The end of its log:\n{last}"
                ));
            }
            let listens = |port: &u16| TcpStream::connect(("127.0.0.1", *port)).is_ok();
            if self.ports.listeners().iter().all(listens) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn environment(&self) -> Environment {
        let listeners = LISTENERS.iter().zip(self.ports.listeners());
        let mut environment: Environment = listeners
            .map(|((_, _, variable), port)| (*variable, format!("127.0.0.1:{port}")))
            .collect();
        let ca_file = self.folder.join("ca.pem").display().to_string();
        environment.push(("SKYSIEVE_TEST_KAFKA_CA", ca_file));
        environment.push(("SKYSIEVE_TEST_KAFKA_USER", USER.to_owned()));
        environment.push(("SKYSIEVE_TEST_KAFKA_PASSWORD", PASSWORD.to_owned()));
        environment
    }
}

impl Drop for Kafka {
    fn drop(&mut self) {
        drop(self.supervisor.stdin.take());
        let _ = self.supervisor.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Ports {
    /// Free ports, all different because all are held at once.
    fn choose() -> Result<Self, String> {
        let mut ports = [0; LISTENERS.len() + 1];
        let mut held = Vec::new();
        for port in &mut ports {
            let listener = TcpListener::bind(("127.0.0.1", 0));
            let listener = listener.map_err(|error| format!("no free port: {error}"))?;
            let address = listener.local_addr().map_err(|error| error.to_string())?;
            *port = address.port();
            held.push(listener);
        }
        Ok(Ports(ports))
    }

    fn listeners(&self) -> &[u16] {
        &self.0[..LISTENERS.len()]
    }

    fn controller(&self) -> u16 {
        self.0[LISTENERS.len()]
    }
}

/// Keys, settings and an empty store, in a folder that goes with the broker.
fn prepare(jars: &Path, folder: &Path, ports: &Ports) -> Result<(), String> {
    write(&folder.join("server.properties"), &settings(folder, ports))?;
    keytool(
        folder,
        &[
            "-genkeypair",
            "-keyalg",
            "RSA",
            "-keysize",
            "2048",
            "-validity",
            "2",
            "-dname",
            "CN=127.0.0.1",
            "-ext",
            "san=ip:127.0.0.1,dns:localhost",
            "-ext",
            "bc=ca:true",
            "-storetype",
            "PKCS12",
        ],
    )?;
    keytool(folder, &["-exportcert", "-rfc", "-file", "ca.pem"])?;
    let user = |mechanism: &str| format!("{mechanism}=[name={USER},password={PASSWORD}]");
    let mut format = java(jars);
    format
        .args([
            "kafka.tools.StorageTool",
            "format",
            "--config",
            "server.properties",
        ])
        .args(["--cluster-id", "c2t5c2lldmUtdGVzdHMtMQ"])
        .args(["--add-scram", &user("SCRAM-SHA-256")])
        .args(["--add-scram", &user("SCRAM-SHA-512")]);
    run(format.current_dir(folder))
}

fn keytool(folder: &Path, arguments: &[&str]) -> Result<(), String> {
    let mut command = Command::new("keytool");
    command.args(arguments);
    command.args([
        "-alias",
        "broker",
        "-keystore",
        "keys.p12",
        "-storepass",
        PASSWORD,
    ]);
    run(command.current_dir(folder))
}

fn settings(folder: &Path, ports: &Ports) -> String {
    let listeners: Vec<String> = LISTENERS
        .iter()
        .zip(ports.listeners())
        .map(|((name, ..), port)| format!("{name}://127.0.0.1:{port}"))
        .collect();
    let listeners = listeners.join(",");
    let protocols: Vec<String> = LISTENERS
        .iter()
        .map(|(name, protocol, _)| format!("{name}:{protocol}"))
        .collect();
    let protocols = protocols.join(",");
    let controller = ports.controller();
    let (folder, plain) = (folder.display(), LISTENERS[0].0);
    let mut text = format!(
        "process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=CONTROLLER://127.0.0.1:{controller},{listeners}
advertised.listeners={listeners}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,{protocols}
inter.broker.listener.name={plain}
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
ssl.keystore.type=PKCS12
ssl.keystore.location={folder}/keys.p12
ssl.keystore.password={PASSWORD}
ssl.key.password={PASSWORD}
log.dirs={folder}/data
# A message is a packet and its schema: up to 700 kB, and Fink's largest are not the largest possible.
message.max.bytes=10000000
num.partitions=1
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
# Tests do not wait for members that never come.
group.initial.rebalance.delay.ms=0
num.network.threads=2
num.io.threads=2
"
    );
    let modules = "org.apache.kafka.common.security";
    for (name, ..) in LISTENERS
        .iter()
        .filter(|(_, protocol, _)| protocol.starts_with("SASL"))
    {
        text += &format!(
            "listener.name.{0}.plain.sasl.jaas.config={modules}.plain.PlainLoginModule required user_{USER}=\"{PASSWORD}\";
listener.name.{0}.scram-sha-256.sasl.jaas.config={modules}.scram.ScramLoginModule required;
listener.name.{0}.scram-sha-512.sasl.jaas.config={modules}.scram.ScramLoginModule required;
",
            name.to_lowercase()
        );
    }
    text
}

/// Quick to start, small, and no faster than tests need.
fn java(jars: &Path) -> Command {
    let mut command = Command::new("java");
    command.args([
        "-Xmx384m",
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-cp",
    ]);
    command.arg(jars.join("*"));
    command
}

fn supervise(jars: &Path, folder: &Path) -> Result<Child, String> {
    let log = fs::File::create(folder.join("log"));
    let log = log.and_then(|log| Ok((log.try_clone()?, log)));
    let (log, errors) = log.map_err(|error| format!("`{}`: {error}", folder.display()))?;
    let mut broker = java(jars);
    broker.args(["kafka.Kafka", "server.properties"]);
    Command::new("sh")
        .args(["-c", SUPERVISOR])
        .arg(folder)
        .arg(broker.get_program())
        .args(broker.get_args())
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(log)
        .stderr(errors)
        .process_group(0)
        .spawn()
        .map_err(|error| format!("cannot run sh: {error}"))
}

fn run(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("cannot run `{program}`: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let (told, wrong) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    Err(format!("`{program}` failed: {told}{wrong}"))
}

fn write(file: &Path, text: &str) -> Result<(), String> {
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(file, text))
        .map_err(|error| format!("`{}`: {error}", file.display()))
}
