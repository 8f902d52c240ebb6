//! The text and the summary of a statement, in one pass.

/// Whose SQL it is: what a quote or a comment looks like depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum SqlDialect {
    /// Any.
    #[default]
    Unknown,
    /// PostgreSQL and what speaks like it.
    PostgreSql,
    /// MySQL and MariaDB.
    MySql,
    /// SQLite.
    Sqlite,
    /// SQL Server.
    SqlServer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReadingOptions {
    pub(crate) dialect: SqlDialect,
    pub(crate) sanitise: bool,
    pub(crate) collapse: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct Reading {
    pub(crate) text: String,
    pub(crate) summary: String,
}

/// A stand-in for the reader: literals are quoted strings and numbers.
pub(crate) fn read(text: &str, options: &ReadingOptions) -> Reading {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut summary = words.first().copied().unwrap_or_default().to_owned();
    for pair in words.windows(2) {
        if let [before, name] = pair
            && ["FROM", "INTO", "UPDATE", "TABLE"].contains(before)
        {
            summary.push(' ');
            summary.push_str(name.split('(').next().unwrap_or_default());
        }
    }
    let text = match options.sanitise {
        false => text.to_owned(),
        true => sanitised(text),
    };
    Reading { text, summary }
}

fn sanitised(text: &str) -> String {
    let mut sanitised = String::new();
    let mut quoted = false;
    let mut before = ' ';
    for character in text.chars() {
        if character == '\'' {
            quoted = !quoted;
            if quoted {
                sanitised.push('?');
            }
        } else if !quoted {
            let in_word = before.is_alphanumeric() || before == '_' || before == '$';
            match character {
                '0'..='9' if !in_word => sanitised.push('?'),
                '0'..='9' if before.is_ascii_digit() && sanitised.ends_with('?') => {}
                _ => sanitised.push(character),
            }
        }
        before = character;
    }
    sanitised
}
