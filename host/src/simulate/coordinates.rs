//! Directions on the sky. Degrees everywhere, J2000.

/// The north pole of the Galaxy (ICRS) and the Galactic longitude of the celestial pole.
const GALACTIC_POLE: (f64, f64) = (192.859_48, 27.128_25);
const CELESTIAL_POLE_LONGITUDE: f64 = 122.931_92;
/// The obliquity of the ecliptic at J2000.
const OBLIQUITY: f64 = 23.439_291;

/// Right ascension and declination.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Position {
    pub ra: f64,
    pub dec: f64,
}

impl Position {
    /// A step of so many arcseconds east and north.
    pub fn moved(self, east: f64, north: f64) -> Position {
        let cos_dec = cos(self.dec).max(1e-3);
        Position {
            ra: (self.ra + east / 3600.0 / cos_dec).rem_euclid(360.0),
            dec: (self.dec + north / 3600.0).clamp(-90.0, 90.0),
        }
    }

    /// Galactic longitude and latitude.
    pub fn galactic(self) -> (f64, f64) {
        let (pole_ra, pole_dec) = GALACTIC_POLE;
        let hour = self.ra - pole_ra;
        let sin_b = sin(self.dec) * sin(pole_dec) + cos(self.dec) * cos(pole_dec) * cos(hour);
        let y = cos(self.dec) * sin(hour);
        let x = sin(self.dec) * cos(pole_dec) - cos(self.dec) * sin(pole_dec) * cos(hour);
        let l = CELESTIAL_POLE_LONGITUDE - libm::atan2(y, x).to_degrees();
        (
            l.rem_euclid(360.0),
            libm::asin(sin_b.clamp(-1.0, 1.0)).to_degrees(),
        )
    }

    /// Ecliptic longitude and latitude.
    pub fn ecliptic(self) -> (f64, f64) {
        let (lon, lat) = tilted(self.ra, self.dec, OBLIQUITY);
        (lon.rem_euclid(360.0), lat)
    }

    /// From ecliptic longitude and latitude.
    pub fn from_ecliptic(longitude: f64, latitude: f64) -> Position {
        let (ra, dec) = tilted(longitude, latitude, -OBLIQUITY);
        Position {
            ra: ra.rem_euclid(360.0),
            dec,
        }
    }
}

/// Turns a direction about the equinox.
fn tilted(longitude: f64, latitude: f64, angle: f64) -> (f64, f64) {
    let sin_lat = sin(latitude) * cos(angle) - cos(latitude) * sin(angle) * sin(longitude);
    let y = sin(longitude) * cos(latitude) * cos(angle) + sin(latitude) * sin(angle);
    let x = cos(longitude) * cos(latitude);
    (
        libm::atan2(y, x).to_degrees(),
        libm::asin(sin_lat.clamp(-1.0, 1.0)).to_degrees(),
    )
}

fn sin(degrees: f64) -> f64 {
    libm::sin(degrees.to_radians())
}

fn cos(degrees: f64) -> f64 {
    libm::cos(degrees.to_radians())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_direction_in_three_systems() {
        // Galactic and ecliptic coordinates of an asteroid as Rubin gives them for its RA and Dec.
        let position = Position {
            ra: 188.311_364,
            dec: 9.794_990,
        };
        let (l, b) = position.galactic();
        assert!(
            (l - 288.168).abs() < 0.01 && (b - 72.143).abs() < 0.01,
            "{l} {b}"
        );
        let (lon, lat) = position.ecliptic();
        assert!(
            (lon - 183.694).abs() < 0.01 && (lat - 12.283).abs() < 0.01,
            "{lon} {lat}"
        );
        let back = Position::from_ecliptic(lon, lat);
        assert!((back.ra - position.ra).abs() < 1e-9 && (back.dec - position.dec).abs() < 1e-9);
    }
}
