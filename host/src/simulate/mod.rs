//! Simulated Fink alerts.
