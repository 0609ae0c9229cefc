//! Schemas that do not travel with the alerts: given as files, or fetched once.

use std::collections::BTreeSet;

use serde_json::Value;

/// The ending of a schema file.
const ENDING: &str = ".avsc";

/// Definitions within definitions, beyond which a folder of schemas is taken to be wrong.
const MAX_DEPTH: usize = 64;

/// Schemas by name and by number.
///
/// A schema that refers to types of other files has them written in, so that each is whole by
/// itself, like the key of a livestream message.
#[derive(Clone, Debug, Default)]
pub struct GivenSchemas {
    schemas: Vec<Given>,
    folders: Vec<String>,
}

#[derive(Clone, Debug)]
struct Given {
    /// For messages; of a learnt schema the topic that it came from.
    file: String,
    /// The name without its folder and ending.
    stem: String,
    /// 100 times the major version plus the minor one, of an LSST `alert` schema.
    id: Option<u32>,
    /// The whole schema, or the name that no file defines.
    text: Result<String, String>,
}

/// Why a file is no schema.
#[derive(Debug, thiserror::Error)]
#[error("`{file}` is no Avro schema: {reason}")]
pub struct NotASchema {
    file: String,
    reason: String,
}

/// A schema that is at hand in part.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the schema is at hand in part: `{file}` refers to `{missing}`, which no file beside it defines: put that one there as well"
)]
pub struct Incomplete {
    pub file: String,
    pub missing: String,
}

impl GivenSchemas {
    /// Takes the files of one folder (and its folders within), as paths and texts.
    ///
    /// # Errors
    /// Where a text is not JSON, or has no type.
    pub fn from_files(folder: &str, files: &[(String, String)]) -> Result<Self, NotASchema> {
        let parse = |(file, text): &(String, String)| {
            let not_a_schema = |reason: String| NotASchema {
                file: file.clone(),
                reason,
            };
            let json: Value =
                serde_json::from_str(text).map_err(|error| not_a_schema(error.to_string()))?;
            if json.get("type").is_none() {
                return Err(not_a_schema("it has no `type`".to_owned()));
            }
            let name = full_name(&json, None);
            Ok(Definition {
                file: file.clone(),
                name,
                json,
            })
        };
        let definitions: Vec<Definition> = files.iter().map(parse).collect::<Result<_, _>>()?;
        let schemas = definitions.iter().map(|definition| Given {
            file: definition.file.clone(),
            stem: stem(&definition.file).to_owned(),
            id: definition.name.as_deref().and_then(number),
            text: definition.whole(&definitions).map(|json| json.to_string()),
        });
        Ok(GivenSchemas {
            schemas: schemas.collect(),
            folders: vec![folder.to_owned()],
        })
    }

    /// Adds a schema that was fetched, under the name that messages use for it.
    pub fn learn(&mut self, name: &str, text: &str) {
        self.schemas.push(Given {
            file: name.to_owned(),
            stem: name.to_owned(),
            id: None,
            text: Ok(text.to_owned()),
        });
    }

    /// Adds another folder's.
    pub fn extend(&mut self, other: GivenSchemas) {
        self.schemas.extend(other.schemas);
        self.folders.extend(other.folders);
    }

    /// Whether there is a schema of that name.
    pub fn has(&self, name: &str) -> bool {
        self.named(name).next().is_some()
    }

    /// The schemas that a key may mean, the likeliest first: the file that is named so, one whose
    /// name ends so, and the same for Fink's replays of old alerts (`…_replayed`).
    pub fn named<'g>(
        &'g self,
        key: &str,
    ) -> impl Iterator<Item = Result<&'g str, Incomplete>> + use<'g> {
        let replayed = format!("{key}_replayed");
        let wanted = [key, &replayed].map(|name| (name.to_owned(), format!("_{name}")));
        let ranks = wanted
            .into_iter()
            .flat_map(|(name, ending)| [(name, false), (ending, true)] as [(String, bool); 2]);
        ranks.flat_map(|(wanted, ending)| {
            self.schemas.iter().filter_map(move |given| {
                let meant = match ending {
                    false => given.stem == wanted,
                    true => given.stem.ends_with(&wanted),
                };
                meant.then(|| given.text())
            })
        })
    }

    /// The schema of a number.
    pub fn numbered(&self, id: u32) -> Option<Result<&str, Incomplete>> {
        let given = self.schemas.iter().find(|given| given.id == Some(id));
        given.map(Given::text)
    }

    /// The schema of a file.
    pub fn of_file(&self, file: &str) -> Option<Result<&str, Incomplete>> {
        let given = self.schemas.iter().find(|given| given.file == file);
        given.map(Given::text)
    }

    /// Where a missing schema is to be put, in words.
    pub fn place(&self) -> String {
        match self.folders.as_slice() {
            [] => "a folder, and name it: `schemas` of the source, or `--schemas` of a replay"
                .to_owned(),
            folders => format!("`{}`", folders.join("` or `")),
        }
    }
}

