use fink_tables::unmatched;

skysieve_sdk::fields! {
    /// The Gaia DR3 source at the alert's place.
    pub struct Gaia<'a> {
        gaia: Option<&'a str> = "xm.gaiadr3_DR3Name";
        parallax: f64 = "xm.gaiadr3_Plx";
        parallax_err: f64 = "xm.gaiadr3_e_Plx";
    }
}

impl Gaia<'_> {
    /// Whether its parallax is that of a star, at more than 5σ.
    pub fn is_star(&self) -> bool {
        !unmatched(self.gaia) && self.parallax / self.parallax_err > 5.0
    }
}
