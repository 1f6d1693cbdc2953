//! `client A recipe lock /locks/printer`: a recipe that a client is to follow.

use std::fmt::{Display, Formatter, Result};

use super::cursor::{Cursor, Parsed};
use super::lexer::{Path, Quoted};
use super::print::option;
use crate::client::recipes::{Call, Kind};
use crate::zookeeper::Data;

/// A recipe, and what it is about. Which arguments it has, its kind says.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Recipe {
    /// Which.
    pub kind: Kind,
    /// The znode that it is about.
    pub path: String,
    /// What it hands on, if it hands anything on.
    pub data: Option<String>,
    /// How many it is for, or how urgent, if it asks.
    pub number: Option<u32>,
}

/// `lock /locks/printer`, after the word `recipe`.
#[inline(never)] // Apart: it is needed seldom, and fetched when it is.
pub(super) fn recipe(c: &mut Cursor<'_>) -> Parsed<Recipe> {
    let kinds = Kind::ALL.map(|kind| (kind.name(), kind));
    let Some(kind) = c.one_of(&kinds) else {
        return c.unexpected();
    };
    let path = c.path()?;
    let data = if kind.takes_data() {
        Some(c.data()?)
    } else {
        None
    };
    let number = match kind.number() {
        Some(number) if number.needed => {
            c.need_word(number.word)?;
            Some(c.count(number.what, number.least.into(), number.most.into())? as u32)
        }
        Some(number) if c.word(number.word) => {
            Some(c.count(number.what, number.least.into(), number.most.into())? as u32)
        }
        _ => None,
    };
    Ok(Recipe {
        kind,
        path,
        data,
        number,
    })
}

impl Display for Recipe {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{} {}", self.kind.name(), Path(&self.path))?;
        option(f, " ", self.data.as_deref().map(Quoted))?;
        match (self.kind.number(), self.number) {
            (Some(number), Some(count)) => write!(f, " {} {count}", number.word),
            _ => Ok(()),
        }
    }
}

impl From<&Recipe> for Call {
    fn from(recipe: &Recipe) -> Self {
        Self {
            kind: recipe.kind,
            path: recipe.path.as_str().into(),
            data: recipe.data.as_deref().map(Data::from),
            number: recipe.number,
        }
    }
}
