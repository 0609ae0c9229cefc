//! The configuration's text, with what its reader should know.

use std::fmt::{self, Write as _};

use serde_json::Value;

use super::{Group, Plan, Source};

/// The configuration's text.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HEAD)?;
        writeln!(
            f,
            "  url: {}",
            quote(self.url.as_deref().unwrap_or_default())
        )?;
        f.write_str(SKYPORTAL)?;
        f.write_str("\nsources:\n")?;
        self.sources
            .iter()
            .try_for_each(|source| write!(f, "{source}"))?;
        f.write_str("\ngroups:\n")?;
        let mut folders = Vec::new();
        for group in &self.groups {
            let folder = folder(&group.name, &folders);
            write_group(f, group, &folder)?;
            folders.push(folder);
        }
        Ok(())
    }
}

const HEAD: &str = "\
# Made from the Python bridge's configuration. `skysieve config` explains every key, and
# `skysieve check` tries all of this out without posting anything.
state: state

skyportal:
";

const SKYPORTAL: &str = "  token: { env: SKYPORTAL_TOKEN }
  # SkyPortal's exact names. The bridge took the first instrument whose name, in lower case,
  # contains `cfh12k` or `ztf` (ZTF), `lsstcam` or `lsst` (LSST): if that was another one than
  # these, write its name here, or the light curves go on under another instrument.
  instruments: { ztf: ZTF, lsst: LSST }
  taxonomy: Fink Taxonomy
";

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  - name: {}", self.name)?;
        writeln!(f, "    survey: {}", self.survey)?;
        writeln!(f, "    servers: {}", quote_all(&self.servers))?;
        writeln!(
            f,
            "    # The bridge's own: reading goes on where it stopped. Stop the bridge first."
        )?;
        writeln!(f, "    kafka_group: {}", quote(&self.kafka_group))?;
        writeln!(f, "    topics: {}", quote_all(&self.topics))?;
        if let Some(username) = &self.username {
            writeln!(
                f,
                "    # As Fink's client signs in. Fink's streams need none: if they refuse this, take it out."
            )?;
            writeln!(f, "    sign_in:")?;
            writeln!(f, "      mechanism: scram-sha-512")?;
            writeln!(f, "      username: {}", quote(username))?;
            writeln!(f, "      password: {{ env: {} }}", self.variable())?;
        }
        Ok(())
    }
}

fn write_group(f: &mut fmt::Formatter<'_>, group: &Group, folder: &str) -> fmt::Result {
    let lower = group.name.to_lowercase();
    writeln!(f, "  - name: {}", quote(folder))?;
    writeln!(f, "    skyportal_group: {}", quote(&group.name))?;
    writeln!(f, "    stream: {}", quote(&format!("{lower}_stream")))?;
    writeln!(
        f,
        "    # Put `pass_all.wasm` and `standard_mapping.wasm` there."
    )?;
    writeln!(f, "    modules: {}", quote(&format!("modules/{folder}")))?;
    writeln!(f, "    filters:")?;
    for (survey, topics) in &group.topics {
        writeln!(f, "      - name: fink-{survey}")?;
        writeln!(
            f,
            "        skyportal_filter: {}",
            quote(&format!("{lower}_filter"))
        )?;
        writeln!(f, "        topics: {}", quote_all(topics))?;
        writeln!(f, "        # As the bridge: the topic is the cut.")?;
        writeln!(f, "        module: pass_all.wasm")?;
        writeln!(f, "        routes:")?;
        writeln!(f, "          main:")?;
        writeln!(
            f,
            "            # As the bridge: every alert is saved to the group."
        )?;
        writeln!(f, "            save: source")?;
        writeln!(
            f,
            "            mapping: {{ {survey}: standard_mapping.wasm }}"
        )?;
    }
    Ok(())
}

/// A folder's name for a group, unlike those before.
fn folder(group: &str, taken: &[String]) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = group.to_lowercase().chars().map(plain).collect();
    let name = match name.trim_matches('-') {
        "" => "group",
        name => name,
    };
    let mut folder = name.to_owned();
    let mut number = 2;
    while taken.contains(&folder) {
        folder = format!("{name}-{number}");
        number += 1;
    }
    folder
}

/// In double quotes, as both JSON and YAML read it.
fn quote(text: &str) -> String {
    Value::from(text).to_string()
}

fn quote_all(texts: &[String]) -> String {
    let mut list = String::from("[");
    for (i, text) in texts.iter().enumerate() {
        let comma = if i > 0 { ", " } else { "" };
        // Writing to a string cannot fail.
        let _ = write!(list, "{comma}{}", quote(text));
    }
    list + "]"
}
