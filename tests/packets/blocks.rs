//! The blocks that LSST filters are made of, against Fink's own on real alerts.

use std::collections::BTreeMap;
use std::path::Path;

use harness::reference;
use lsst_blocks::{Gaia, Host, Place, Quality};
use skysieve::alert::{Field, FieldType, Plan, Row, WriterSchema};
use skysieve_sdk::manifest::Type;
use skysieve_sdk::module::Filter;
use skysieve_sdk::prelude::*;
use skysieve_sdk::test::{Alert, Content, evaluate};

filter! {
    /// Lets every alert through and shows what each block says of it.
    pub struct Blocks;
    name: "blocks",
    description: "what each block says",
    surveys: ["lsst"],
    routes: ["main"],
    decide: decide,
    fields Fields<'a> with quality: Quality<'a>, place: Place<'a>, host: Host<'a>, gaia: Gaia<'a> {
        solar_system: Option<bool> = "pred.is_sso";
        vsx: Option<&'a str> = "xm.vsx_Type";
    }
    values Shown<'a> {
        b_good_quality: Option<bool>, "", "";
        b_outside_galactic_plane_20_deg: Option<bool>, "", "";
        b_outside_galactic_plane_5_deg: Option<bool>, "", "";
        b_xmatched_gaia_star: Option<bool>, "", "";
        b_xmatched_vsx_star: Option<bool>, "", "";
        b_xmatched_simbad_unknown: Option<bool>, "", "";
        b_extragalactic_near_galaxy_candidate: Option<bool>, "", "";
        b_extragalactic_loose_candidate: Option<bool>, "", "";
    }
    cuts {}
}

fn decide(a: &Fields, _: &(), shown: &mut Shown) -> Decision {
    let latitude = a.place.latitude().abs();
    let (gaia_star, vsx_star) = (a.gaia.is_star(), fink_tables::is_vsx_star(a.vsx));
    let fits = a.quality.is_good()
        && latitude > 20.0
        && a.solar_system != Some(true)
        && !gaia_star
        && !vsx_star;
    shown.b_good_quality = Some(a.quality.is_good());
    shown.b_outside_galactic_plane_20_deg = Some(latitude > 20.0);
    shown.b_outside_galactic_plane_5_deg = Some(latitude > 5.0);
    shown.b_xmatched_gaia_star = Some(gaia_star);
    shown.b_xmatched_vsx_star = Some(vsx_star);
    shown.b_xmatched_simbad_unknown = Some(fink_tables::unmatched(a.host.simbad));
    shown.b_extragalactic_near_galaxy_candidate = Some(fits && a.host.is_galaxy(false));
    shown.b_extragalactic_loose_candidate = Some(fits && a.host.is_galaxy_or_nothing(false));
    pass!()
}

/// A message's fields as a made-up alert.
fn alert(file: &Path) -> Alert {
    let read = |path: &Path| std::fs::read(path).unwrap();
    let schema = WriterSchema::parse(&read(&file.with_file_name("key.json"))).unwrap();
    let fields: Vec<Field> = Blocks::MANIFEST.fields.iter().map(field).collect();
    let plan = Plan::compile(&schema, &fields, Default::default());
    let mut row = Row::default();
    plan.read(&read(file), None, &mut row).unwrap();
    let present = (0..fields.len()).filter(|place| row.is_present(*place));
    present.fold(Alert::new(), |alert, place| {
        let content: Content = match fields[place].ty {
            FieldType::F64 => row.f64(place).unwrap().into(),
            FieldType::Bool => row.bool(place).unwrap().into(),
            _ => row.str(place).unwrap().into(),
        };
        alert.with(&fields[place].path, content)
    })
}

fn field(of: &skysieve_sdk::manifest::Field) -> Field {
    Field {
        path: of.path.to_owned(),
        ty: match of.ty {
            Type::F64 => FieldType::F64,
            Type::Bool => FieldType::Bool,
            _ => FieldType::Str,
        },
        optional: of.optional,
        survey: None,
        late: false,
    }
}

#[test]
fn every_block_says_of_real_alerts_what_finks_says() {
    let Some(shared) = reference::shared("every_block_says_of_real_alerts_what_finks_says") else {
        return;
    };
    let devset = shared.join("fink/devset");
    let table = std::fs::read_to_string(devset.join("expected_blocks.csv")).unwrap();
    let blocks: Vec<&str> = Blocks::MANIFEST.values.iter().map(|v| v.name).collect();
    let mut said = BTreeMap::<&str, (u32, u32)>::new();
    for line in table.lines().skip(1) {
        let columns: Vec<&str> = line.split(',').collect();
        let (file, block, expected) = (columns[2], columns[4], columns[6]);
        let Some(block) = blocks.iter().find(|name| **name == block) else {
            continue;
        };
        let outcome = evaluate::<Blocks>(&alert(&devset.join(file)));
        let expected = expected == "true";
        assert_eq!(
            outcome.value(block),
            &Content::Bool(expected),
            "{block} of {file}"
        );
        let (yes, no) = said.entry(block).or_default();
        *(if expected { yes } else { no }) += 1;
    }
    assert_eq!(said.len(), blocks.len(), "{said:?}");
    let both = said.values().filter(|(yes, no)| *yes > 0 && *no > 0);
    assert!(both.count() >= 4, "{said:?}");
}
