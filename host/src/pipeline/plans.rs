//! How to read the packets of one schema for all seats at once.

use std::sync::Arc;

use super::mapping::MappingField;
use super::seat::Seat;
use super::union::Union;
use crate::alert::{Extras, Field, Misfit, Plan, Survey, WriterSchema};

/// The plans of one schema: what every alert is read for, what a filter may ask for late, and what
/// the mappings of an alert that passed need.
pub(super) struct Plans {
    pub schema: Arc<WriterSchema>,
    pub early: Plan,
    pub late: Plan,
    pub mapping: Plan,
    pub seats: Vec<SeatPlan>,
}

/// What one seat reads of packets of this schema.
pub(super) struct SeatPlan {
    /// Why the filter cannot judge alerts of this schema.
    pub misfit: Option<String>,
    pub early: Vec<Option<usize>>,
    pub late: Vec<Option<usize>>,
    /// By route; none where the route has no mapping for the survey.
    pub mappings: Vec<Option<MappingPlan>>,
}

/// What one mapping reads of packets of this schema.
pub(super) struct MappingPlan {
    pub misfit: Option<String>,
    pub places: Vec<Option<usize>>,
}

impl Plans {
    pub fn compile(schema: Arc<WriterSchema>, seats: &[Seat]) -> Self {
        let survey = schema.survey();
        let (mut early, mut late, mut mapping) =
            (Union::default(), Union::default(), Union::default());
        for seat in seats {
            for field in &seat.guest.module().manifest().fields {
                if concerns(field, survey) {
                    if field.late {
                        late.place(field)
                    } else {
                        early.place(field)
                    };
                }
            }
            for field in mappings(seat, survey).flat_map(alert_fields) {
                if concerns(field, survey) {
                    mapping.place(field);
                }
            }
        }
        let plans = [
            Plan::compile(&schema, early.fields(), Extras::default()),
            Plan::compile(&schema, late.fields(), Extras::default()),
            Plan::compile(&schema, mapping.fields(), Extras { light_curve: true }),
        ];
        let seat_plans = seats
            .iter()
            .map(|seat| SeatPlan::new(seat, survey, &plans, [&mut early, &mut late, &mut mapping]))
            .collect();
        let [early, late, mapping] = plans;
        Plans {
            schema,
            early,
            late,
            mapping,
            seats: seat_plans,
        }
    }
}

impl SeatPlan {
    fn new(
        seat: &Seat,
        survey: Survey,
        [early_plan, late_plan, mapping_plan]: &[Plan; 3],
        [early, late, mapping]: [&mut Union; 3],
    ) -> Self {
        let fields = &seat.guest.module().manifest().fields;
        let mut misfit = None;
        let mut look_up = |of_late: bool, union: &mut Union, plan: &Plan| {
            let wanted = |field: &&Field| field.late == of_late && concerns(field, survey);
            let places = fields.iter().map(|field| {
                let field = Some(field).filter(wanted)?;
                slot(field, union.place(field), plan, &mut misfit)
            });
            places.collect()
        };
        let early_places = look_up(false, early, early_plan);
        let late_places = look_up(true, late, late_plan);
        let mappings = seat.routes.iter().map(|route| {
            let fields = &route.mappings.get(&survey)?.fields;
            Some(MappingPlan::new(fields, survey, mapping_plan, mapping))
        });
        SeatPlan {
            mappings: mappings.collect(),
            misfit,
            early: early_places,
            late: late_places,
        }
    }
}

impl MappingPlan {
    fn new(fields: &[MappingField], survey: Survey, plan: &Plan, union: &mut Union) -> Self {
        let mut misfit = None;
        let places = fields.iter().map(|field| match field {
            MappingField::Alert(field) if concerns(field, survey) => {
                slot(field, union.place(field), plan, &mut misfit)
            }
            _ => None,
        });
        MappingPlan {
            places: places.collect(),
            misfit,
        }
    }
}

/// The field's place in the plan's row; null where the schema lacks an optional field.
fn slot(field: &Field, place: usize, plan: &Plan, misfit: &mut Option<String>) -> Option<usize> {
    match plan.misfit(place) {
        None => Some(place),
        Some(why) => {
            let lacking = matches!(why, Misfit::Missing { .. } | Misfit::NoBasis { .. });
            if !(field.optional && lacking) && misfit.is_none() {
                *misfit = Some(why.to_string());
            }
            None
        }
    }
}

fn concerns(field: &Field, survey: Survey) -> bool {
    field.survey.is_none_or(|only| only == survey)
}

fn mappings(seat: &Seat, survey: Survey) -> impl Iterator<Item = &[MappingField]> {
    let routes = seat.routes.iter();
    routes.filter_map(move |route| Some(route.mappings.get(&survey)?.fields.as_slice()))
}

fn alert_fields(fields: &[MappingField]) -> impl Iterator<Item = &Field> {
    fields.iter().filter_map(|field| match field {
        MappingField::Alert(field) => Some(field),
        _ => None,
    })
}
