//! The bridge's files in, our configuration out.

use std::path::Path;

use super::*;
use crate::config::{Config, Save, SecretSource};

const ZTF: &str = "
survey: ztf
fink_topics: [fink_kn_candidates_ztf, fink_early_sn_candidates_ztf]
fink_username: me
fink_password: null
fink_group_id: my_team
fink_servers: kafka-ztf.fink-broker.org:24499
skyportal_url: http://localhost:5000/
skyportal_token: 7f9c-secret
skyportal_group: Fast Transients
skyportal_name: Fink
whitelisted: false
testing: false
";

fn lsst() -> String {
    ZTF.replace("survey: ztf", "survey: lsst")
        .replace("_ztf", "_lsst")
        .replace("fink_password: null", "fink_password: pass-secret")
        .replace("testing:", "tseting:")
}

fn imported(files: &[(&str, &str)]) -> Result<Import, ImportError> {
    let own = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
    import(&files.iter().map(own).collect::<Vec<_>>())
}

fn config(yaml: &str) -> Config {
    Config::from_yaml(yaml, Path::new("/etc"), "the import").unwrap()
}

#[test]
fn names_are_those_that_the_bridge_gave() {
    let import = imported(&[("ztf.yaml", ZTF)]).unwrap();
    let config = config(&import.yaml);
    let group = &config.groups[0];
    assert_eq!(config.skyportal.url, "http://localhost:5000");
    assert_eq!(config.skyportal.taxonomy, "Fink Taxonomy");
    assert_eq!(group.skyportal_group, "Fast Transients");
    assert_eq!(group.stream, "fast transients_stream");
    assert_eq!(
        group.filters[0].skyportal_filter.as_deref(),
        Some("fast transients_filter")
    );
    assert_eq!(group.filters[0].routes["main"].save, Save::Source);
    let source = &config.sources[0];
    assert_eq!(source.kafka_group, "my_team");
    assert_eq!(source.servers, ["kafka-ztf.fink-broker.org:24499"]);
    assert_eq!(source.topics.len(), 2);
    assert!(source.sign_in.is_none(), "a null password is no sign-in");
}

#[test]
fn several_files_make_one_configuration_and_no_secret_is_written() {
    let lsst = lsst();
    let import = imported(&[("ztf.yaml", ZTF), ("lsst.yaml", &lsst)]).unwrap();
    let told = format!("{}{}", import.yaml, import.notes.join("\n"));
    assert!(!told.contains("secret\""), "{told}");
    assert!(
        !told.contains("7f9c-secret") && !told.contains("pass-secret"),
        "{told}"
    );
    for expected in [
        "`tseting`",
        "`testing`",
        "SKYPORTAL_TOKEN",
        "FINK_LSST_PASSWORD",
    ] {
        assert!(told.contains(expected), "{expected} is not in {told}");
    }
    let config = config(&import.yaml);
    assert_eq!(config.groups.len(), 1, "one SkyPortal group");
    assert_eq!(config.groups[0].filters.len(), 2);
    assert_eq!(config.sources.len(), 2);
    let sign_in = config.sources[1].sign_in.as_ref().unwrap();
    let variable = SecretSource::Env("FINK_LSST_PASSWORD".to_owned());
    assert_eq!(sign_in.password, variable);
}

#[test]
fn a_topic_of_two_groups_is_read_once() {
    let other = ZTF
        .replace("Fast Transients", "fast-transients")
        .replace("my_team", "other_team")
        .replace(", fink_early_sn", ", fink_sn");
    let import = imported(&[("a.yaml", ZTF), ("b.yaml", &other)]).unwrap();
    let config = config(&import.yaml);
    assert_eq!(config.groups.len(), 2);
    assert_ne!(config.groups[0].modules, config.groups[1].modules);
    assert_eq!(config.sources[1].topics, ["fink_sn_candidates_ztf"]);
    let told = import.notes.join("\n");
    assert!(
        told.contains("`fink_kn_candidates_ztf` is read once"),
        "{told}"
    );
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    let error = |text: &str| imported(&[("b.yaml", text)]).unwrap_err().to_string();
    let text = error(&ZTF.replace("fink_group_id: my_team\n", ""));
    assert!(text.contains("`b.yaml` has no `fink_group_id`"), "{text}");
    let text = error(&ZTF.replace("survey: ztf", "survey: atlas"));
    assert!(
        text.contains("`atlas`") && text.contains("`lsst`"),
        "{text}"
    );
    let text = error("skyportal_token: 7f9c-secret: x: [");
    assert!(!text.contains("7f9c"), "{text}");
    let elsewhere = ZTF.replace("localhost", "elsewhere");
    let error = imported(&[("a.yaml", ZTF), ("b.yaml", &elsewhere)]).unwrap_err();
    assert!(
        error.to_string().contains("`http://elsewhere:5000`"),
        "{error}"
    );
}
