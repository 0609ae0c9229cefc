//! A known asteroid as Rubin describes it: its orbit, and where it is at the time of an alert.

use std::fmt::Write;

use super::cadence::Visit;
use super::dice::Dice;
use super::lsst_fields::ORBIT_ELEMENTS;
use super::lsst_source::Ids;
use super::packet::Draft;
use super::schema::Record;
use super::sky::SkyObject;
use super::value::Value;

/// The epoch of the orbits, MJD.
const EPOCH: f64 = 61_000.0;

/// One asteroid's orbit.
#[derive(Clone, Debug)]
pub struct Orbit {
    /// `2001 RB34`
    pub designation: String,
    packed: String,
    /// Above 2^53.
    pub id: i64,
    /// Semi-major axis in au, and eccentricity.
    axis: f64,
    eccentricity: f64,
    inclination: f64,
    angles: [f64; 3],
    absolute_mag: f64,
    observations: i64,
    oppositions: i64,
    /// The solution as the Minor Planet Center's JSON document.
    document: String,
}

impl Orbit {
    pub fn of(object: &SkyObject) -> Self {
        let mut dice = object.dice(u64::MAX - 3);
        let year = 1996 + dice.below(22) as i64;
        let (designation, packed) = designation(year, object.index, &mut dice);
        let mut orbit = Orbit {
            designation,
            packed,
            id: 21_000_000_000_000_000 + object.index as i64,
            axis: dice.between(2.2, 3.3),
            eccentricity: dice.between(0.02, 0.28),
            inclination: dice.between(1.0, 20.0),
            angles: [0.0; 3].map(|_| dice.between(0.0, 360.0)),
            absolute_mag: dice.between(13.0, 18.5),
            observations: 80 + dice.below(4000) as i64,
            oppositions: 6 + dice.below(20) as i64,
            document: String::new(),
        };
        orbit.document = document(&orbit, &mut dice);
        orbit
    }

    /// In days (Kepler's third law).
    fn period(&self) -> f64 {
        365.256_36 * self.axis * libm::sqrt(self.axis)
    }

    /// `mpc_orbits`, the same in all alerts of the asteroid.
    pub fn record(&self, record: &Record) -> Value {
        let [node, argument, anomaly] = self.angles;
        let period = self.period();
        let draft = ORBIT_ELEMENTS
            .split_whitespace()
            .fold(Draft::new(record), |draft, element| {
                draft.put(&format!("{element}_unc"), 0.0).put(element, 0.0)
            });
        draft
            .put("id", 0)
            .put("designation", self.designation.clone())
            .put(
                "packed_primary_provisional_designation",
                self.packed.clone(),
            )
            .put(
                "unpacked_primary_provisional_designation",
                self.designation.clone(),
            )
            .put("mpc_orb_jsonb", self.document.clone())
            .put("created_at", 0_i64)
            .put("updated_at", 0_i64)
            .put("orbit_type_int", -1)
            .put("u_param", 0)
            .put("nopp", self.oppositions)
            .put("arc_length_total", 9000.5)
            .put("arc_length_sel", 9000.5)
            .put("nobs_total", self.observations)
            .put("nobs_total_sel", self.observations)
            .put("a", self.axis)
            .put("q", self.axis * (1.0 - self.eccentricity))
            .put("e", self.eccentricity)
            .put("i", self.inclination)
            .put("node", node)
            .put("argperi", argument)
            .put("peri_time", EPOCH + period * (1.0 - anomaly / 360.0))
            .put("mean_anomaly", anomaly)
            .put("period", period)
            .put("mean_motion", 360.0 / period)
            .put("a_unc", 2.1e-8)
            .put("q_unc", 9.5e-8)
            .put("e_unc", 4.2e-8)
            .put("i_unc", 3.3e-6)
            .put("node_unc", 2.4e-5)
            .put("argperi_unc", 5.1e-5)
            .put("peri_time_unc", 3.8e-5)
            .put("mean_anomaly_unc", 1.2e-5)
            .put("period_unc", 3.0e-5)
            .put("mean_motion_unc", 4.0e-9)
            .put("epoch_mjd", EPOCH)
            .put("h", self.absolute_mag)
            .put("g", 0.15)
            .put("not_normalized_rms", 0.0)
            .put("normalized_rms", 0.62)
            .put("earth_moid", 0.0)
            .put("fitting_datetime", 0_i64)
            .done()
    }

    /// `ssSource`: where the asteroid was expected at the time of the alert.
    pub fn source(&self, record: &Record, object: &SkyObject, visit: &Visit, ids: Ids) -> Value {
        let mut dice = object.dice(visit.ordinal << 32 | 4);
        let (galactic_lon, galactic_lat) = visit.position.galactic();
        let (ecliptic_lon, ecliptic_lat) = visit.position.ecliptic();
        let (east, north) = (0.04 * dice.normal(), 0.04 * dice.normal());
        let expected = visit.position.moved(-east, -north);
        // Lengths are in the unit that Rubin's packets of 2026 have: au over au in km.
        let range = dice.between(0.7e-8, 1.9e-8);
        let heliocentric = range + 0.65e-8;
        Draft::new(record)
            .put("diaSourceId", ids.source)
            .put("ssObjectId", ids.solar_system)
            .put("designation", self.designation.clone())
            .put("eclLambda", ecliptic_lon)
            .put("eclBeta", ecliptic_lat)
            .put("galLon", galactic_lon)
            .put("galLat", galactic_lat)
            .put("elongation", dice.between(140.0, 178.0))
            .put("phaseAngle", dice.between(1.0, 15.0))
            .put("topoRange", range)
            .put("topoRangeRate", 0.0)
            .put("helioRange", heliocentric)
            .put("helioRangeRate", 0.0015 * dice.normal())
            .put("ephRa", expected.ra)
            .put("ephDec", expected.dec)
            .put_each("ephVmag ephRate ephRateRa ephRateDec", 0.0)
            .put("ephOffset", libm::hypot(east, north))
            .put("ephOffsetRa", east)
            .put("ephOffsetDec", north)
            .put("helio_x", -0.95 * heliocentric)
            .put("helio_y", 0.28 * heliocentric)
            .put("helio_z", 0.14 * heliocentric)
            .put("helio_vx", -0.0021)
            .put("helio_vy", -0.0088)
            .put("helio_vz", -0.0036)
            .put("helio_vtot", 0.0097)
            .put("topo_x", -0.93 * range)
            .put("topo_y", 0.33 * range)
            .put("topo_z", 0.16 * range)
            .put("topo_vx", 0.0012)
            .put("topo_vy", 0.0074)
            .put("topo_vz", 0.0029)
            .put("topo_vtot", 0.0080)
            .put("diaDistanceRank", 1)
            .done()
    }
}

