//! Values as the configuration gives them.

use std::fmt;

use super::Shown;

/// The word that switches a limit off; it must be written out.
pub const UNLIMITED: &str = "unlimited";

/// A limit, or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cap<T> {
    /// Up to this.
    At(T),
    /// No limit: `"unlimited"` was written out.
    Unlimited,
}

impl<T> Cap<T> {
    /// The limit, if there is one.
    #[must_use]
    pub const fn at(&self) -> Option<&T> {
        match self {
            Self::At(limit) => Some(limit),
            Self::Unlimited => None,
        }
    }

    /// As people see it.
    pub(super) fn shown(&self, text: impl Fn(&T) -> String) -> Shown {
        match self {
            Self::Unlimited => Shown { text: UNLIMITED.into(), unlimited: true },
            Self::At(limit) => Shown { text: text(limit), unlimited: false },
        }
    }
}

/// The items of a list as people see them.
pub(super) fn listed<'a>(items: impl IntoIterator<Item = &'a str>) -> String {
    items.into_iter().collect::<Vec<_>>().join(", ")
}

/// A value in the configuration, of one of the kinds that limits know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given<'a> {
    /// A string.
    Text(&'a str),
    /// A whole number that is zero or more.
    Whole(u64),
    /// True or false.
    Flag(bool),
    /// A list of strings.
    List(Vec<&'a str>),
    /// Something that no limit takes, by the name of its kind.
    Other(&'static str),
}

impl fmt::Display for Given<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cut = |text: &str| text.chars().take(64).collect::<String>();
        match self {
            Self::Text(text) => write!(f, "`{}`", cut(text)),
            Self::Whole(n) => write!(f, "`{n}`"),
            Self::Flag(flag) => write!(f, "`{flag}`"),
            Self::List(items) => write!(f, "the list of {} strings", items.len()),
            Self::Other(kind) => write!(f, "a value of the kind `{kind}`"),
        }
    }
}

/// The value is not of the form that its key wants.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{given} is not {wanted}")]
pub struct Misfit {
    /// What was given, as text.
    pub given: String,
    /// What was wanted, with its form.
    pub wanted: String,
}

impl Given<'_> {
    /// The refusal of this value.
    #[must_use]
    pub fn misfit(&self, wanted: impl Into<String>) -> Misfit {
        Misfit { given: self.to_string(), wanted: wanted.into() }
    }

    /// One value of a type, or `"unlimited"`.
    ///
    /// # Errors
    /// If it is neither.
    pub fn cap<T: std::str::FromStr>(&self, wanted: &'static str) -> Result<Cap<T>, Misfit> {
        let parsed = match self {
            Self::Text(UNLIMITED) => return Ok(Cap::Unlimited),
            Self::Text(text) => text.parse().ok(),
            Self::Whole(_) | Self::Flag(_) | Self::List(_) | Self::Other(_) => None,
        };
        parsed.map(Cap::At).ok_or_else(|| self.misfit(wanted))
    }

    /// A list with at least one value, or `"unlimited"`.
    ///
    /// # Errors
    /// If it is neither, or a value in it is not of the type.
    pub fn caps<T: std::str::FromStr, C: FromIterator<T>>(&self, wanted: &str) -> Result<Cap<C>, Misfit> {
        match self {
            Self::Text(UNLIMITED) => Ok(Cap::Unlimited),
            Self::List(_) => self.list(wanted).map(Cap::At),
            Self::Text(_) | Self::Whole(_) | Self::Flag(_) | Self::Other(_) => Err(self.misfit(wanted)),
        }
    }

    /// A list with at least one value.
    ///
    /// # Errors
    /// If it is none, or a value in it is not of the type.
    pub fn list<T: std::str::FromStr, C: FromIterator<T>>(&self, wanted: &str) -> Result<C, Misfit> {
        match self {
            Self::List(items) if !items.is_empty() => {
                items.iter().map(|text| text.parse().map_err(|_| Given::Text(text).misfit(wanted))).collect()
            }
            Self::List(_) => Err(Misfit { given: "the empty list".into(), wanted: wanted.into() }),
            Self::Text(_) | Self::Whole(_) | Self::Flag(_) | Self::Other(_) => Err(self.misfit(wanted)),
        }
    }

    /// True or false.
    ///
    /// # Errors
    /// If it is neither.
    pub fn flag(&self) -> Result<bool, Misfit> {
        match self {
            Self::Flag(flag) => Ok(*flag),
            Self::Text(_) | Self::Whole(_) | Self::List(_) | Self::Other(_) => {
                Err(self.misfit("true or false"))
            }
        }
    }
}
