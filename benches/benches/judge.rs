//! An alert from memory, judged by one group to fifty: decoded, records written, filters called,
//! counted. Beside it the bare skip of the same packet.

use std::sync::Arc;

use benches::{BareSkip, Packets, ThreadClock, both, criterion};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use harness::judging::{Judging, message};
use skysieve::source::Message;

fn judge(criterion: &mut Criterion<ThreadClock>) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    for packets in both() {
        let mut group = criterion.benchmark_group(format!("judge, {}", packets.name));
        group.throughput(Throughput::Bytes(packets.mean_bytes()));
        let topic: Arc<str> = "fink_stream".into();
        let open = |groups| {
            let judging = Judging::of(packets.survey, groups, &topic);
            runtime.block_on(judging).expect("groups")
        };
        let rejected = rejected(&packets, &topic, &mut open(2));
        let skip = BareSkip::new(&packets.key);
        let mut next = rejected.iter().cycle();
        group.bench_function("bare skip", |bencher| {
            bencher.iter(|| skip.measure(&next.next().expect("it cycles").value));
        });
        for groups in [1, 5, 20, 50] {
            let mut judging = open(groups);
            let mut next = rejected.iter().cycle();
            group.bench_function(format!("{groups} groups"), |bencher| {
                bencher.iter(|| judging.rejects(next.next().expect("it cycles")));
            });
        }
        group.finish();
    }
}

/// The packets that no filter lets pass: almost all of a stream.
fn rejected(packets: &Packets, topic: &Arc<str>, judging: &mut Judging) -> Vec<Message> {
    let values = packets.values.iter().enumerate();
    values
        .map(|(offset, value)| message(topic, offset, packets.key.clone(), value.clone()))
        .filter(|message| judging.rejects(message))
        .collect()
}

criterion_group! {
    name = benches;
    config = criterion();
    targets = judge
}
criterion_main!(benches);
