//! Avro bytes to a [`Row`](super::Row), reading only what was asked for.
//!
//! In: a writer's schema, a list of raw paths, the bytes of one datum. Out: one value a path.
//! The datum is walked once: what nobody asked for is skipped, arrays of records are read column
//! by column, and every length is checked against the bytes that are left before it is believed.
//! Never here: what a field means; allocation on the word of a length field.

mod bare;
mod container;
mod cursor;
mod error;
mod extent;
mod plan;
mod shape;
mod walk;

pub use container::{Container, ContainerError, MAGIC};
pub use error::{DecodeError, Malformed, Misfit};
pub use extent::Extent;
pub use plan::RawPlan;
pub use shape::{SchemaError, Shape};
