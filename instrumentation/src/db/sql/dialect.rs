//! The differences between SQL dialects in literals, names and comments.

/// The dialect of SQL in which the text of a statement is read.
///
/// Its rules decide what is a literal and what is a name. For example, `"x"` is a string in MySQL
/// and a name elsewhere, `[x]` is a name in SQL Server and SQLite and a list elsewhere, and a
/// backslash continues a string in MySQL. The default is [`Unknown`](Self::Unknown): text that
/// dialects read differently is hidden.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SqlDialect {
    /// Another dialect, or not known. More of a text is hidden than necessary.
    #[default]
    Unknown,
    /// PostgreSQL and compatible databases (CockroachDB, YugabyteDB, Redshift).
    PostgreSql,
    /// MySQL and MariaDB.
    MySql,
    /// SQLite. `"x"` counts as a name, although SQLite reads it as a string if there is no such
    /// column.
    Sqlite,
    /// Microsoft SQL Server.
    SqlServer,
}

/// The meaning of a backslash in front of a quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Backslash {
    /// Nothing: the quote ends the string.
    Plain,
    /// The quote belongs to the string.
    Escapes,
    /// Either of the two.
    Unsure,
}

/// The meaning of `"x"`.
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

    /// True if `` `x` `` is a name.
    pub(super) fn has_backticks(self) -> bool {
        matches!(self, Self::Unknown | Self::MySql | Self::Sqlite)
    }

    /// True if `$$x$$` is a string.
    pub(super) fn has_dollar_quotes(self) -> bool {
        matches!(self, Self::Unknown | Self::PostgreSql)
    }

    /// True if `E'x'` is a string in which backslashes escape.
    pub(super) fn has_escape_strings(self) -> bool {
        matches!(self, Self::Unknown | Self::PostgreSql)
    }

    /// True if `?1` is a placeholder. In other dialects it is an operator and a number.
    pub(super) fn has_numbered_placeholders(self) -> bool {
        matches!(self, Self::Unknown | Self::Sqlite)
    }

    /// True if `/* /* */ */` is one comment; `None` if that is not known.
    pub(super) fn nests_comments(self) -> Option<bool> {
        match self {
            Self::Unknown => None,
            Self::PostgreSql | Self::SqlServer => Some(true),
            Self::MySql | Self::Sqlite => Some(false),
        }
    }
}
