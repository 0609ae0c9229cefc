//! The packets that are measured.

use bytes::Bytes;
use harness::reference;
use skysieve::alert::Survey;
use skysieve::simulate::{History, SimulateConfig, Simulator};

/// Packets of one schema.
pub struct Packets {
    pub survey: Survey,
    /// `ztf`, or `ztf real`.
    pub name: String,
    pub key: Bytes,
    pub values: Vec<Bytes>,
}

impl Packets {
    /// The mean size, for a throughput.
    pub fn mean_bytes(&self) -> u64 {
        let bytes: usize = self.values.iter().map(Bytes::len).sum();
        (bytes / self.values.len().max(1)) as u64
    }
}

/// Of the simulator, with the histories of a second year: LSST has about a thousand points.
///
/// # Panics
/// Where the simulation gives none.
pub fn simulated(survey: Survey) -> Packets {
    let history = match survey {
        Survey::Ztf => History::Dense,
        Survey::Lsst => History::Points(1_000),
    };
    let config = SimulateConfig {
        history,
        ..SimulateConfig::new(survey, 1)
    };
    let messages: Vec<_> = Simulator::new(config).skip(200).take(40).collect();
    Packets {
        survey,
        name: survey.name().to_owned(),
        key: messages[0].key.clone(),
        values: messages.into_iter().map(|message| message.value).collect(),
    }
}

/// Real packets with the schema that most of the survey's have; none where they are not at hand.
pub fn real(survey: Survey) -> Option<Packets> {
    let shared = reference::shared("the real packets' benchmarks")?;
    let folder = match survey {
        Survey::Ztf => "ztf_fink",
        Survey::Lsst => "lsst_fink",
    };
    let messages = reference::messages(&shared).ok()?;
    let of_survey = messages.into_iter().filter(|message| {
        message
            .path
            .components()
            .any(|part| part.as_os_str() == folder)
    });
    let mut by_key = std::collections::BTreeMap::<Vec<u8>, Vec<Bytes>>::new();
    for message in of_survey {
        by_key
            .entry(message.key)
            .or_default()
            .push(message.value.into());
    }
    let (key, values) = by_key.into_iter().max_by_key(|(_, values)| values.len())?;
    Some(Packets {
        survey,
        name: format!("{} real", survey.name()),
        key: key.into(),
        values,
    })
}

/// All that there are.
pub fn both() -> Vec<Packets> {
    let surveys = [Survey::Ztf, Survey::Lsst];
    let simulated = surveys.map(simulated);
    simulated
        .into_iter()
        .chain(surveys.into_iter().filter_map(real))
        .collect()
}
