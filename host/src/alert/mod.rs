//! An alert packet, and the fields that can be asked of it.
//!
//! In: the key and value of a message, in any of the ways in which alerts travel. Out: a [`Row`] with the fields that were
//! asked for, and the alert in the survey-neutral terms of the guest contract (`alert.…`).
//! Never here: I/O of any kind, knowledge of a module, of Kafka or of SkyPortal.

mod classification;
mod cutout;
pub mod decode;
mod derived;
mod envelope;
mod field;
mod flux;
mod given;
mod head;
mod lightcurve;
mod listing;
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
pub use envelope::{Envelope, EnvelopeError, Frame, framed_number};
pub use field::{Field, FieldType, ParseTypeError, Scalar, Survey};
pub use given::{GivenSchemas, Incomplete, NotASchema};
pub use head::{Head, NotAnAlert};
pub use lightcurve::{Kind, LightCurve, Magnitudes, Passband, Point};
pub use listing::{Column, columns};
pub use plan::{Extras, Plan, ReadError};
pub use row::Row;
pub use schema::{KeyError, NotAtHand, Opened, SchemaCache, WriterSchema, is_transfer};
