//! The ways in which alerts travel: each gives the same alert, and what is missing has a name.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use bytes::Bytes;
use harness::mock_kafka::MockKafka;
use harness::reference;
use skysieve::alert::{
    Extras, GivenSchemas, Head, KeyError, NotAtHand, Plan, Row, SchemaCache, Survey,
};
use skysieve::simulate::{Alert, Kind, Message};
use skysieve::source::{Consumer, Feed, FileError, Files, read_schemas};

fn livestream(survey: Survey) -> Message {
    Alert::typical(survey, Kind::Supernova, 11).message()
}

/// What an alert says: its head, and its light curve as text (a missing value is not equal to
/// itself).
fn judge(
    cache: &mut SchemaCache,
    key: &[u8],
    value: &[u8],
) -> Result<(Head, Vec<String>), KeyError> {
    let (key, value) = (Bytes::copy_from_slice(key), Bytes::copy_from_slice(value));
    let opened = cache.open(&key, &value)?;
    let plan = Plan::compile(&opened.schema, &[], Extras { light_curve: true });
    let mut row = Row::default();
    let head = plan.read(&opened.datum, None, &mut row).unwrap();
    let points = plan.light_curve(&row, &head).points;
    Ok((
        head,
        points.iter().map(|point| format!("{point:?}")).collect(),
    ))
}

fn varint(value: i64) -> Vec<u8> {
    let mut zigzag = (value << 1 ^ value >> 63) as u64;
    let mut bytes = Vec::new();
    while zigzag > 0x7f {
        bytes.push(zigzag as u8 | 0x80);
        zigzag >>= 7;
    }
    bytes.push(zigzag as u8);
    bytes
}

fn run(bytes: &[u8]) -> Vec<u8> {
    [varint(bytes.len() as i64), bytes.to_vec()].concat()
}

/// An object container as other programs write them.
fn container(schema: &[u8], codec: &str, blocks: &[&[&[u8]]]) -> Vec<u8> {
    let sync = *b"sixteen bytes...";
    let mut file = b"Obj\x01".to_vec();
    file.extend(varint(2));
    for (key, value) in [("avro.schema", schema), ("avro.codec", codec.as_bytes())] {
        file.extend([run(key.as_bytes()), run(value)].concat());
    }
    file.extend(varint(0));
    file.extend(sync);
    for data in blocks {
        let plain = data.concat();
        let body = if codec == "deflate" {
            let mut encoder =
                flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(&plain).unwrap();
            encoder.finish().unwrap()
        } else {
            plain
        };
        file.extend([varint(data.len() as i64), run(&body), sync.to_vec()].concat());
    }
    file
}

fn given(files: &[(&str, &[u8])]) -> GivenSchemas {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let files: Vec<_> = files
        .iter()
        .map(|(file, schema)| ((*file).to_owned(), text(schema)))
        .collect();
    GivenSchemas::from_files("schemas", &files).unwrap()
}

/// The simulator's schema under the name that LSST's own has.
fn as_survey_schema(key: &[u8], version: &str) -> Vec<u8> {
    let text = std::str::from_utf8(key).unwrap();
    let name = format!("\"name\": \"lsst.{version}.alert\"");
    let renamed = text.replacen("\"name\": \"topLevelRecord.value\"", &name, 1);
    assert_ne!(renamed, text);
    renamed.into_bytes()
}

#[test]
fn an_alert_is_the_same_in_every_envelope() {
    for survey in [Survey::Ztf, Survey::Lsst] {
        let Message { key, value, .. } = livestream(survey);
        let mut cache = SchemaCache::default();
        let expected = judge(&mut cache, &key, &value).unwrap();
        for codec in ["null", "deflate"] {
            let file = container(&key, codec, &[&[&value]]);
            // ZTF's messages have no key; one that has any is a container nevertheless.
            for key in [&b""[..], b"ZTF18abcdefg"] {
                assert_eq!(judge(&mut cache, key, &file).unwrap(), expected, "{codec}");
            }
        }
        let name = format!("distribution_schema_fink_{survey}_2.7_3.10.1.avsc");
        let mut cache = SchemaCache::with_given(given(&[(&name, &key)]));
        assert_eq!(judge(&mut cache, b"2.7_3.10.1", &value).unwrap(), expected);
        cache.learn(
            "ftransfer_x_2026-03-01_1",
            std::str::from_utf8(&key).unwrap(),
        );
        let transferred = judge(&mut cache, b"ftransfer_x_2026-03-01_1", &value);
        assert_eq!(transferred.unwrap(), expected);
    }
}

