//! Times as dots on a logarithmic scale: a bar has no honest beginning there.

use std::fmt::Write;

use super::results::Measured;

const LABELS: f64 = 190.0;
const SCALE: f64 = 460.0;
const NUMBERS: f64 = 100.0;
const LINE: f64 = 24.0;
const TOP: f64 = 30.0;

/// An SVG image of one group.
pub fn draw(title: &str, measured: &[Measured]) -> String {
    let times = measured.iter().map(|m| m.time);
    let (least, most) = times.fold((f64::MAX, f64::MIN), |(least, most), time| {
        (f64::min(least, time), f64::max(most, time))
    });
    let (first, last) = (
        least.log10().floor(),
        most.log10().ceil().max(least.log10().floor() + 1.0),
    );
    let x = |time: f64| LABELS + SCALE * (time.log10() - first) / (last - first);
    let (width, bottom) = (LABELS + SCALE + NUMBERS, TOP + LINE * measured.len() as f64);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <title>{title}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
        height = bottom + 24.0,
        title = escaped(title),
    );
    let mut decade = first;
    while decade <= last {
        let (at, label) = (x(10f64.powf(decade)), time(10f64.powf(decade)));
        let _ = writeln!(
            svg,
            "<line x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{TOP}\" y2=\"{bottom}\" stroke=\"#ddd\"/><text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#666\">{label}</text>",
            bottom + 16.0
        );
        decade += 1.0;
    }
    for (number, each) in measured.iter().enumerate() {
        let y = TOP + LINE * (number as f64 + 0.5);
        let ours = if is_other(&each.name) {
            "#999"
        } else {
            "#1f6feb"
        };
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\
             <line x1=\"{:.1}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"{ours}\" stroke-width=\"3\"/>\
             <circle cx=\"{:.1}\" cy=\"{y:.1}\" r=\"5\" fill=\"{ours}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            LABELS - 10.0,
            y + 4.0,
            escaped(&each.name),
            x(each.bounds.0),
            x(each.bounds.1),
            x(each.time),
            x(each.time) + 10.0,
            y + 4.0,
            time(each.time),
        );
    }
    svg + "</svg>\n"
}

/// What is measured for comparison.
fn is_other(name: &str) -> bool {
    [
        "bare skip",
        "apache-avro to a value",
        "native Rust",
        "CEL",
        "Rhai",
        "JSON text alone",
    ]
    .contains(&name)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// Nanoseconds as a person reads them.
pub fn time(ns: f64) -> String {
    let (value, unit) = match ns {
        ns if ns < 999.5 => (ns, "ns"),
        ns if ns < 999_500.0 => (ns / 1e3, "µs"),
        ns => (ns / 1e6, "ms"),
    };
    let decimals = usize::from(value < 99.95) + usize::from(value < 9.995);
    format!("{value:.decimals$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits() {
        for (ns, text) in [
            (1.234, "1.23 ns"),
            (59.96, "60.0 ns"),
            (999.4, "999 ns"),
            (999.7, "1.00 µs"),
            (12_345.0, "12.3 µs"),
            (1.5e6, "1.50 ms"),
        ] {
            assert_eq!(time(ns), text);
        }
    }

    #[test]
    fn a_chart_has_a_dot_for_each() {
        let measured = |name: &str, time: f64| Measured {
            name: name.to_owned(),
            time,
            bounds: (0.9 * time, 1.1 * time),
            bytes: None,
        };
        let svg = draw(
            "a < b",
            &[measured("bare skip", 3_000.0), measured("nothing", 4_000.0)],
        );
        assert_eq!(svg.matches("<circle").count(), 2);
        assert!(svg.contains("a &lt; b") && svg.contains("3.00 µs"), "{svg}");
    }
}
