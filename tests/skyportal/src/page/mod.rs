//! The page for people. In: the tables. Out: HTML that needs nothing from elsewhere. Never here: a change of a row,
//! or text of a row that is not escaped.

mod axis;
mod card;
mod curve;

use std::fmt::Write;

use crate::state::Rows;

/// How many objects are drawn; the rest are counted.
pub const SHOWN: usize = 60;

/// The whole page.
pub fn document(rows: &Rows, limit: usize) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>Stand-in SkyPortal</title>\n\
         <link rel=\"icon\" href=\"data:,\">\n<noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript>\n\
         <style>\n{style}</style>\n</head>\n<body>\n<main id=\"live\">\n{cards}</main>\n<script>\n{live}</script>\n\
         </body>\n</html>\n",
        style = include_str!("style.css"),
        live = include_str!("live.js"),
        cards = cards(rows, limit),
    )
}

/// The part that refreshes itself: the counts and the newest objects.
pub fn cards(rows: &Rows, limit: usize) -> String {
    let newest = newest(rows, limit);
    let mut out = header(rows);
    if newest.is_empty() {
        out +=
            "<p class=\"empty\">No object has arrived yet. They appear here by themselves.</p>\n";
        return out;
    }
    out += "<div class=\"cards\">\n";
    for obj_id in &newest {
        out += &card::card(rows, obj_id);
    }
    out += "</div>\n";
    let more = rows.objs.len().saturating_sub(newest.len());
    if more > 0 {
        writeln!(
            out,
            "<p class=\"more\">and {more} earlier object{}</p>",
            if more == 1 { "" } else { "s" }
        )
        .ok();
    }
    out
}

fn header(rows: &Rows) -> String {
    let saved = rows.sources.values().filter(|source| source.active).count();
    let counts = [
        (rows.objs.len(), "objects"),
        (rows.candidates.len(), "candidates"),
        (saved, "sources"),
        (rows.photometry.len(), "points"),
        (rows.classifications.len(), "classifications"),
        (rows.annotations.len(), "annotations"),
    ];
    let mut out = String::from(
        "<header class=\"top\"><h1>SkyPortal <span>stand-in</span></h1>\n<dl class=\"counts\">",
    );
    for (count, name) in counts {
        let name = if count == 1 {
            &name[..name.len() - 1]
        } else {
            name
        };
        write!(out, "<div><dt>{name}</dt><dd>{count}</dd></div>").ok();
    }
    out += "</dl><span id=\"state\" role=\"status\"></span></header>\n";
    out
}

/// Those whose candidates came last, then those that were saved without one.
fn newest(rows: &Rows, limit: usize) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    let by_candidate = rows
        .candidates
        .values()
        .rev()
        .map(|candidate| &candidate.obj_id);
    let mut others: Vec<_> = rows.objs.values().collect();
    others.sort_by_key(|obj| std::cmp::Reverse(obj.created_at));
    for obj_id in by_candidate.chain(others.into_iter().map(|obj| &obj.id)) {
        if found.len() == limit {
            break;
        }
        if seen.insert(obj_id) {
            found.push(obj_id.clone());
        }
    }
    found
}

/// Text for HTML, attributes included.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// FNV-1a: tells whether the page changed.
pub fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_from_outside_is_escaped() {
        assert_eq!(
            escaped("<b title=\"x\">&'\u{1}"),
            "&lt;b title=&quot;x&quot;&gt;&amp;&#39; "
        );
    }
}
