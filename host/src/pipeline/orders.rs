//! From an alert that passed to what is to be delivered, route by route.

use serde_json::{Map, Value as Json};

use super::judge::{Judged, Passed, PassedOn, Rows, Said};
use super::mapping::{self, Decision};
use super::plans::{MappingPlan, Plans};
use super::seat::{Seat, SeatRoute};
use crate::alert::{Head, LightCurve, Survey};
use crate::config::Save;
use crate::engine::{Delivery, Fault, Fields, Photometry, Value, Verdict};
use crate::skyportal::{Classification, Order};
use crate::source::Message;

/// Asks the mapping of every route on which the alert passed.
pub(super) fn pass(
    seat: &mut Seat,
    number: usize,
    plans: &Plans,
    message: &Message,
    rows: &mut Rows,
    verdict: Verdict,
    judged: &mut Judged,
) -> Said {
    // A candidate is not lost for its caption: values that cannot be read are null.
    let values = match seat.guest.values() {
        Ok(values) => values,
        Err(fault) => {
            after_the_verdict(seat, &fault, message, &judged.head);
            let specs = seat.guest.module().manifest().values.iter();
            specs.map(|spec| (spec.name.clone(), Value::Null)).collect()
        }
    };
    if let Err(fault) = seat.guest.settle() {
        after_the_verdict(seat, &fault, message, &judged.head);
    }
    let topic = message.place.topic();
    let packet = plans.mapping.read(&message.value, topic, &mut rows.packet);
    let filter = seat.guest.module().clone();
    let mut routes = Vec::new();
    for route_number in verdict.routes() {
        let route = &mut seat.routes[route_number];
        let plan = plans.seats[number].mappings[route_number].as_ref();
        let decision = Decision {
            filter: filter.manifest(),
            route: &route.name.clone(),
            values: &values,
        };
        let delivery = match (&packet, plan) {
            (Err(error), _) => Err(format!("the mapping's fields cannot be read: {error}")),
            (Ok(_), None) if route.mappings.is_empty() => Ok(Some(Delivery::plain())),
            (Ok(_), None) => Err(format!(
                "the route has no mapping for {}",
                judged.head.survey
            )),
            (Ok(_), Some(plan)) => {
                let survey = judged.head.survey;
                let mapped = map(route, plan, &decision, rows, survey);
                let fault = match &mapped {
                    Err(Unmapped::Fault(_, fault)) => Some(fault),
                    _ => None,
                };
                if matches!(mapped, Ok(_) | Err(Unmapped::Fault(..))) {
                    seat.mapping_conduct(route_number, survey, fault, &message.place);
                }
                mapped.map_err(|why| why.to_string())
            }
        };
        let route = &seat.routes[route_number];
        let what = match delivery {
            Ok(Some(delivery)) => {
                order(route, delivery, &values, plans, message, rows, &judged.head)
            }
            Ok(None) => Passed::Declined,
            Err(why) => Passed::Failed(why),
        };
        if let Passed::Failed(why) = &what {
            tracing::warn!(
                route = %route.full_name,
                alert = judged.head.alert_id,
                object = %judged.head.object_id,
                place = %message.place,
                "passed, and cannot be delivered: {why}"
            );
        }
        route.account.passed.add_one();
        routes.push(route.name.clone());
        judged.passed.push(PassedOn {
            route: route.full_name.clone(),
            account: route.account.clone(),
            what,
        });
    }
    Said::Passed { routes, values }
}

/// The verdict stands, and what failed behind it counts towards quarantine.
fn after_the_verdict(seat: &mut Seat, fault: &Fault, message: &Message, head: &Head) {
    tracing::warn!(
        filter = %seat.name,
        module = seat.guest.module().name(),
        hash = %seat.guest.module().hash(),
        alert = head.alert_id,
        object = %head.object_id,
        place = %message.place,
        "after the verdict: {fault}"
    );
    seat.failed(fault, &message.place);
}

