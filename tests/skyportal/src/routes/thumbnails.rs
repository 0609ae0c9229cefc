//! Thumbnails: PNG images, a row for each POST.

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::json;

use crate::call::Call;
use crate::checks::{self, Kind};
use crate::envelope::{Answer, Refusal, refused};
use crate::stamp::Stamp;
use crate::state::{Rows, Thumbnail};

const KINDS: [&str; 14] = [
    "new", "ref", "sub", "sdss", "dr8", "ls", "ps1", "sm", "hst", "chandra", "jwst", "new_gz",
    "ref_gz", "sub_gz",
];

/// `POST /api/thumbnail`.
pub fn post(rows: &mut Rows, call: &Call<'_>) -> Answer {
    let body = call.json()?;
    let fields = [
        ("obj_id", Kind::Text, true),
        ("data", Kind::Text, true),
        ("ttype", Kind::Text, true),
        ("survey", Kind::Text, false),
    ];
    checks::schema(&body, &fields, true)?;
    let text = |field: &str| checks::text(&body, field).unwrap_or_default();
    let failed = |refusal: Refusal| refusal.after("Thumbnail failed to post: ");
    let (obj_id, kind) = (text("obj_id"), text("ttype"));
    if !rows.objs.contains_key(&obj_id) {
        return Err(failed(refused(format!("Invalid obj_id: {obj_id}"))));
    }
    let png = decode(&text("data")).map_err(failed)?;
    let is_grayscale = check_image(&png).map_err(failed)?;
    if !KINDS.contains(&kind.as_str()) {
        return Err(failed(refused(format!(
            "Invalid ttype: (builtins.LookupError) '{kind}' is not among the defined enum values. Enum name: \
             thumbnail_types. Possible values: new, ref, sub, ..., sub_gz"
        ))));
    }
    let id = rows.next_id("thumbnails");
    let survey = checks::text(&body, "survey");
    rows.add_thumbnail(Thumbnail {
        id,
        obj_id,
        kind,
        survey,
        is_grayscale,
        png,
        created_at: Stamp::now(),
    });
    Ok(json!({"id": id}))
}

/// As Python's lenient decoder: what is not of the alphabet is skipped.
fn decode(text: &str) -> Result<Vec<u8>, Refusal> {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let engine = GeneralPurpose::new(&base64::alphabet::STANDARD, config);
    let is_ours = |c: &char| c.is_ascii_alphanumeric() || "+/".contains(*c);
    let clean: String = text.chars().filter(is_ours).collect();
    let padding = text.chars().rev().take_while(|c| *c == '=').count();
    let rest = clean.len() % 4;
    if rest != 0 && rest + padding < 4 {
        return Err(refused("Incorrect padding"));
    }
    engine
        .decode(clean)
        .map_err(|_| refused("Incorrect padding"))
}

/// True for a grey image.
fn check_image(bytes: &[u8]) -> Result<bool, Refusal> {
    if bytes.starts_with(b"SIMPLE") {
        return Err(refused("Truncated FITS file"));
    }
    if bytes.starts_with(&[0xff, 0xd8, 0xff])
        || bytes.starts_with(b"GIF8")
        || bytes.starts_with(b"BM")
    {
        return Err(refused(
            "Invalid thumbnail image type. Only PNG are supported.",
        ));
    }
    let header = bytes
        .strip_prefix(b"\x89PNG\r\n\x1a\n")
        .and_then(|rest| rest.get(..18));
    let header = header.filter(|header| &header[4..8] == b"IHDR").ok_or_else(|| {
        refused("Invalid file type: cannot identify image file <_io.BytesIO object at 0x7f96fe5c66b0>")
    })?;
    let side = |at: usize| {
        u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
    };
    if [side(8), side(12)]
        .iter()
        .any(|side| !(16..=500).contains(side))
    {
        return Err(refused(
            "Invalid thumbnail size. Only thumbnails between (16, 16) and (500, 500) allowed.",
        ));
    }
    match header[17] {
        0 => Ok(true),
        2 => Ok(false),
        _ => Err(refused(
            "Invalid thumbnail image mode. Only greyscale or RGB are supported.",
        )),
    }
}
