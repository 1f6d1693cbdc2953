//! Points, lines and areas of the picture; y grows downwards.

use std::ops::{Add, Mul, Sub};

use crate::maths;

/// A point, or the way from one point to another.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(crate) struct Point {
    /// To the right.
    pub(crate) x: f64,
    /// Downwards.
    pub(crate) y: f64,
}

/// The size of a picture.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Size {
    /// In CSS pixels.
    pub(crate) width: f64,
    /// In CSS pixels.
    pub(crate) height: f64,
}

/// A straight way with a direction.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Segment {
    /// Where it begins.
    pub(crate) from: Point,
    /// Where it ends.
    pub(crate) to: Point,
}

/// An upright rectangle.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Area {
    /// Its upper left corner.
    pub(crate) corner: Point,
    /// Its size.
    pub(crate) size: Size,
}

impl Point {
    /// The point at `x` and `y`.
    pub(crate) const fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }

    /// The step of length one in a direction, in radians clockwise from 12 o'clock.
    pub(crate) fn towards(bearing: f64) -> Self {
        Self::new(maths::sin(bearing), -maths::cos(bearing))
    }

    /// The direction of this step, in radians clockwise from 12 o'clock.
    pub(crate) fn bearing(self) -> f64 {
        maths::atan2(self.x, -self.y)
    }

    /// The length of this step.
    pub(crate) fn length(self) -> f64 {
        maths::hypot(self.x, self.y)
    }
}

impl Add for Point {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self::new(self.x + other.x, self.y + other.y)
    }
}

impl Sub for Point {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self::new(self.x - other.x, self.y - other.y)
    }
}

impl Mul<f64> for Point {
    type Output = Self;
    fn mul(self, times: f64) -> Self {
        Self::new(self.x * times, self.y * times)
    }
}

impl Size {
    /// This size, but no smaller than `least` in either direction.
    #[must_use]
    pub(crate) fn at_least(self, least: Self) -> Self {
        Self {
            width: self.width.max(least.width),
            height: self.height.max(least.height),
        }
    }
}

impl Segment {
    /// The way between two points.
    pub(crate) const fn new(from: Point, to: Point) -> Self {
        Self { from, to }
    }

    /// Its length.
    pub(crate) fn length(self) -> f64 {
        (self.to - self.from).length()
    }

    /// The step of length one along it; none at all when it has no length.
    pub(crate) fn along(self) -> Point {
        let length = self.length();
        if length < 1e-9 {
            return Point::default();
        }
        (self.to - self.from) * (1.0 / length)
    }

    /// The step of length one to its right, for who goes along it.
    pub(crate) fn right(self) -> Point {
        let along = self.along();
        Point::new(-along.y, along.x)
    }

    /// The point at a fraction of the way.
    pub(crate) fn at(self, fraction: f64) -> Point {
        self.from + (self.to - self.from) * fraction
    }

    /// The same way, moved to its right.
    #[must_use]
    pub(crate) fn shifted(self, by: f64) -> Self {
        let step = self.right() * by;
        Self::new(self.from + step, self.to + step)
    }

    /// The same way without its first and its last bit; its middle when nothing is left.
    #[must_use]
    pub(crate) fn shortened(self, first: f64, last: f64) -> Self {
        if self.length() <= first + last {
            return Self::new(self.at(0.5), self.at(0.5));
        }
        let along = self.along();
        Self::new(self.from + along * first, self.to - along * last)
    }

    /// Which way it goes, in radians clockwise from 12 o'clock.
    pub(crate) fn bearing(self) -> f64 {
        (self.to - self.from).bearing()
    }

    /// How far a point is from it.
    #[cfg(test)]
    pub(crate) fn distance(self, point: Point) -> f64 {
        let way = self.to - self.from;
        let square = way.x * way.x + way.y * way.y;
        if square < 1e-9 {
            return (point - self.from).length();
        }
        let offset = point - self.from;
        let fraction = ((offset.x * way.x + offset.y * way.y) / square).clamp(0.0, 1.0);
        (point - self.at(fraction)).length()
    }

    /// Whether any of it lies in an area.
    pub(crate) fn crosses(self, area: Area) -> bool {
        // Liang and Barsky: narrow the fractions that lie between each pair of parallel sides.
        let way = self.to - self.from;
        let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
        for (start, step, low, high) in [
            (self.from.x, way.x, area.corner.x, area.right()),
            (self.from.y, way.y, area.corner.y, area.bottom()),
        ] {
            if step.abs() < 1e-9 {
                if start < low || start > high {
                    return false;
                }
                continue;
            }
            let (a, b) = ((low - start) / step, (high - start) / step);
            enter = enter.max(a.min(b));
            leave = leave.min(a.max(b));
        }
        enter <= leave
    }
}

impl Area {
    /// The area with this left and upper side, width and height.
    pub(crate) const fn new(left: f64, top: f64, width: f64, height: f64) -> Self {
        Self {
            corner: Point::new(left, top),
            size: Size { width, height },
        }
    }

    /// The area round a centre.
    pub(crate) fn around(centre: Point, width: f64, height: f64) -> Self {
        Self::new(
            centre.x - width / 2.0,
            centre.y - height / 2.0,
            width,
            height,
        )
    }

    /// The same area with a margin all round.
    #[must_use]
    pub(crate) fn widened(self, margin: f64) -> Self {
        Self::new(
            self.corner.x - margin,
            self.corner.y - margin,
            self.size.width + 2.0 * margin,
            self.size.height + 2.0 * margin,
        )
    }

    /// Where its right side is.
    pub(crate) fn right(self) -> f64 {
        self.corner.x + self.size.width
    }

    /// Where its lower side is.
    pub(crate) fn bottom(self) -> f64 {
        self.corner.y + self.size.height
    }

    /// Its middle.
    pub(crate) fn centre(self) -> Point {
        Segment::new(self.corner, Point::new(self.right(), self.bottom())).at(0.5)
    }

    /// The same area, moved into a picture as far as it fits.
    #[must_use]
    pub(crate) fn within(self, picture: Size) -> Self {
        const RIM: f64 = 4.0;
        let least =
            |start: f64, length: f64, whole: f64| start.clamp(RIM, (whole - length - RIM).max(RIM));
        Self {
            corner: Point::new(
                least(self.corner.x, self.size.width, picture.width),
                least(self.corner.y, self.size.height, picture.height),
            ),
            ..self
        }
    }

    /// How much of it another area covers.
    pub(crate) fn overlap(self, other: Self) -> f64 {
        let width = self.right().min(other.right()) - self.corner.x.max(other.corner.x);
        let height = self.bottom().min(other.bottom()) - self.corner.y.max(other.corner.y);
        width.max(0.0) * height.max(0.0)
    }

    /// How much of it lies outside a picture of this size.
    pub(crate) fn outside(self, size: Size) -> f64 {
        let picture = Self::new(0.0, 0.0, size.width, size.height);
        self.size.width * self.size.height - self.overlap(picture)
    }
}

/// Whether a point lies in a closed outline, by the parity of the sides to its right.
pub(crate) fn inside(outline: &[Point], point: Point) -> bool {
    let mut within = false;
    let mut last = match outline.last() {
        Some(last) => *last,
        None => return false,
    };
    for corner in outline {
        if (corner.y > point.y) != (last.y > point.y) {
            let cut = (last.x - corner.x) * (point.y - corner.y) / (last.y - corner.y) + corner.x;
            if point.x < cut {
                within = !within;
            }
        }
        last = *corner;
    }
    within
}
