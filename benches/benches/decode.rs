//! Reading a packet: ours for nothing, for ten numbers, for the light curve; apache-avro to a value.
//!
//! Packets are the simulator's, of the real shape and size.

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use criterion::{
    BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};
use skysieve::alert::{Extras, Field, Plan, Row, SchemaCache, Survey, WriterSchema};
use skysieve::simulate::{History, Message, SimulateConfig, Simulator};

fn packets(survey: Survey) -> Vec<Message> {
    let config = SimulateConfig {
        history: History::Dense,
        ..SimulateConfig::new(survey, 1)
    };
    // Past the first alerts, which have no history yet.
    Simulator::new(config).skip(2_000).take(50).collect()
}

fn fields(survey: Survey) -> Vec<Field> {
    let paths: &[&str] = match survey {
        Survey::Ztf => &[
            "candidate.rb",
            "candidate.drb",
            "candidate.classtar",
            "candidate.jd",
            "candidate.jdstarthist",
            "candidate.magpsf",
            "snn_sn_vs_all",
            "snn_snia_vs_nonia",
            "rf_snia_vs_nonia",
            "rf_kn_vs_nonkn",
        ],
        Survey::Lsst => &[
            "diaSource.psfFlux",
            "diaSource.psfFluxErr",
            "diaSource.ra",
            "diaSource.dec",
            "diaSource.snr",
            "diaSource.midpointMjdTai",
            "diaSource.reliability",
            "misc.firstDiaSourceMjdTaiFink",
            "xm.mangrove_lum_dist",
            "clf.snnSnVsOthers_score",
        ],
    };
    paths.iter().map(|path| field(path, "f64")).collect()
}

fn light_curve() -> Vec<Field> {
    ["mjd", "flux", "flux_err"]
        .map(|column| field(&format!("alert.lightcurve.{column}"), "list<f64>"))
        .into()
}

fn field(path: &str, ty: &str) -> Field {
    Field {
        path: path.to_owned(),
        ty: ty.parse().expect("a type of the contract"),
        optional: false,
        survey: None,
        late: false,
    }
}

fn read(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    packets: &[Message],
    fields: &[Field],
) {
    let schema = WriterSchema::parse(&packets[0].key).expect("a simulated key");
    let plan = Plan::compile(&schema, fields, Extras::default());
    let mut row = Row::default();
    let mut next = packets.iter().cycle();
    group.bench_function(name, |bencher| {
        bencher.iter(|| {
            let packet = next.next().expect("it cycles");
            plan.read(&packet.value, None, &mut row)
                .expect("a simulated packet")
        });
    });
}

fn survey(criterion: &mut Criterion, survey: Survey) {
    let packets = packets(survey);
    let bytes: usize = packets.iter().map(|packet| packet.value.len()).sum();
    let mut group = criterion.benchmark_group(format!("decode/{survey}"));
    group.throughput(Throughput::Bytes((bytes / packets.len()) as u64));
    read(&mut group, "nothing", &packets, &[]);
    read(&mut group, "ten numbers", &packets, &fields(survey));
    read(&mut group, "light curve", &packets, &light_curve());

    let key = std::str::from_utf8(&packets[0].key).expect("a key is text");
    let schema = Schema::parse_str(key).expect("a simulated key");
    let reader = GenericDatumReader::builder(&schema)
        .build()
        .expect("a reader");
    let mut next = packets.iter().cycle();
    group.bench_function("apache-avro to a value", |bencher| {
        bencher.iter(|| {
            let packet = next.next().expect("it cycles");
            reader
                .read_value(&mut packet.value.as_ref())
                .expect("a simulated packet")
        });
    });
    group.finish();
}

/// The schema of a message: the key's bytes compared, or its JSON parsed.
fn keys(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("key");
    for survey in [Survey::Ztf, Survey::Lsst] {
        let key = packets(survey)[0].key.clone();
        let mut cache = SchemaCache::default();
        group.bench_function(format!("{survey}, known"), |bencher| {
            bencher.iter(|| cache.get(&key).expect("a simulated key"));
        });
        group.bench_function(format!("{survey}, parsed"), |bencher| {
            bencher.iter(|| WriterSchema::parse(&key).expect("a simulated key"));
        });
    }
    group.finish();
}

fn decode(criterion: &mut Criterion) {
    survey(criterion, Survey::Ztf);
    survey(criterion, Survey::Lsst);
}

criterion_group!(benches, decode, keys);
criterion_main!(benches);
