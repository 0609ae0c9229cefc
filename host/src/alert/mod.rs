//! An alert packet, and the fields that can be asked of it.
//!
//! In: the bytes of a message and the writer's schema. Out: a [`Row`] with the fields that were
//! asked for, and the alert in the survey-neutral terms of the guest contract (`alert.…`).
//! Never here: I/O of any kind, knowledge of a module, of Kafka or of SkyPortal.

mod field;
mod lightcurve;
mod row;

pub use field::{Field, FieldType, ParseTypeError, Scalar, Survey};
pub use lightcurve::{Kind, LightCurve, Passband, Point};
pub use row::Row;
