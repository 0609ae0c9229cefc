use fink_tables::{is_extragalactic_code, is_extragalactic_host, unmatched};

skysieve_sdk::fields! {
    /// Galaxies at the alert's place, in three catalogues.
    pub struct Host<'a> {
        simbad: Option<&'a str> = "xm.simbad_otype";
        galaxy_distance: f64 = "xm.mangrove_lum_dist";
        photo_z: f64 = "xm.legacydr8_zphot";
    }
}

impl Host<'_> {
    /// A galaxy of SIMBAD or Mangrove, or a photometric redshift where SIMBAD does not speak against
    /// it.
    ///
    /// Fink compares SIMBAD's type with a list of long names, and LSST alerts carry short codes
    /// (`G`, `Sy1`): hardly any galaxy is ever found by it. With `codes` the short codes count too.
    pub fn is_galaxy(&self, codes: bool) -> bool {
        let simbad_galaxy =
            is_extragalactic_host(self.simbad) || codes && is_extragalactic_code(self.simbad);
        let legacy_galaxy = self.photo_z > 0.0 && (unmatched(self.simbad) || simbad_galaxy);
        simbad_galaxy || self.galaxy_distance > 0.0 || legacy_galaxy
    }

    /// The same, or nothing that SIMBAD knows.
    pub fn is_galaxy_or_nothing(&self, codes: bool) -> bool {
        self.is_galaxy(codes) || unmatched(self.simbad)
    }
}
