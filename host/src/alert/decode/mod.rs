//! Avro bytes to a [`Row`](super::Row), reading only what was asked for.
//!
//! In: a writer's schema, a list of raw paths, the bytes of one datum. Out: one value a path.
//! The datum is walked once: what nobody asked for is skipped, a measurement that lies like the one
//! before it is recognised instead of walked, and every length is checked against the bytes that are
//! left before it is believed.
//! Never here: what a field means; allocation on the word of a length field.

mod bare;
mod cell;
mod container;
mod cursor;
mod error;
mod extent;
mod layout;
mod plan;
mod shape;
mod walk;

pub use container::{Container, ContainerError, MAGIC};
pub use error::{DecodeError, Malformed, Misfit};
pub use extent::Extent;
pub(super) use layout::Layouts;
pub use plan::RawPlan;
pub use shape::{SchemaError, Shape};