impl Given {
    fn text(&self) -> Result<&str, Incomplete> {
        self.text.as_deref().map_err(|missing| Incomplete {
            file: self.file.clone(),
            missing: missing.clone(),
        })
    }
}

fn stem(file: &str) -> &str {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    name.strip_suffix(ENDING).unwrap_or(name)
}

fn folder(file: &str) -> &str {
    file.rsplit_once(['/', '\\'])
        .map_or("", |(folder, _)| folder)
}

/// `lsst.v10_0.alert` is number 1000.
fn number(full_name: &str) -> Option<u32> {
    let namespace = full_name.strip_suffix(".alert")?;
    namespace.split('.').find_map(|part| {
        let (major, minor) = part.strip_prefix('v')?.split_once('_')?;
        let (major, minor): (u32, u32) = (major.parse().ok()?, minor.parse().ok()?);
        major.checked_mul(100)?.checked_add(minor)
    })
}

/// A named type's name with its namespace.
fn full_name(json: &Value, enclosing: Option<&str>) -> Option<String> {
    let name = json.get("name")?.as_str()?;
    let namespace = json.get("namespace").and_then(Value::as_str).or(enclosing);
    Some(qualified(name, namespace))
}

fn qualified(name: &str, namespace: Option<&str>) -> String {
    match namespace {
        Some(namespace) if !namespace.is_empty() && !name.contains('.') => {
            format!("{namespace}.{name}")
        }
        _ => name.to_owned(),
    }
}

struct Definition {
    file: String,
    name: Option<String>,
    json: Value,
}

impl Definition {
    /// The definition with everything written in that it refers to; else the first name that is
    /// nowhere.
    fn whole(&self, all: &[Definition]) -> Result<Value, String> {
        let mut writing = Writing {
            all,
            folder: folder(&self.file),
            written: BTreeSet::new(),
        };
        let mut json = self.json.clone();
        writing.write_in(&mut json, None, 0)?;
        Ok(json)
    }
}

/// Writes definitions in where they are first referred to.
struct Writing<'d> {
    all: &'d [Definition],
    folder: &'d str,
    written: BTreeSet<String>,
}

impl Writing<'_> {
    fn write_in(
        &mut self,
        json: &mut Value,
        namespace: Option<&str>,
        depth: usize,
    ) -> Result<(), String> {
        if depth > MAX_DEPTH {
            return Err("a type nested without end".to_owned());
        }
        match json {
            Value::String(name) => {
                if let Some(mut definition) = self.referred(name, namespace)? {
                    self.write_in(&mut definition, None, depth + 1)?;
                    *json = definition;
                }
                Ok(())
            }
            Value::Array(branches) => branches
                .iter_mut()
                .try_for_each(|branch| self.write_in(branch, namespace, depth + 1)),
            Value::Object(_) => self.write_in_type(json, namespace, depth),
            _ => Ok(()),
        }
    }

    fn write_in_type(
        &mut self,
        json: &mut Value,
        namespace: Option<&str>,
        depth: usize,
    ) -> Result<(), String> {
        let kind = json.get("type").and_then(Value::as_str).unwrap_or_default();
        let below = match kind {
            "record" | "error" | "enum" | "fixed" => {
                let name = full_name(json, namespace).unwrap_or_default();
                let inner = name.rsplit_once('.').map(|(inner, _)| inner.to_owned());
                self.written.insert(name);
                let fields = json.get_mut("fields").and_then(Value::as_array_mut);
                for field in fields.into_iter().flatten() {
                    if let Some(ty) = field.get_mut("type") {
                        self.write_in(ty, inner.as_deref(), depth + 1)?;
                    }
                }
                return Ok(());
            }
            "array" => "items",
            "map" => "values",
            _ => "type",
        };
        match json.get_mut(below) {
            Some(below) => self.write_in(below, namespace, depth + 1),
            None => Ok(()),
        }
    }

    /// The definition that a name stands for, if it is still to be written in.
    fn referred(&mut self, name: &str, namespace: Option<&str>) -> Result<Option<Value>, String> {
        const PRIMITIVES: [&str; 8] = [
            "null", "boolean", "int", "long", "float", "double", "bytes", "string",
        ];
        let full_name = qualified(name, namespace);
        if PRIMITIVES.contains(&name) || self.written.contains(&full_name) {
            return Ok(None);
        }
        // Two versions may define the same name: the file beside the one that asks is meant.
        let defines = |d: &&Definition| d.name.as_deref() == Some(full_name.as_str());
        let mut all = self.all.iter().filter(defines);
        let beside = all.clone().find(|d| folder(&d.file) == self.folder);
        match beside.or_else(|| all.next()) {
            Some(definition) => Ok(Some(definition.json.clone())),
            None => Err(full_name),
        }
    }
}
