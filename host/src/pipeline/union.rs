//! What all seats together ask for: each path and type once.

use std::collections::HashMap;

use crate::alert::{Field, FieldType};

/// The fields in the order in which they were first asked for.
#[derive(Debug, Default)]
pub(super) struct Union {
    fields: Vec<Field>,
    places: HashMap<(String, FieldType), usize>,
}

impl Union {
    /// The field's place in the list, which it joins if it is new.
    pub fn place(&mut self, field: &Field) -> usize {
        let key = (field.path.clone(), field.ty);
        *self.places.entry(key).or_insert_with(|| {
            self.fields.push(field.clone());
            self.fields.len() - 1
        })
    }

    pub fn fields(&self) -> &[Field] {
        &self.fields
    }
}
