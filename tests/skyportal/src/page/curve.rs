//! A light curve as SVG: AB magnitudes, or µJy when a flux is negative; time in days before the last point.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::axis::Axis;
use super::escaped;
use crate::state::Point;

const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 208.0;
const LEFT: f64 = 44.0;
const RIGHT: f64 = 410.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 170.0;
/// More would not be told apart.
const MOST_POINTS: usize = 500;
const ZERO_POINT: f64 = 23.9;

/// One mark of the curve.
struct Mark {
    days: f64,
    value: f64,
    error: f64,
    band: char,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Detection,
    Forced,
    Limit,
}

/// The curve of an object's points, which are sorted by time.
pub fn curve(obj_id: &str, points: &[&Point]) -> String {
    let points = &points[points.len().saturating_sub(MOST_POINTS)..];
    let Some(last) = points.last().map(|point| point.mjd) else {
        return "<p class=\"nothing\">no photometry</p>\n".into();
    };
    let in_flux = points
        .iter()
        .any(|point| point.flux.is_some_and(|flux| flux < 0.0));
    let marks: Vec<Mark> = points
        .iter()
        .filter_map(|point| mark(point, last, in_flux))
        .collect();
    let x = Axis::over(marks.iter().map(|mark| mark.days), 1.0, LEFT, RIGHT);
    let ends = marks
        .iter()
        .flat_map(|mark| [mark.value - mark.error, mark.value + mark.error]);
    let (up, down) = if in_flux {
        (BOTTOM, TOP)
    } else {
        (TOP, BOTTOM)
    };
    let y = Axis::over(ends, if in_flux { 1.0 } else { 0.5 }, up, down);
    let mut out = opening(obj_id, &marks, in_flux);
    frame(&mut out, &x, &y, last, in_flux);
    // Detections lie on top.
    for kind in [Kind::Limit, Kind::Forced, Kind::Detection] {
        marks
            .iter()
            .filter(|mark| mark.kind == kind)
            .for_each(|mark| draw(&mut out, mark, &x, &y));
    }
    out += "</svg>\n";
    out += &legend(&marks);
    out
}

/// The last letter of a bandpass name is the band.
fn band_of(filter: &str) -> char {
    filter
        .chars()
        .next_back()
        .filter(char::is_ascii_alphabetic)
        .unwrap_or('x')
}

fn is_forced(point: &Point) -> bool {
    let said = point
        .altdata
        .get("forced")
        .and_then(serde_json::Value::as_bool)
        .unwrap_or(false);
    said || point.origin.to_lowercase().contains("forced")
}

fn mark(point: &Point, last: f64, in_flux: bool) -> Option<Mark> {
    let (days, band) = (point.mjd - last, band_of(&point.filter));
    let magnitude = |flux: f64| ZERO_POINT - 2.5 * flux.log10();
    let Some(flux) = point.flux else {
        let limit = point
            .limiting_mag
            .unwrap_or_else(|| magnitude(5.0 * point.fluxerr));
        let value = if in_flux {
            10_f64.powf(-0.4 * (limit - ZERO_POINT))
        } else {
            limit
        };
        return value.is_finite().then_some(Mark {
            days,
            value,
            error: 0.0,
            band,
            kind: Kind::Limit,
        });
    };
    let kind = if is_forced(point) {
        Kind::Forced
    } else {
        Kind::Detection
    };
    if in_flux {
        return Some(Mark {
            days,
            value: flux,
            error: point.fluxerr,
            band,
            kind,
        });
    }
    let error = (2.5 / 10_f64.ln() * point.fluxerr / flux).min(1.0);
    (flux > 0.0).then(|| Mark {
        days,
        value: magnitude(flux),
        error,
        band,
        kind,
    })
}

fn opening(obj_id: &str, marks: &[Mark], in_flux: bool) -> String {
    let limits = marks.iter().filter(|mark| mark.kind == Kind::Limit).count();
    let unit = if in_flux {
        "microjansky"
    } else {
        "AB magnitudes"
    };
    format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"Light curve of {} in {unit}: {} points and \
         {limits} upper limits\">\n",
        escaped(obj_id),
        marks.len() - limits
    )
}

