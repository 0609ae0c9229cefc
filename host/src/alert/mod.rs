//! An alert packet, and the fields that can be asked of it.
//!
//! In: the bytes of a message and the writer's schema. Out: a [`Row`] with the fields that were
//! asked for, and the alert in the survey-neutral terms of the guest contract (`alert.…`).
//! Never here: I/O of any kind, knowledge of a module, of Kafka or of SkyPortal.

mod classification;
mod cutout;
pub mod decode;
mod derived;
mod field;
mod flux;
mod head;
mod lightcurve;
mod lsst;
mod plan;
mod row;
mod schema;
mod slot;
mod time;
mod ztf;

pub use classification::label_of_topic;
pub use decode::Misfit;
pub use derived::{Stamp, alert_fields};
pub use field::{Field, FieldType, ParseTypeError, Scalar, Survey};
pub use head::{Head, NotAnAlert};
pub use lightcurve::{Kind, LightCurve, Passband, Point};
pub use plan::{Extras, Plan, ReadError};
pub use row::Row;
pub use schema::{KeyError, SchemaCache, WriterSchema};