/// A provisional designation and its packed form: half-month letter, second letter, cycle.
fn designation(year: i64, index: u64, dice: &mut Dice) -> (String, String) {
    const LETTERS: &[u8; 25] = b"ABCDEFGHJKLMNOPQRSTUVWXYZ";
    let half_month = char::from(LETTERS[dice.below(24) as usize]);
    let second = char::from(LETTERS[(index % 25) as usize]);
    let cycle = (index / 25) % 620;
    let tens = match cycle / 10 {
        digit @ 0..10 => char::from(b'0' + digit as u8),
        capital @ 10..36 => char::from(b'A' + (capital - 10) as u8),
        small => char::from(b'a' + (small - 36) as u8),
    };
    let century = if year < 2000 { 'J' } else { 'K' };
    let suffix = if cycle == 0 {
        String::new()
    } else {
        cycle.to_string()
    };
    (
        format!("{year} {half_month}{second}{suffix}"),
        format!(
            "{century}{:02}{half_month}{tens}{}{second}",
            year % 100,
            cycle % 10
        ),
    )
}

/// About 6 kB of JSON, as long as the Minor Planet Center's own.
fn document(orbit: &Orbit, dice: &mut Dice) -> String {
    let mut text = String::with_capacity(6500);
    let [node, argument, anomaly] = orbit.angles;
    let elements = [
        orbit.axis * (1.0 - orbit.eccentricity),
        orbit.eccentricity,
        orbit.inclination,
        node,
        argument,
        EPOCH + anomaly,
    ];
    let state = [0; 6].map(|_| 3.0 * dice.normal());
    text.push('{');
    solution(&mut text, "CAR", "x y z vx vy vz", &state, dice);
    text.push_str(", ");
    solution(
        &mut text,
        "COM",
        "q e i node argperi peri_time",
        &elements,
        dice,
    );
    let rest = format!(
        ", \"epoch_data\": {{\"epoch\": {EPOCH:?}, \"timeform\": \"MJD\", \"timesystem\": \"TDT\"}}, \
         \"moid_data\": {{\"Mars\": null, \"Earth\": null, \"Venus\": null, \"Jupiter\": null}}, \
         \"system_data\": {{\"eph\": \"DE431\", \"refsys\": \"Ecliptic\", \"refframe\": \"ICRF\"}}, \
         \"software_data\": {{\"fitting_software_name\": \"simulated\"}}, \
         \"categorization\": {{\"orbit_type_int\": 11, \"orbit_type_str\": \"Main Belt\", \
         \"object_type_int\": 0, \"object_type_str\": \"Minor Planet\"}}, \
         \"non_grav_booleans\": {{\"non_gravs\": false, \"non_grav_model\": {{\"yc\": false, \
         \"srp\": false, \"marsden\": false, \"yabushita\": false, \"yarkovski\": false}}}}, \
         \"magnitude_data\": {{\"G\": 0.15, \"H\": {:.3}}}, \
         \"designation_data\": {{\"packed_primary_provisional_designation\": \"{}\", \
         \"unpacked_primary_provisional_designation\": \"{}\"}}, \
         \"orbit_fit_statistics\": {{\"nopp\": {}, \"nobs_total\": {}}}}}",
        orbit.absolute_mag, orbit.packed, orbit.designation, orbit.oppositions, orbit.observations
    );
    text.push_str(&rest);
    text
}

/// Six elements with their covariance; the document has room for four more, which are null.
fn solution(text: &mut String, name: &str, names: &str, values: &[f64; 6], dice: &mut Dice) {
    text.push_str(&format!("\"{name}\": {{\"covariance\": {{"));
    for row in 0..10 {
        for column in row..10 {
            let comma = if (row, column) == (0, 0) { "" } else { ", " };
            let value = match column {
                0..6 => format!("{:.45}", 1e-14 * dice.normal()),
                _ => "null".into(),
            };
            // Writing to a text cannot fail.
            let _ = write!(text, "{comma}\"cov{row}{column}\": {value}");
        }
    }
    let listed = |of: &dyn Fn(&f64) -> String| values.iter().map(of).collect::<Vec<_>>().join(", ");
    let quoted: Vec<String> = names
        .split_whitespace()
        .map(|name| format!("\"{name}\""))
        .collect();
    let _ = write!(
        text,
        "}}, \"coefficient_names\": [{}], \"coefficient_values\": [{}], \
         \"coefficient_uncertainties\": [{}]}}",
        quoted.join(", "),
        listed(&|value| format!("{value:.13}")),
        listed(&|value| format!("{:.18}", 1e-8 * value.abs())),
    );
}