#[test]
fn a_framed_alert_is_read_with_the_schema_of_its_number() {
    let Message { key, value, .. } = livestream(Survey::Lsst);
    let expected = judge(&mut SchemaCache::default(), &key, &value).unwrap();
    let framed = [b"\0\0\0\x03\xe8".as_slice(), &value].concat();
    let own = as_survey_schema(&key, "v10_0");
    let other = as_survey_schema(&key, "v9_0");
    let mut cache = SchemaCache::with_given(given(&[("a.avsc", &other), ("b.avsc", &own)]));
    assert_eq!(judge(&mut cache, b"", &framed).unwrap(), expected);

    let mut cache = SchemaCache::with_given(given(&[("a.avsc", &other)]));
    let error = judge(&mut cache, b"", &framed).unwrap_err();
    assert!(matches!(
        &error,
        KeyError::NotAtHand(NotAtHand::Number {
            id: 1000,
            major: 10,
            minor: 0,
            ..
        })
    ));
    let text = error.to_string();
    assert!(
        text.contains("`lsst.v10_0.alert.avsc`") && text.contains("into `schemas`"),
        "{text}"
    );
}

#[test]
fn old_alerts_replayed_under_the_same_name_have_their_own_schema() {
    let Message { key, value, .. } = livestream(Survey::Ztf);
    let expected = judge(&mut SchemaCache::default(), &key, &value).unwrap();
    // As it was: one field fewer in front.
    let mut older: serde_json::Value = serde_json::from_slice(&key).unwrap();
    older["fields"].as_array_mut().unwrap().remove(0);
    let older = serde_json::to_vec(&older).unwrap();
    let files: [(&str, &[u8]); 2] = [
        ("schemas/fink_ztf_1.0_2.0.avsc", &older),
        ("schemas/fink_ztf_1.0_2.0_replayed.avsc", &key),
    ];
    let mut cache = SchemaCache::with_given(given(&files));
    assert_eq!(judge(&mut cache, b"1.0_2.0", &value).unwrap(), expected);
}

