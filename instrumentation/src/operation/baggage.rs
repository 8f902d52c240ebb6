//! The application's baggage: which entries come in, and which go out.

use opentelemetry::baggage::{Baggage, BaggageExt, BaggageMetadata};
use opentelemetry::{Context, Key, StringValue};

/// The parts of its context that an outgoing request carries.
#[derive(Debug)]
pub(crate) enum Injection {
    Nothing,
    Everything,
    /// Everything except the baggage, of which only these entries.
    Only(Vec<Entry>),
}

type Entry = (Key, (StringValue, BaggageMetadata));

impl Injection {
    /// Everything except the baggage entries whose names are refused. If no entry is left, that is
    /// [`Only`](Self::Only), too, so that a header that the application wrote itself is not sent.
    pub(crate) fn choose(baggage: &Baggage, accepts: impl Fn(&str) -> bool) -> Self {
        let chosen: Vec<Entry> = baggage
            .iter()
            .filter(|(key, _)| accepts(key.as_str()))
            .map(|(key, entry)| (key.clone(), entry.clone()))
            .collect();
        if chosen.len() == baggage.len() && !chosen.is_empty() {
            Self::Everything
        } else {
            Self::Only(chosen)
        }
    }
}

/// The context with its baggage cut down until names, values and properties have at most `limit`
/// bytes together. Entries are taken in the order of their names, so that the same baggage always
/// gives the same result. An entry that does not fit is left out whole.
pub(crate) fn limited(context: Context, limit: usize) -> Context {
    let baggage = context.baggage();
    if baggage.iter().map(size).sum::<usize>() <= limit {
        return context;
    }
    let mut entries: Vec<_> = baggage.iter().collect();
    entries.sort_unstable_by_key(|(key, _)| key.as_str());
    let mut left = limit;
    entries.retain(|entry| {
        let rest = left.checked_sub(size(*entry));
        left = rest.unwrap_or(left);
        rest.is_some()
    });
    let kept: Baggage = entries
        .into_iter()
        .map(|(key, entry)| (key.clone(), entry.clone()))
        .collect();
    context.with_baggage(kept)
}

fn size((key, (value, properties)): (&Key, &(StringValue, BaggageMetadata))) -> usize {
    key.as_str().len() + value.as_str().len() + properties.as_str().len()
}

#[cfg(test)]
mod tests {
    use opentelemetry::baggage::KeyValueMetadata;

    use super::*;

    #[test]
    fn entries_that_do_not_fit_are_left_out_whole() {
        // 4, 7 and 3 bytes.
        let entries = [("a", "123", ""), ("b", "123", "key"), ("c", "12", "")];
        let cases: [(usize, &[&str]); 8] = [
            (usize::MAX, &["a", "b", "c"]),
            (14, &["a", "b", "c"]),
            (13, &["a", "b"]),
            (10, &["a", "c"]),
            (6, &["a"]),
            (3, &["c"]),
            (2, &[]),
            (0, &[]),
        ];
        for (limit, kept) in cases {
            let after = limited(context(&entries), limit);
            assert_eq!(names(after.baggage()), kept, "{limit}");
        }
    }

    #[test]
    fn chosen_entries_keep_their_values_and_properties() {
        let context = context(&[("a", "1", "p"), ("b", "2", "")]);

        let Injection::Only(chosen) = Injection::choose(context.baggage(), |key| key == "a") else {
            panic!("one entry is refused");
        };
        let chosen: Baggage = chosen.into_iter().collect();
        assert_eq!(names(&chosen), ["a"]);
        assert_eq!(
            chosen.get_with_metadata("a"),
            context.baggage().get_with_metadata("a")
        );
    }

    #[test]
    fn nothing_changes_where_nothing_is_refused() {
        let context = context(&[("a", "1", "")]);
        let injection = Injection::choose(context.baggage(), |_| true);
        assert!(matches!(injection, Injection::Everything));
    }

    #[test]
    fn no_baggage_is_a_choice() {
        for entries in [&[("a", "1", "")][..], &[]] {
            let context = context(entries);
            let injection = Injection::choose(context.baggage(), |_| false);
            assert!(matches!(injection, Injection::Only(chosen) if chosen.is_empty()));
        }
    }

    fn context(entries: &[(&'static str, &'static str, &'static str)]) -> Context {
        Context::new().with_baggage(
            entries
                .iter()
                .map(|(key, value, properties)| KeyValueMetadata::new(*key, *value, *properties)),
        )
    }

    fn names(baggage: &Baggage) -> Vec<&str> {
        let mut names: Vec<_> = baggage.iter().map(|(key, _)| key.as_str()).collect();
        names.sort_unstable();
        names
    }
}