/// Why a mapping gave no delivery.
#[derive(Debug, thiserror::Error)]
enum Unmapped {
    #[error("{0}: {1}")]
    Fault(String, Fault),
    #[error("{0}")]
    NotAsked(String),
}

fn map(
    route: &mut SeatRoute,
    plan: &MappingPlan,
    decision: &Decision<'_>,
    rows: &mut Rows,
    survey: Survey,
) -> Result<Option<Delivery>, Unmapped> {
    let Some(mapping) = route.mappings.get_mut(&survey) else {
        let why = format!("the route has no mapping for {survey}");
        return Err(Unmapped::NotAsked(why));
    };
    let module = mapping.guest.module().clone();
    let name = || format!("the mapping `{}` ({})", module.name(), module.hash());
    if let Some(why) = &plan.misfit {
        return Err(Unmapped::NotAsked(format!("{}: {why}", name())));
    }
    if let Some(why) = mapping.conduct.quarantined() {
        let why = format!("{} is in quarantine: {why}", name());
        return Err(Unmapped::NotAsked(why));
    }
    mapping::fill(
        &mut rows.mapping,
        &mapping.fields,
        &plan.places,
        &rows.packet,
        decision,
    );
    let slots: Vec<Option<usize>> = (0..mapping.fields.len()).map(Some).collect();
    let fields = Fields {
        row: &rows.mapping,
        slots: &slots,
    };
    let delivery = mapping.guest.map(fields);
    delivery.map_err(|fault| Unmapped::Fault(name(), fault))
}

fn order(
    route: &SeatRoute,
    delivery: Delivery,
    values: &[(String, Value)],
    plans: &Plans,
    message: &Message,
    rows: &Rows,
    head: &Head,
) -> Passed {
    let Some(destination) = route.destination.clone() else {
        let why = "the route's set-up at SkyPortal failed when skysieve started (see its log)";
        return Passed::Failed(why.to_owned());
    };
    let light_curve = delivery.photometry.map(|photometry| match photometry {
        Photometry::Standard => plans.mapping.light_curve(&rows.packet, head),
        Photometry::Alert => LightCurve {
            points: vec![head.point],
        },
    });
    let position = delivery.position.map(|p| (p.ra, p.dec));
    let (ra, dec) = position.unwrap_or((head.ra, head.dec));
    Passed::Deliver(Box::new(Order {
        place: message.place.to_string(),
        survey: head.survey,
        object_id: head.object_id.to_string(),
        alert_id: head.alert_id,
        mjd: head.mjd(),
        ra,
        dec,
        destination,
        save: save(route.ceiling, &delivery),
        light_curve,
        annotations: annotations(&delivery, values),
        classifications: delivery
            .classifications
            .into_iter()
            .map(|c| Classification {
                class: c.class,
                probability: c.probability,
            })
            .collect(),
        comment: delivery.comment,
    }))
}

/// The configuration is the ceiling: a mapping may only ask for less.
fn save(ceiling: Save, delivery: &Delivery) -> Save {
    match delivery.save {
        Some(crate::engine::Save::Candidate) => Save::Candidate,
        Some(crate::engine::Save::Source) | None => ceiling,
    }
}

/// The filter's values, unless the mapping does not want them, and the mapping's own on top.
fn annotations(delivery: &Delivery, values: &[(String, Value)]) -> Map<String, Json> {
    let mut annotations = Map::new();
    if delivery.values {
        for (name, value) in values {
            let value = match value {
                Value::Null => continue,
                Value::Bool(value) => Json::from(*value),
                Value::I64(value) => Json::from(*value),
                Value::F64(value) => Json::from(*value),
                Value::Str(value) => Json::from(value.as_str()),
            };
            annotations.insert(name.clone(), value);
        }
    }
    annotations.extend(delivery.annotations.clone());
    annotations
}