#[test]
fn what_is_missing_is_named_with_what_to_do() {
    let Message { key, value, .. } = livestream(Survey::Ztf);
    let mut cache = SchemaCache::default();
    let mut told = |key: &[u8], value: &[u8]| {
        let error = judge(&mut cache, key, value).unwrap_err();
        error.to_string()
    };
    let cases: [(String, &[&str]); 9] = [
        (
            told(b"2.7_3.10.1", &value),
            &[
                "`2.7_3.10.1`",
                "`2.7_3.10.1.avsc`",
                "`schemas` of the source",
            ],
        ),
        (
            told(b"fxmatch_ztf_2026-03-01_1", &value),
            &["`fxmatch_ztf_2026-03-01_1_schema`", "data transfer"],
        ),
        (
            told(b"", b"\0\0\0\x02\xbfdatum"),
            &["number 703", "`lsst.v7_3.alert.avsc`"],
        ),
        (told(b"", b"\x02datum"), &["no key"]),
        (told(b"{\"type\": \"record\"}", &value), &["`fields`"]),
        (told(b"{", &value), &["not an Avro schema"]),
        (
            told(b"", &container(&key, "zstandard", &[&[&value]])),
            &["`zstandard`", "`deflate`"],
        ),
        (told(b"", &container(&key, "null", &[])), &["no alert"]),
        (
            told(b"", &container(&key, "null", &[&[&value], &[&value]])),
            &["more than one"],
        ),
    ];
    for (text, parts) in cases {
        for part in parts {
            assert!(text.contains(part), "`{part}` is not in: {text}");
        }
    }
    let whole = container(&key, "null", &[&[&value]]);
    let (mut wrong_mark, mut lying) = (whole.clone(), whole.clone());
    *wrong_mark.last_mut().unwrap() ^= 1;
    assert!(told(b"", &wrong_mark).contains("mark"));
    // The count of data stands in front of the block's length.
    let at = lying.len() - 16 - value.len() - varint(value.len() as i64).len() - 1;
    lying[at] = 0x7e;
    assert!(
        told(b"", &lying).contains("datum 1 of the object container"),
        "{}",
        told(b"", &lying)
    );
    for cut in [12, 40, whole.len() - value.len(), whole.len() - 1] {
        let text = told(b"", &whole[..cut]);
        assert!(text.contains("more bytes were expected"), "{cut}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_of_a_data_transfer_is_fetched_from_its_topic() {
    let Message { key, value, .. } = livestream(Survey::Ztf);
    let topic = "ftransfer_ztf_2026-03-01_1";
    let kafka = MockKafka::start(&[topic, "ftransfer_ztf_2026-03-01_1_schema"]).unwrap();
    kafka
        .send("ftransfer_ztf_2026-03-01_1_schema", &key, b"{}", 3)
        .await
        .unwrap();
    let source = serde_json::json!({
        "name": "transfer", "survey": "ztf", "servers": [kafka.servers()],
        "kafka_group": "tests", "topics": [topic],
    });
    let mut consumer = Consumer::open(&serde_json::from_value(source).unwrap()).unwrap();
    let schema = consumer.schema_of(topic).await.unwrap();
    assert_eq!(schema.as_bytes(), key);
    let mut cache = SchemaCache::default();
    assert!(judge(&mut cache, topic.as_bytes(), &value).is_err());
    cache.learn(topic, &schema);
    judge(&mut cache, topic.as_bytes(), &value).unwrap();

    let error = consumer.schema_of("fxmatch_ztf_nobody").await.unwrap_err();
    assert!(
        error.to_string().contains("`fxmatch_ztf_nobody_schema`"),
        "{error}"
    );
}

#[test]
fn a_schema_in_part_says_which_file_is_missing() {
    let alert = br#"{"type":"record","name":"alert","namespace":"lsst.v10_0",
        "fields":[{"name":"diaSource","type":["null","lsst.v10_0.diaSource"]}]}"#;
    let mut cache = SchemaCache::with_given(given(&[("x/alert.avsc", alert)]));
    let error = judge(&mut cache, b"", b"\0\0\0\x03\xe8datum").unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("`x/alert.avsc`") && text.contains("`lsst.v10_0.diaSource`"),
        "{text}"
    );
}

#[test]
fn files_of_several_alerts_give_each_and_stop_at_the_damage() {
    let Message { key, value, .. } = livestream(Survey::Ztf);
    let folder = tempfile::tempdir().unwrap();
    let three = container(&key, "deflate", &[&[&value, &value], &[&value]]);
    std::fs::write(folder.path().join("a.avro"), &three).unwrap();
    std::fs::write(folder.path().join("b.avro"), &three[..three.len() - 20]).unwrap();
    let read: Vec<_> = Files::open(&[folder.path().to_owned()], None)
        .unwrap()
        .collect();
    assert_eq!(read.len(), 6);
    for message in read[..5].iter() {
        let message = message.as_ref().unwrap();
        assert_eq!((&message.key, &message.value), (&key, &value));
    }
    let error = read[5].as_ref().unwrap_err();
    assert!(matches!(error, FileError::Container { .. }), "{error}");
    assert!(error.to_string().contains("block 1"), "{error}");
}

#[test]
fn real_framed_packets_read_as_apache_avro_reads_them() {
    let Some(shared) = reference::shared("real_framed_packets") else {
        return;
    };
    let devset = shared.join("fink/devset");
    let mut cache = SchemaCache::with_given(read_schemas(&devset.join("schemas")).unwrap());
    let (mut real, mut synthetic, mut nameless) = (0, 0, 0);
    let paths = ["lsst_raw/confluent_v10_0", "synthetic"].map(|folder| devset.join(folder));
    for message in Files::open(&paths, None).unwrap() {
        let message = message.unwrap();
        let place = message.place.to_string();
        let opened = match cache.open(&message.key, &message.value) {
            Ok(opened) => opened,
            Err(KeyError::NotAtHand(NotAtHand::Number { major, minor, .. })) => {
                assert!(
                    place.ends_with(&format!("lsst.v{major}_{minor}.avro")),
                    "{place}"
                );
                nameless += 1;
                continue;
            }
            Err(error) => panic!("{place}: {error}"),
        };
        assert!(opened.schema.extent().fits(&opened.datum), "{place}");
        let version = if message.value[4] == 0xe8 {
            "10_0"
        } else {
            "11_1"
        };
        let their_id = their_id(
            &devset.join(format!("schemas/lsst_{version}")),
            &opened.datum,
        );
        if place.contains("synthetic") {
            synthetic += 1;
            continue;
        }
        let (head, curve) = judge(&mut cache, &message.key, &message.value).unwrap();
        assert_eq!(head.alert_id, their_id, "{place}");
        assert!(place.contains(&head.alert_id.to_string()), "{place}");
        assert!(!curve.is_empty(), "{place}");
        real += 1;
    }
    assert_eq!((real, synthetic, nameless), (4, 2, 8));
}

