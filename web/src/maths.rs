//! The functions of the calculus that the page needs. In the browser they are the browser's own,
//! which weigh nothing; elsewhere, as in tests, the standard library's.

#[cfg(target_arch = "wasm32")]
mod by {
    use js_sys::Math;

    pub(crate) fn sin(angle: f64) -> f64 {
        Math::sin(angle)
    }

    pub(crate) fn cos(angle: f64) -> f64 {
        Math::cos(angle)
    }

    pub(crate) fn atan2(y: f64, x: f64) -> f64 {
        Math::atan2(y, x)
    }

    pub(crate) fn hypot(x: f64, y: f64) -> f64 {
        Math::hypot(x, y)
    }

    pub(crate) fn log10(number: f64) -> f64 {
        Math::log10(number)
    }

    pub(crate) fn pow(base: f64, power: f64) -> f64 {
        Math::pow(base, power)
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod by {
    pub(crate) fn sin(angle: f64) -> f64 {
        angle.sin()
    }

    pub(crate) fn cos(angle: f64) -> f64 {
        angle.cos()
    }

    pub(crate) fn atan2(y: f64, x: f64) -> f64 {
        y.atan2(x)
    }

    pub(crate) fn hypot(x: f64, y: f64) -> f64 {
        x.hypot(y)
    }

    pub(crate) fn log10(number: f64) -> f64 {
        number.log10()
    }

    pub(crate) fn pow(base: f64, power: f64) -> f64 {
        base.powf(power)
    }
}

pub(crate) use by::{atan2, cos, hypot, log10, pow, sin};
