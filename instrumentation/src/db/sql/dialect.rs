//! In what dialects of SQL differ, as far as literals, names and comments go.

/// Which dialect's rules the text of a statement is read by.
///
/// They say what is a literal and what is a name: `"x"` is a string in MySQL and a name elsewhere,
/// `[x]` is a name in SQL Server and SQLite and a list elsewhere, a backslash continues a string in
/// MySQL. The default is [`Unknown`](Self::Unknown): what dialects read in different ways is hidden.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SqlDialect {
    /// Any other, or nobody knows: more of a text is hidden than has to be.
    #[default]
    Unknown,
    /// PostgreSQL, and what speaks as it does (CockroachDB, YugabyteDB, Redshift).
    PostgreSql,
    /// MySQL and MariaDB.
    MySql,
    /// SQLite. `"x"` counts as a name, which SQLite takes for a string if there is no such column.
    Sqlite,
    /// Microsoft SQL Server.
    SqlServer,
}

/// What a backslash means in front of a quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Backslash {
    /// Nothing: the quote ends the string.
    Plain,
    /// The quote belongs to the string.
    Escapes,
    /// One of both.
    Unsure,
}

/// What `"x"` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DoubleQuoted {
    Name,
    Text,
    Unsure,
}

impl SqlDialect {
    pub(super) fn backslash(self) -> Backslash {
        match self {
            Self::MySql => Backslash::Escapes,
            Self::Unknown => Backslash::Unsure,
            Self::PostgreSql | Self::Sqlite | Self::SqlServer => Backslash::Plain,
        }
    }

    pub(super) fn double_quoted(self) -> DoubleQuoted {
        match self {
            Self::MySql => DoubleQuoted::Text,
            Self::Unknown => DoubleQuoted::Unsure,
            Self::PostgreSql | Self::Sqlite | Self::SqlServer => DoubleQuoted::Name,
        }
    }

    /// Whether `` `x` `` is a name.
    pub(super) fn has_backticks(self) -> bool {
        matches!(self, Self::Unknown | Self::MySql | Self::Sqlite)
    }

    /// Whether `$$x$$` is a string.
    pub(super) fn has_dollar_quotes(self) -> bool {
        matches!(self, Self::Unknown | Self::PostgreSql)
    }

    /// Whether `E'x'` is a string in which backslashes escape.
    pub(super) fn has_escape_strings(self) -> bool {
        matches!(self, Self::Unknown | Self::PostgreSql)
    }

    /// Whether `?1` is a placeholder. Elsewhere that is an operator and a number.
    pub(super) fn has_numbered_placeholders(self) -> bool {
        matches!(self, Self::Unknown | Self::Sqlite)
    }

    /// Whether `/* /* */ */` is one comment, or `None` if nobody knows.
    pub(super) fn nests_comments(self) -> Option<bool> {
        match self {
            Self::Unknown => None,
            Self::PostgreSql | Self::SqlServer => Some(true),
            Self::MySql | Self::Sqlite => Some(false),
        }
    }
}
