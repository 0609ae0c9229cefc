use skysieve_sdk::astro::galactic_latitude;

skysieve_sdk::fields! {
    /// Where the alert is: degrees, ICRS.
    pub struct Place<'a> {
        ra: f64 = "diaSource.ra";
        dec: f64 = "diaSource.dec";
    }
}

impl Place<'_> {
    /// Galactic latitude, degrees.
    pub fn latitude(&self) -> f64 {
        galactic_latitude(self.ra, self.dec)
    }
}
