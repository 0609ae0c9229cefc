//! A configuration that cannot work is refused at the start, in words that say what to change.

use anyhow::Result;
use harness::deployment::Deployment;
use skysieve::alert::Survey;
use skysieve::config::DEFAULT_YAML;

/// The words of a `run` that must not start.
async fn refusal(deployment: &Deployment) -> Result<String> {
    let ended = deployment.run(&["run"]).await?;
    assert_eq!(
        ended.status.code(),
        Some(1),
        "{}{}",
        ended.stdout,
        ended.stderr
    );
    assert!(
        deployment.portal.calls().is_empty(),
        "SkyPortal was bothered"
    );
    let said = ended.stderr.find("error: ");
    let said = said.map(|at| ended.stderr[at..].to_owned());
    Ok(said.unwrap_or_else(|| panic!("no `error: ` in {}", ended.stderr)))
}

fn has(said: &str, words: &[&str]) {
    for words in words {
        assert!(said.contains(words), "no {words} in: {said}");
    }
}

async fn deployment() -> Result<Deployment> {
    Deployment::new(env!("CARGO_BIN_EXE_skysieve")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_is_printed_as_it_is() -> Result<()> {
    let printed = std::process::Command::new(env!("CARGO_BIN_EXE_skysieve"))
        .arg("config")
        .output()?;
    assert!(printed.status.success());
    assert_eq!(String::from_utf8(printed.stdout)?, DEFAULT_YAML);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_misspelt_key_is_told_with_its_line_and_the_key_that_was_meant() -> Result<()> {
    let deployment = deployment().await?;
    let yaml = DEFAULT_YAML.replacen("skyportal_group:", "skyportal_grup:", 1);
    let line = yaml
        .lines()
        .position(|line| line.contains("skyportal_grup:"));
    let line = line.map_or(0, |line| line + 1);
    let file = deployment.folder().join("typo.yaml");
    std::fs::write(&file, yaml)?;
    for arguments in [vec!["run"], vec!["replay", "nothing.avro"]] {
        let ended = std::process::Command::new(env!("CARGO_BIN_EXE_skysieve"))
            .args(&arguments)
            .arg("--config")
            .arg(&file)
            .output()?;
        assert_eq!(ended.status.code(), Some(1), "{arguments:?}");
        let said = String::from_utf8(ended.stderr)?;
        let place = format!("typo.yaml`:{line}:");
        has(
            &said,
            &[
                &place,
                "`skyportal_grup`",
                "did you mean `skyportal_group`?",
            ],
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_file_at_all_is_told_by_its_path() -> Result<()> {
    let ended = std::process::Command::new(env!("CARGO_BIN_EXE_skysieve"))
        .args(["run", "--config", "/nowhere/at/all.yaml"])
        .output()?;
    assert_eq!(ended.status.code(), Some(1));
    has(
        &String::from_utf8(ended.stderr)?,
        &["`/nowhere/at/all.yaml`"],
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_module_that_is_not_there_is_named_with_its_group_and_folder() -> Result<()> {
    let deployment = deployment().await?;
    let folder = &deployment.config.groups[0].modules;
    std::fs::remove_file(folder.join("fast_transient.wasm"))?;
    let said = refusal(&deployment).await?;
    let folder = folder.display().to_string();
    has(
        &said,
        &[
            "`fast_transient.wasm`",
            "`transients`",
            "there is no such file",
            &folder,
        ],
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_that_the_module_does_not_have_is_told_with_those_that_it_has() -> Result<()> {
    let mut deployment = deployment().await?;
    let routes = &mut deployment.config.groups[0].filters[0].routes;
    if let Some(route) = routes.remove("urgent") {
        routes.insert("urgnet".to_owned(), route);
    }
    let said = refusal(&deployment).await?;
    has(
        &said,
        &["`fast_transient.wasm`", "`urgnet`", "`main`, `urgent`"],
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_that_nobody_bound_is_told() -> Result<()> {
    let mut deployment = deployment().await?;
    deployment.config.groups[0].filters[0]
        .routes
        .remove("urgent");
    let said = refusal(&deployment).await?;
    has(&said, &["`fast_transient.wasm`", "`urgent` is not bound"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_parameter_is_told_with_the_one_that_was_meant() -> Result<()> {
    let mut deployment = deployment().await?;
    let parameters = &mut deployment.config.groups[0].filters[0].parameters;
    parameters.insert("min_real_bogis".to_owned(), 0.5.into());
    let said = refusal(&deployment).await?;
    has(
        &said,
        &[
            "`fast_transient.wasm`",
            "`min_real_bogis`",
            "`min_real_bogus`",
        ],
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parameter_out_of_its_range_is_told_with_the_range() -> Result<()> {
    let mut deployment = deployment().await?;
    let parameters = &mut deployment.config.groups[0].filters[0].parameters;
    parameters.insert("min_real_bogus".to_owned(), 1.5.into());
    let said = refusal(&deployment).await?;
    has(&said, &["`fast_transient.wasm`", "`min_real_bogus`", "1.5"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_in_a_filters_place_is_told() -> Result<()> {
    let mut deployment = deployment().await?;
    deployment.config.groups[0].filters[0].module = "standard_mapping.wasm".to_owned();
    let said = refusal(&deployment).await?;
    has(
        &said,
        &[
            "`standard_mapping.wasm`",
            "does not export `skysieve_filter`",
        ],
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_for_one_survey_of_two_is_told() -> Result<()> {
    let mut deployment = deployment().await?;
    let filter = &mut deployment.config.groups[0].filters[0];
    for route in filter.routes.values_mut() {
        route.mapping.remove(&Survey::Lsst);
    }
    let said = refusal(&deployment).await?;
    has(&said, &["the route `main`", "has no mapping for `lsst`"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_no_source_reads_is_told_with_the_one_that_was_meant() -> Result<()> {
    let mut deployment = deployment().await?;
    deployment.config.groups[1].filters[0].topics = vec!["fink_sn_candidate_ztf".to_owned()];
    let said = refusal(&deployment).await?;
    has(
        &said,
        &[
            "`fink_sn_candidate_ztf`",
            "did you mean `fink_sn_candidates_ztf`?",
        ],
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_file_that_is_not_there_is_told_by_its_path() -> Result<()> {
    let deployment = deployment().await?;
    let token = deployment.folder().join("token");
    std::fs::remove_file(&token)?;
    let said = refusal(&deployment).await?;
    has(
        &said,
        &["the SkyPortal token", &token.display().to_string()],
    );
    Ok(())
}
