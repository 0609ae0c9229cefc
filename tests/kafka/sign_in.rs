//! Every way to sign in, and what a way that does not work says.

use anyhow::{Context, Result};
use harness::kafka::{self, new_name};
use skysieve::alert::Survey;
use skysieve::config::{Mechanism, SecretSource, SignIn, Tls};

use super::night::{Night, alerts, end, until_log};

const MECHANISMS: [Mechanism; 3] = [
    Mechanism::Plain,
    Mechanism::ScramSha256,
    Mechanism::ScramSha512,
];

#[tokio::test]
async fn every_sign_in_works() -> Result<()> {
    let test = "every_sign_in_works";
    let (Some(kafka), Some(doors)) = (kafka::broker(test), kafka::doors(test)) else {
        return Ok(());
    };
    let topic = new_name("fink_sign_in_ztf");
    kafka.make_topic(&topic, 1).await?;
    let mut night = Night::new(&kafka, Survey::Ztf, &[&[topic.as_str()][..]; 8]).await?;
    let password = night.file("password", &doors.password)?;
    let sign_in = |mechanism| SignIn {
        mechanism,
        username: doors.username.clone(),
        password: SecretSource::File(password.clone()),
    };
    let tls = Tls {
        ca_file: Some(doors.ca_file.clone()),
    };
    // The first needs nothing, as Fink's.
    let [_, encrypted, rest @ ..] = &mut night.config.sources[..] else {
        panic!("eight sources");
    };
    encrypted.servers = vec![doors.encrypted.clone()];
    encrypted.tls = Some(tls.clone());
    let (open, both) = rest.split_at_mut(3);
    for (source, mechanism) in open.iter_mut().zip(MECHANISMS) {
        source.servers = vec![doors.signed_in.clone()];
        source.sign_in = Some(sign_in(mechanism));
    }
    for (source, mechanism) in both.iter_mut().zip(MECHANISMS) {
        source.servers = vec![doors.both.clone()];
        source.sign_in = Some(sign_in(mechanism));
        source.tls = Some(tls.clone());
    }

    let program = night.start()?;
    until_log(&program, "read for the first time", 8).await?;
    let alerts = alerts(1);
    super::night::send(&kafka, &topic, 1, &alerts, 0).await?;
    for source in &night.config.sources {
        // What was read and done is committed.
        let done = || {
            let committed = kafka.committed(&source.kafka_group, &topic, 1);
            committed.is_ok_and(|offsets| offsets == [Some(1)])
        };
        super::night::until(done).await?;
    }
    let (read, ended) = end(program).await?;
    assert_eq!(read.len(), 8);
    assert!(read.values().all(|count| *count == 1), "{}", ended.stdout);
    let everything = format!("{}{}", ended.stdout, ended.stderr);
    assert!(!everything.contains(&doors.password), "{everything}");
    Ok(())
}

#[tokio::test]
async fn what_is_refused_says_who_and_what_to_do() -> Result<()> {
    let test = "what_is_refused_says_who_and_what_to_do";
    let (Some(kafka), Some(doors)) = (kafka::broker(test), kafka::doors(test)) else {
        return Ok(());
    };
    let topic = new_name("fink_refused_ztf");
    kafka.make_topic(&topic, 1).await?;
    let mut night = Night::new(&kafka, Survey::Ztf, &[&[topic.as_str()][..]; 6]).await?;
    let wrong = "day-shift-and-wrong";
    let password = night.file("the-wrong-password", wrong)?;
    let [plain, scram256, scram512, stranger, bare, open] = &mut night.config.sources[..] else {
        panic!("six sources");
    };
    for (source, mechanism) in [plain, scram256, scram512].into_iter().zip(MECHANISMS) {
        source.servers = vec![doors.signed_in.clone()];
        source.sign_in = Some(SignIn {
            mechanism,
            username: doors.username.clone(),
            password: SecretSource::File(password.clone()),
        });
    }
    // Its authority is not known to the system.
    stranger.servers = vec![doors.encrypted.clone()];
    stranger.tls = Some(Tls::default());
    bare.servers = vec![doors.signed_in.clone()];
    open.servers = vec![doors.encrypted.clone()];

    let program = night.start()?;
    until_log(&program, "was refused", 3).await?;
    until_log(&program, "no encrypted connection", 1).await?;
    for name in ["source-4", "source-5"] {
        let told = || {
            let log = program.log();
            let mut lines = log.lines().filter(|line| line.contains(name));
            lines.any(|line| line.contains("`sign_in`"))
        };
        let told = super::night::until(told).await;
        told.with_context(|| format!("of {name}: {}", program.log()))?;
    }
    let (_, ended) = end(program).await?;
    let lines = |name: &str| -> Vec<String> {
        let errors = ended.stderr.lines().filter(|line| line.contains("ERROR"));
        errors
            .filter(|line| line.contains(name))
            .map(str::to_owned)
            .collect()
    };
    let names = ["source-0", "source-1", "source-2"];
    for (name, mechanism) in names
        .into_iter()
        .zip(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
    {
        let [line] = &lines(name)[..] else {
            panic!("once is enough: {}", ended.stderr);
        };
        for part in [
            mechanism,
            &doors.username,
            &doors.signed_in,
            "the-wrong-password",
        ] {
            assert!(line.contains(part), "`{part}` is not in: {line}");
        }
        assert!(!line.contains(wrong), "{line}");
    }
    let stranger = lines("source-3").concat();
    assert!(
        stranger.contains("ca_file") && stranger.contains(&doors.encrypted),
        "{stranger}"
    );
    let everything = format!("{}{}", ended.stdout, ended.stderr);
    assert!(!everything.contains(wrong), "{everything}");

    // Other commands say it as well.
    let checked = night.run(&["check"]).await?;
    let failures: Vec<&str> = checked
        .stdout
        .lines()
        .filter(|line| line.starts_with("FAIL"))
        .collect();
    for name in names {
        let told = failures
            .iter()
            .find(|line| line.contains(name) && line.contains("was refused"));
        assert!(told.is_some(), "{name}: {}", checked.stdout);
    }
    assert!(!checked.stdout.contains(wrong), "{}", checked.stdout);
    let rewound = night
        .run(&["rewind", "--to", "earliest", "--source", "source-2"])
        .await?;
    assert!(!rewound.status.success());
    for part in ["nothing was changed", "was refused", "source-2"] {
        let said = format!("{}{}", rewound.stdout, rewound.stderr);
        assert!(said.contains(part), "`{part}` is not in: {said}");
    }
    Ok(())
}
