//! How many requests an alert costs.

use super::*;

const OBJECTS: usize = 300;
const ALERTS: usize = 1000;
const GROUPS: [&str; 3] = ["Fink SN", "Fink KN", "Fink AGN"];
/// The Python bridge: instruments, source, candidate, photometry, taxonomy, classifications read
/// and posted, for every alert and each group.
const BRIDGE: f64 = 7.0;

/// What the mapping asks for, beside the candidate.
#[derive(Clone, Copy)]
enum Mapping {
    /// The light curve and a class.
    Lean,
    /// Annotations that differ from alert to alert too, and the object saved.
    Full,
}

/// The `visit`-th alert of an object: what was there before, and one point more.
fn alert(mapping: Mapping, object: usize, visit: usize, ready: &Ready) -> Order {
    let lsst = object % 2 == 1;
    let points = (0..30 + visit).map(|n| {
        let flux = 10.0 + n as f64;
        point(61_000.0 + n as f64, Kind::Detection, flux, Some(n as i64))
    });
    let lean = Order {
        survey: if lsst { Survey::Lsst } else { Survey::Ztf },
        object_id: if lsst {
            format!("3137082890063{object:05}")
        } else {
            format!("ZTF26aa{object:05}")
        },
        alert_id: ALERT + (object * 100 + visit) as i64,
        mjd: 61_030.0 + visit as f64,
        save: Save::Candidate,
        light_curve: Some(LightCurve {
            points: points.collect(),
        }),
        annotations: Map::new(),
        comment: None,
        ..order(ready)
    };
    match mapping {
        Mapping::Lean => lean,
        Mapping::Full => Order {
            save: Save::Source,
            annotations: Map::from_iter([("visit".to_owned(), json!(visit))]),
            ..lean
        },
    }
}

/// Delivers as the pipeline does: of each object in sequence, objects side by side.
async fn deliver(portal: &Portal, mapping: Mapping, ready: &[Ready], visits: &[Vec<usize>]) {
    let open = Arc::new(tokio::sync::Semaphore::new(128));
    let mut tasks = tokio::task::JoinSet::new();
    for (object, visits) in visits.iter().cloned().enumerate() {
        let (portal, ready, open) = (portal.clone(), ready.to_vec(), open.clone());
        tasks.spawn(async move {
            for visit in visits {
                let _open = open.acquire().await.unwrap();
                let alert = |ready: &Ready| alert(mapping, object, visit, ready);
                let orders: Vec<Order> = ready.iter().map(alert).collect();
                portal.announce(&orders.iter().collect::<Vec<_>>()).await;
                let mut routes = tokio::task::JoinSet::new();
                for order in orders {
                    let portal = portal.clone();
                    routes.spawn(async move { portal.deliver(&order).await.map(drop) });
                }
                while let Some(ended) = routes.join_next().await {
                    ended.unwrap().unwrap();
                }
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap();
    }
}

/// Requests for each alert of a new object, and for each alert after that.
async fn cost(mapping: Mapping) -> (f64, f64) {
    let mock = Mock::start().await;
    let config = config::SkyPortal {
        batch_seconds: 0.5,
        timeout_seconds: 60.0,
        requests_per_second: 0.0,
        ..config(&mock.url)
    };
    let stop = CancellationToken::new();
    let portal = Portal::connect(&config, Secret::new(TOKEN), hurry(), None, stop).unwrap();
    let groups = GROUPS.map(|group| Destination {
        surveys: BTreeSet::from([Survey::Ztf, Survey::Lsst]),
        ..destination(group, "early")
    });
    let ready = portal.set_up(&groups).await;
    let ready: Vec<Ready> = ready.into_iter().map(Result::unwrap).collect();

    mock.forget_calls();
    deliver(&portal, mapping, &ready, &vec![vec![0]; OBJECTS]).await;
    let first = mock.state().calls.len() as f64 / OBJECTS as f64;
    let repeats: Vec<Vec<usize>> = (0..OBJECTS)
        .map(|object| {
            (OBJECTS + object..ALERTS)
                .step_by(OBJECTS)
                .map(|n| n / OBJECTS)
                .collect()
        })
        .collect();
    mock.forget_calls();
    deliver(&portal, mapping, &ready, &repeats).await;
    let again = mock.state().calls.len() as f64 / (ALERTS - OBJECTS) as f64;

    let state = mock.state();
    let points: usize = repeats.iter().map(|visits| 30 + visits.len()).sum();
    assert_eq!(state.points.len(), points);
    assert_eq!(state.classifications.len(), OBJECTS * GROUPS.len());
    (first, again)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_costs_few_requests() {
    let lean = cost(Mapping::Lean).await;
    let full = cost(Mapping::Full).await;
    println!("requests for an alert that passes for three groups: a new object, a repeat");
    println!(
        "  candidate, light curve, class      {:.2}  {:.2}",
        lean.0, lean.1
    );
    println!(
        "  saved and annotated as well        {:.2}  {:.2}",
        full.0, full.1
    );
    println!("  the Python bridge, for one group   {BRIDGE:.2}  {BRIDGE:.2}");
    assert!(lean.0 <= 3.0 && lean.1 <= 1.2, "{lean:?}");
    assert!(full.0 < 3.0 * BRIDGE && full.1 < BRIDGE, "{full:?}");
}
