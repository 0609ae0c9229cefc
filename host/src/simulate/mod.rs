//! Simulated Fink alerts, for the demo, the tests and the benchmarks: no real alert is needed.
//!
//! In: a seed and what to simulate. Out: messages with the keys, values and topics of Fink's ZTF and
//! LSST streams, to memory, files or Kafka; the same seed gives the same bytes.
//! The order: [`SkyObject`] and its light curve → visits of a survey → a [`Packet`] → a [`Message`].
//! Never here: real alert data, the clock of the machine (but to keep a rate), a decoder.
//!
//! ```
//! use skysieve::alert::Survey;
//! use skysieve::simulate::{Alert, Kind, SimulateConfig, Simulator};
//!
//! let messages: Vec<_> = Simulator::new(SimulateConfig::new(Survey::Ztf, 7)).take(3).collect();
//! assert!(messages.iter().all(|message| message.topic.starts_with("fink_")));
//!
//! // One alert with a field of its own, for a test of a cut.
//! let alert = Alert::typical(Survey::Ztf, Kind::Supernova, 7).with("candidate.drb", 0.4)?;
//! assert!(alert.message().value.len() > 40_000);
//! # Ok::<(), skysieve::simulate::PacketError>(())
//! ```

mod cadence;
mod cases;
mod clock;
pub mod command;
mod coordinates;
mod dice;
mod features;
mod fits;
mod lsst;
mod lsst_fields;
mod lsst_object;
mod lsst_orbit;
mod lsst_source;
mod mix;
mod output;
mod packet;
mod schema;
mod simulator;
mod sky;
mod trouble;
mod value;
mod ztf;
mod ztf_candidate;
mod ztf_fields;

pub use cadence::History;
pub use cases::{Case, CaseError};
pub use fits::Cutouts;
pub use mix::{Mix, MixError};
pub(crate) use output::Files;
pub use packet::{Packet, PacketError};
pub use schema::{Field, Record, Schema, Type};
pub use simulator::{Alert, Message, SimulateConfig, Simulator, Truth};
pub use sky::{Kind, SkyObject};
pub use trouble::{Trouble, TroubleError, Troubles};
pub use value::Value;

/// Every topic that a simulated alert of the survey may come in.
pub fn topics(survey: crate::alert::Survey) -> &'static [&'static str] {
    match survey {
        crate::alert::Survey::Ztf => &[
            "fink_early_sn_candidates_ztf",
            "fink_kn_candidates_ztf",
            "fink_sn_candidates_ztf",
            "fink_sso_ztf_candidates_ztf",
            "fink_unknowns_ztf",
            "fink_vra_ztf",
            "fink_yso_candidates_ztf",
        ],
        crate::alert::Survey::Lsst => &[
            "fink_extragalactic_new_candidate_lsst",
            "fink_extragalactic_svom_lsst",
            "fink_fast_transient_gvom_lsst",
            "fink_in_simbad_lsst",
            "fink_in_tns_lsst",
            "fink_is_solar_system_lsst",
            "fink_remove_unlikely_transients_lsst",
            "fink_sn_near_galaxy_candidate_lsst",
        ],
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod test_support {
    use std::path::{Path, PathBuf};

    /// A file of the reference data beside the repository; `None`, said aloud, where there is none.
    pub fn shared(path: &str) -> Option<PathBuf> {
        let root = std::env::var_os("SKYSIEVE_SHARED")
            .map(PathBuf::from)
            .or_else(beside);
        let found = root
            .map(|root| root.join(path))
            .filter(|file| file.exists());
        if found.is_none() {
            println!("skipped: no `{path}` in a `shared` beside the repository");
        }
        found
    }

    fn beside() -> Option<PathBuf> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        here.ancestors()
            .map(|folder| folder.join("shared"))
            .find(|shared| shared.join("fink/devset").is_dir())
    }
}
