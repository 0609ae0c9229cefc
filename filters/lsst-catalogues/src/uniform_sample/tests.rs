use skysieve_sdk::test::{Alert, evaluate};

use super::UniformSample;

#[test]
fn one_in_113_passes() {
    let passes = |id: i64| {
        let alert = Alert::new().with("diaSourceId", id);
        evaluate::<UniformSample>(&alert).passed()
    };
    // Above 2^53 no float could tell two of these apart.
    let first = 1_504_498_184_955_592 * 113;
    let passed: Vec<i64> = (first - 200..first + 200)
        .filter(|id| passes(*id))
        .collect();
    assert_eq!(passed, [first - 113, first, first + 113]);
    assert!(passes(0));
}

#[test]
fn a_team_may_want_more_or_none() {
    let outcome = evaluate::<UniformSample>(&Alert::new());
    assert_eq!(outcome.failed_cut(), Some("sampled"));
    let every_tenth = Alert::new().with("diaSourceId", 20).param("one_in", 10);
    assert!(evaluate::<UniformSample>(&every_tenth).passed());
}
