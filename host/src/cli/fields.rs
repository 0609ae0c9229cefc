//! `skysieve fields`

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, bail};

use crate::alert::{
    Column, Extras, Field, FieldType, GivenSchemas, Misfit, Plan, SchemaCache, Survey,
    WriterSchema, alert_fields, columns,
};
use crate::simulate::Schema;
use crate::source::{Files, read_schemas};

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
pub(super) struct FieldsArguments {
    /// A schema (.avsc, or the key.json of wire messages), or a file with an alert.
    #[arg(conflicts_with = "survey")]
    file: Option<PathBuf>,
    /// The newest schema that Fink distributes for a survey.
    #[arg(long, value_parser = survey)]
    survey: Option<Survey>,
    /// A folder of `.avsc` files, for an alert that does not carry its schema.
    #[arg(long, value_name = "DIR", requires = "file")]
    schemas: Option<PathBuf>,
}

fn survey(name: &str) -> Result<Survey, String> {
    [Survey::Ztf, Survey::Lsst]
        .into_iter()
        .find(|survey| survey.name() == name)
        .ok_or_else(|| "expected `ztf` or `lsst`".to_owned())
}

pub(super) fn fields(arguments: FieldsArguments) -> Result<ExitCode> {
    let schema = match (&arguments.file, arguments.survey) {
        (Some(file), _) => schema_of_file(file, arguments.schemas.as_deref())?,
        (None, Some(survey)) => Arc::new(WriterSchema::parse(&Schema::of(survey).key())?),
        (None, None) => bail!("name a file or a survey"),
    };
    match std::io::stdout().write_all(show(&schema).as_bytes()) {
        // `skysieve fields … | head` has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
        written => written?,
    }
    Ok(ExitCode::SUCCESS)
}

fn schema_of_file(file: &Path, schemas: Option<&Path>) -> Result<Arc<WriterSchema>> {
    let named = || format!("`{}`", file.display());
    match file.extension().and_then(|ending| ending.to_str()) {
        Some("avsc") => {
            let folder = file.parent().filter(|folder| *folder != Path::new(""));
            let given = read_schemas(folder.unwrap_or(Path::new(".")))?;
            let name = file.file_name().unwrap_or_default();
            let path = folder.unwrap_or(Path::new(".")).join(name);
            let text = given.of_file(&path.display().to_string());
            let text = text.with_context(|| format!("there is no file {}", named()))??;
            Ok(Arc::new(
                WriterSchema::parse(text.as_bytes()).with_context(named)?,
            ))
        }
        Some("json") => {
            let text = std::fs::read(file).with_context(named)?;
            Ok(Arc::new(WriterSchema::parse(&text).with_context(named)?))
        }
        _ => schema_of_alert(file, schemas),
    }
}

fn schema_of_alert(file: &Path, schemas: Option<&Path>) -> Result<Arc<WriterSchema>> {
    let named = || format!("`{}`", file.display());
    let given = match schemas {
        Some(folder) => read_schemas(folder)?,
        None => GivenSchemas::default(),
    };
    let message = Files::open(&[file.to_owned()], None)?.next();
    let message = message.with_context(|| format!("{} holds no alert", named()))??;
    let opened = SchemaCache::with_given(given).open(&message.key, &message.value);
    Ok(opened.with_context(named)?.schema)
}

/// What a manifest can ask for, with types; what it cannot, with the reason.
fn show(schema: &WriterSchema) -> String {
    let raw = columns(schema.shape());
    let derived: Vec<Field> = alert_fields().map(field).collect();
    let plan = Plan::compile(schema, &derived, Extras::default());
    let paths = raw.iter().map(|column| column.path.len());
    let width = paths
        .chain(derived.iter().map(|field| field.path.len()))
        .max()
        .unwrap_or(0);

    let mut text = format!(
        "# {} schema {}: {} fields of the survey\n",
        schema.survey(),
        schema.fingerprint(),
        raw.len()
    );
    for Column { path, ty, avro } in &raw {
        let _ = match ty {
            Some(ty) => writeln!(text, "{path:width$}  {ty}"),
            None => writeln!(
                text,
                "{path:width$}  - (the guest contract has no type for {avro} here)"
            ),
        };
    }
    let _ = writeln!(text, "\n# fields that mean the same on every survey");
    for (number, Field { path, ty, .. }) in derived.iter().enumerate() {
        let _ = match plan.misfit(number) {
            None => writeln!(text, "{path:width$}  {ty}"),
            Some(Misfit::NoBasis { needs, .. }) => {
                let needs = needs.join("` or `");
                writeln!(
                    text,
                    "{path:width$}  - (needs `{needs}`, which the schema lacks)"
                )
            }
            Some(why) => writeln!(text, "{path:width$}  - ({why})"),
        };
    }
    text
}

fn field((path, ty): (String, FieldType)) -> Field {
    Field {
        path,
        ty,
        optional: true,
        survey: None,
        late: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_survey_lists_its_fields_and_says_what_it_cannot_give() {
        let schema = WriterSchema::parse(&Schema::of(Survey::Ztf).key()).unwrap();
        let text = show(&schema);
        let line = |path: &str| {
            let found = text.lines().find(|l| l.split(' ').next() == Some(path));
            let line = found.unwrap_or_else(|| panic!("no `{path}` in {text}"));
            line.split_whitespace()
                .skip(1)
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(line("candidate.candid"), "i64");
        assert_eq!(line("prv_candidates[].magpsf"), "list<f64>");
        assert_eq!(line("cutoutScience.stampData"), "bytes");
        assert_eq!(line("alert.lightcurve.kind"), "list<i64>");

        // A survey's own packet lacks what Fink adds.
        let raw = r#"{"type":"record","name":"alert","namespace":"ztf","fields":[
            {"name":"candid","type":"long"},
            {"name":"candidate","type":{"type":"record","name":"c","fields":[{"name":"jd","type":"double"}]}}]}"#;
        let text = show(&WriterSchema::parse(raw.as_bytes()).unwrap());
        let class = text.lines().find(|l| l.starts_with("alert.classification"));
        assert!(class.unwrap().contains("needs `cdsxmatch`"), "{class:?}");
    }

    #[test]
    fn a_schema_file_is_read_with_those_that_it_refers_to() {
        let folder = tempfile::tempdir().unwrap();
        let alert = folder.path().join("alert.avsc");
        std::fs::write(
            &alert,
            r#"{"type":"record","name":"alert","namespace":"lsst.v10_0","fields":[{"name":"diaSource","type":"lsst.v10_0.diaSource"}]}"#,
        )
        .unwrap();
        let error = schema_of_file(&alert, None).unwrap_err().to_string();
        assert!(error.contains("`lsst.v10_0.diaSource`"), "{error}");
        std::fs::write(
            folder.path().join("other.avsc"),
            r#"{"type":"record","name":"diaSource","namespace":"lsst.v10_0","fields":[{"name":"diaSourceId","type":"long"}]}"#,
        )
        .unwrap();
        let schema = schema_of_file(&alert, None).unwrap();
        assert!(schema.has("diaSource.diaSourceId"));
    }
}
