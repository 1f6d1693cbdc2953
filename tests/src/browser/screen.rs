//! What the page is looked at on.

/// A viewport, in CSS pixels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Screen {
    /// Width of the viewport.
    pub width: u32,
    /// Height of the viewport.
    pub height: u32,
    /// Whether it is touched rather than pointed at.
    pub touch: bool,
}

impl Screen {
    /// A projector or a laptop.
    pub const DESKTOP: Self = Self {
        width: 1280,
        height: 800,
        touch: false,
    };
    /// A frame in a course page.
    pub const EMBEDDED: Self = Self {
        width: 800,
        height: 580,
        touch: false,
    };
    /// A phone, upright.
    pub const PHONE: Self = Self {
        width: 390,
        height: 844,
        touch: true,
    };
    /// The sizes that the page is designed for.
    pub const ALL: [Self; 3] = [Self::DESKTOP, Self::EMBEDDED, Self::PHONE];
}

/// What the reader's system prefers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scheme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Scheme {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Light, Self::Dark];

    /// The word CSS has for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}