/// `diaSourceId` as another decoder reads it, which must also reach the end of the datum.
fn their_id(folder: &Path, datum: &[u8]) -> i64 {
    let mut texts: Vec<String> = Vec::new();
    let mut main = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        if path.to_string_lossy().ends_with(".alert.avsc") {
            main = text;
        } else {
            texts.push(text);
        }
    }
    let (schema, others) = Schema::parse_str_with_list(&main, &texts).unwrap();
    let schemata = others.iter().collect();
    let reader = GenericDatumReader::builder(&schema)
        .writer_schemata(schemata)
        .unwrap()
        .build()
        .unwrap();
    let mut rest = datum;
    let value = reader.read_value(&mut rest).unwrap();
    assert!(rest.is_empty());
    let apache_avro::types::Value::Record(fields) = value else {
        panic!("no record")
    };
    match fields.iter().find(|(name, _)| name == "diaSourceId") {
        Some((_, apache_avro::types::Value::Long(id))) => *id,
        other => panic!("{other:?}"),
    }
}

#[test]
fn real_ztf_packets_are_alerts_but_for_the_truncated_one() {
    let Some(shared) = reference::shared("real_ztf_packets") else {
        return;
    };
    let mut cache = SchemaCache::default();
    let mut alerts = 0;
    for dataset in std::fs::read_dir(shared.join("fink/devset/ztf_raw")).unwrap() {
        for file in std::fs::read_dir(dataset.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let value = std::fs::read(&path).unwrap();
            let name = path.display();
            match judge(&mut cache, b"", &value) {
                Ok((head, _)) => {
                    assert!(
                        name.to_string().contains(&head.alert_id.to_string()),
                        "{name}"
                    );
                    alerts += 1;
                }
                Err(error) => {
                    assert!(name.to_string().contains("ampel-ztf"), "{name}: {error}");
                    assert!(
                        error.to_string().contains("more bytes were expected"),
                        "{error}"
                    );
                    let read: Vec<_> = Files::open(std::slice::from_ref(&path), None)
                        .unwrap()
                        .collect();
                    let [Err(FileError::Container { .. })] = read.as_slice() else {
                        panic!("{read:?}")
                    };
                }
            }
        }
    }
    assert_eq!(alerts, 6);
}

#[test]
fn the_program_lists_the_fields_of_a_file() {
    let Message { key, value, .. } = livestream(Survey::Lsst);
    let folder = tempfile::tempdir().unwrap();
    let schemas = folder.path().join("schemas");
    std::fs::create_dir(&schemas).unwrap();
    std::fs::write(schemas.join("alert.avsc"), as_survey_schema(&key, "v10_0")).unwrap();
    let alert = folder.path().join("alert.avro");
    std::fs::write(&alert, [b"\0\0\0\x03\xe8".as_slice(), &value].concat()).unwrap();
    let fields = |arguments: &[&Path]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_skysieve"));
        command.arg("fields").args(arguments).output().unwrap()
    };
    let with = fields(&[&alert, Path::new("--schemas"), &schemas]);
    let text = String::from_utf8(with.stdout).unwrap();
    assert!(text.contains("prvDiaSources[].psfFlux"), "{text}");
    assert!(with.status.success());
    let without = fields(&[&alert]);
    let text = String::from_utf8(without.stderr).unwrap();
    assert!(
        !without.status.success() && text.contains("`lsst.v10_0.alert.avsc`"),
        "{text}"
    );
    let of_survey = fields(&[Path::new("--survey"), Path::new("lsst")]);
    assert!(of_survey.status.success());
}
