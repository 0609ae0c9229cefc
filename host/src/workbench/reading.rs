//! How one module reads the packets of one schema.

use std::sync::Arc;

use crate::alert::{Extras, Field, Misfit, Plan, Row, WriterSchema};

/// The plans of one schema, and where each field of the module stands in their rows.
pub(super) struct Reading {
    pub schema: Arc<WriterSchema>,
    pub early: Plan,
    pub late: Plan,
    /// By the manifest's fields; none where the schema has no such field, or the other row has it.
    pub early_slots: Vec<Option<usize>>,
    pub late_slots: Vec<Option<usize>>,
    /// Why the module cannot judge alerts of this schema.
    pub misfit: Option<String>,
}

impl Reading {
    /// `fields` are the module's; those under `filter.` are none of the packet's.
    pub fn compile(schema: Arc<WriterSchema>, fields: &[Field]) -> Self {
        let mut misfit = None;
        let (early, early_slots) = plan(&schema, fields, false, &mut misfit);
        let (late, late_slots) = plan(&schema, fields, true, &mut misfit);
        Reading {
            schema,
            early,
            late,
            early_slots,
            late_slots,
            misfit,
        }
    }

    /// The row and the place in it of a field that was read.
    pub fn find<'r>(
        &self,
        field: usize,
        early: &'r Row,
        late: Option<&'r Row>,
    ) -> Option<(&'r Row, usize)> {
        match self.early_slots[field] {
            Some(place) => Some((early, place)),
            None => Some((late?, self.late_slots[field]?)),
        }
    }
}

fn plan(
    schema: &WriterSchema,
    fields: &[Field],
    late: bool,
    misfit: &mut Option<String>,
) -> (Plan, Vec<Option<usize>>) {
    let here = |field: &Field| {
        field.late == late
            && !field.path.starts_with("filter.")
            && field.survey.is_none_or(|only| only == schema.survey())
    };
    // Each path and type once: the same path may be declared once for each survey.
    let mut wanted: Vec<Field> = Vec::new();
    let mut places = Vec::with_capacity(fields.len());
    for field in fields {
        let known = wanted
            .iter()
            .position(|known| known.path == field.path && known.ty == field.ty);
        places.push(here(field).then(|| {
            known.unwrap_or_else(|| {
                wanted.push(field.clone());
                wanted.len() - 1
            })
        }));
    }
    let plan = Plan::compile(schema, &wanted, Extras::default());
    for (field, place) in fields.iter().zip(&mut places) {
        let why = place.and_then(|place| plan.misfit(place));
        if let Some(why) = why {
            let lacking = matches!(why, Misfit::Missing { .. } | Misfit::NoBasis { .. });
            if !(field.optional && lacking) && misfit.is_none() {
                *misfit = Some(why.to_string());
            }
            *place = None;
        }
    }
    (plan, places)
}