fn frame(out: &mut String, x: &Axis, y: &Axis, last: f64, in_flux: bool) {
    let (ticks, decimals) = y.ticks(5.0);
    for tick in ticks {
        let at = y.pixel(tick);
        let class = if in_flux && tick == 0.0 {
            "grid zero"
        } else {
            "grid"
        };
        writeln!(
            out,
            "<path class=\"{class}\" d=\"M{LEFT} {at:.1}H{RIGHT}\"/>"
        )
        .ok();
        let label = signed(tick, decimals);
        writeln!(
            out,
            "<text class=\"tick end\" x=\"{:.1}\" y=\"{:.1}\">{label}</text>",
            LEFT - 6.0,
            at + 3.5
        )
        .ok();
    }
    let (ticks, decimals) = x.ticks(6.0);
    for tick in ticks {
        let at = x.pixel(tick);
        writeln!(out, "<path class=\"grid\" d=\"M{at:.1} {BOTTOM}v4\"/>").ok();
        let label = signed(tick, decimals);
        writeln!(
            out,
            "<text class=\"tick mid\" x=\"{at:.1}\" y=\"{:.1}\">{label}</text>",
            BOTTOM + 16.0
        )
        .ok();
    }
    let unit = if in_flux { "µJy" } else { "AB mag" };
    writeln!(
        out,
        "<path class=\"axis\" d=\"M{LEFT} {TOP}V{BOTTOM}H{RIGHT}\"/>"
    )
    .ok();
    writeln!(
        out,
        "<text class=\"unit end\" x=\"{RIGHT}\" y=\"{:.1}\">days from MJD {last:.3}</text>",
        HEIGHT - 4.0
    )
    .ok();
    writeln!(
        out,
        "<text class=\"unit\" x=\"2\" y=\"{:.1}\">{unit}</text>",
        HEIGHT - 4.0
    )
    .ok();
}

/// With a real minus sign.
fn signed(value: f64, decimals: usize) -> String {
    format!("{value:.decimals$}").replace('-', "\u{2212}")
}

fn draw(out: &mut String, mark: &Mark, x: &Axis, y: &Axis) {
    let (at, height) = (x.pixel(mark.days), y.pixel(mark.value));
    let class = class_of(mark.band);
    if mark.kind == Kind::Limit {
        let path = format!("M{:.1} {:.1}h6.4l-3.2 5.4z", at - 3.2, height - 2.0);
        writeln!(out, "<path class=\"limit {class}\" d=\"{path}\"/>").ok();
        return;
    }
    let (low, high) = (
        y.pixel(mark.value - mark.error),
        y.pixel(mark.value + mark.error),
    );
    if (low - high).abs() > 6.0 {
        writeln!(
            out,
            "<path class=\"error {class}\" d=\"M{at:.1} {low:.1}V{high:.1}\"/>"
        )
        .ok();
    }
    let (kind, radius) = if mark.kind == Kind::Forced {
        ("forced", 2.4)
    } else {
        ("point", 3.2)
    };
    writeln!(
        out,
        "<circle class=\"{kind} {class}\" cx=\"{at:.1}\" cy=\"{height:.1}\" r=\"{radius}\"/>"
    )
    .ok();
}

fn class_of(band: char) -> &'static str {
    match band {
        'u' => "u",
        'g' => "g",
        'r' => "r",
        'i' => "i",
        'z' => "z",
        'y' => "y",
        _ => "x",
    }
}

fn legend(marks: &[Mark]) -> String {
    let bands: BTreeSet<(usize, char)> = marks
        .iter()
        .map(|mark| ("ugrizy".find(mark.band).unwrap_or(9), mark.band))
        .collect();
    let mut out = String::from("<p class=\"legend\">");
    for (_, band) in bands {
        write!(
            out,
            "<span class=\"{}\"><i></i>{}</span>",
            class_of(band),
            escaped(&band.to_string())
        )
        .ok();
    }
    for (kind, name, class) in [
        (Kind::Forced, "forced", "k-forced"),
        (Kind::Limit, "upper limit", "k-limit"),
    ] {
        if marks.iter().any(|mark| mark.kind == kind) {
            write!(out, "<span class=\"{class}\"><i></i>{name}</span>").ok();
        }
    }
    out += "</p>\n";
    out
}
