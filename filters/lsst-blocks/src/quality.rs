use skysieve_sdk::astro::mag_from_njy;

skysieve_sdk::fields! {
    /// What Fink's block `b_good_quality` reads.
    pub struct Quality<'a> {
        dipole: Option<bool> = "diaSource.isDipole";
        pixels: Option<bool> = "diaSource.pixelFlags";
        bad: Option<bool> = "diaSource.pixelFlags_bad";
        saturated: Option<bool> = "diaSource.pixelFlags_saturated";
        streak_center: Option<bool> = "diaSource.pixelFlags_streakCenter";
        interpolated: Option<bool> = "diaSource.pixelFlags_interpolated";
        cosmic_ray: Option<bool> = "diaSource.pixelFlags_cr";
        no_data: Option<bool> = "diaSource.pixelFlags_nodata";
        streak: Option<bool> = "diaSource.pixelFlags_streak";
        edge: Option<bool> = "diaSource.pixelFlags_edge";
        psf_flag: Option<bool> = "diaSource.psfFlux_flag";
        aperture_flag: Option<bool> = "diaSource.apFlux_flag";
        forced_flag: Option<bool> = "diaSource.forced_PsfFlux_flag";
        forced_edge: Option<bool> = "diaSource.forced_PsfFlux_flag_edge";
        shape_flag: Option<bool> = "diaSource.shape_flag";
        centroid_flag: Option<bool> = "diaSource.centroid_flag";
        flux: f64 = "diaSource.psfFlux";
        flux_err: f64 = "diaSource.psfFluxErr";
    }
}

impl Quality<'_> {
    /// The whole block, with Fink's threshold.
    pub fn is_good(&self) -> bool {
        self.unflagged() && self.significant(6.0)
    }

    /// Whether no flag is set.
    pub fn unflagged(&self) -> bool {
        let flags = [
            self.dipole,
            self.pixels,
            self.bad,
            self.saturated,
            self.streak_center,
            self.interpolated,
            self.cosmic_ray,
            self.no_data,
            self.streak,
            self.edge,
            self.psf_flag,
            self.aperture_flag,
            self.forced_flag,
            self.forced_edge,
            self.shape_flag,
            self.centroid_flag,
        ];
        !flags.contains(&Some(true))
    }

    /// Whether the difference flux is neither negative nor less than `min_snr` times its error.
    /// Asked the other way round, as Fink does: what is not known passes.
    pub fn significant(&self, min_snr: f64) -> bool {
        let insignificant = self.flux < 0.0 || self.flux / self.flux_err < min_snr;
        !insignificant
    }

    /// AB, of the difference; NaN unless the flux is positive.
    pub fn mag(&self) -> f64 {
        mag_from_njy(self.flux)
    }
}
