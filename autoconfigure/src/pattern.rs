//! Patterns of names and values: `*` stands for any number of characters, `?` for one.

/// Patterns of what is included, and of what is then excluded.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Patterns {
    /// `None` includes everything.
    pub(crate) included: Option<Vec<Pattern>>,
    pub(crate) excluded: Vec<Pattern>,
}

impl Patterns {
    pub(crate) fn select(&self, text: &str) -> bool {
        let matches = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(text));
        let is_included = self.included.as_deref().is_none_or(matches);
        is_included && !matches(&self.excluded)
    }
}

/// One pattern. Letters match only themselves, and case matters.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pattern(Vec<char>);

impl Pattern {
    pub(crate) fn new(pattern: &str) -> Self {
        Self(pattern.chars().collect())
    }

    /// The only text that matches, if there is only one.
    pub(crate) fn exact(&self) -> Option<String> {
        let is_exact = !self.0.iter().any(|letter| matches!(letter, '*' | '?'));
        is_exact.then(|| self.0.iter().collect())
    }

    /// Linear in both lengths, except for the text that is read again after the last `*`.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let mut at = 0;
        let mut rest = text.chars();
        let mut last_star = None;
        loop {
            let before = rest.clone();
            let letter = rest.next();
            match (self.0.get(at), letter) {
                (Some('*'), _) => {
                    at += 1;
                    last_star = Some((at, before.clone()));
                    rest = before;
                }
                (Some('?'), Some(_)) => at += 1,
                (Some(expected), Some(letter)) if *expected == letter => at += 1,
                (None, None) => return true,
                (_, None) => return false,
                _ => {
                    let Some((after_star, mut start)) = last_star else {
                        return false;
                    };
                    // Lets the star match one more character.
                    start.next();
                    rest = start.clone();
                    at = after_star;
                    last_star = Some((after_star, start));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything_and_question_marks_for_one_character() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("a", "a", true),
            ("a", "A", false),
            ("a", "", false),
            ("*", "", true),
            ("*", "größer", true),
            ("?", "ö", true),
            ("?", "", false),
            ("??", "ö", false),
            ("/internal/*", "/internal/", true),
            ("/internal/*", "/internal/a/b", true),
            ("/internal/*", "/internal", false),
            ("*.js", "a.js", true),
            ("*.js", "a.js.js", true),
            ("*.js", "a.jsx", false),
            ("a*b*c", "a__b__b__c", true),
            ("a*b*c", "a__c__b", false),
            ("*a?c*", "xxabcabd", true),
            ("**", "ab", true),
            ("4*", "404", true),
            ("a*", "b", false),
            ("[ab]", "a", false),
        ] {
            let found = Pattern::new(pattern).matches(text);
            assert_eq!(found, expected, "{pattern:?} {text:?}");
        }
    }

    #[test]
    fn exclusion_comes_after_inclusion() {
        let patterns = |texts: &[&str]| texts.iter().map(|text| Pattern::new(text)).collect();
        let all = Patterns::default();
        let some = Patterns {
            included: Some(patterns(&["process.*", "host.name"])),
            excluded: patterns(&["process.command*"]),
        };
        for (text, in_all, in_some) in [
            ("process.pid", true, true),
            ("host.name", true, true),
            ("host.arch", true, false),
            ("process.command_args", true, false),
        ] {
            assert_eq!(all.select(text), in_all, "{text}");
            assert_eq!(some.select(text), in_some, "{text}");
        }
    }

    #[test]
    fn pattern_without_wildcards_is_exact() {
        assert_eq!(Pattern::new("a.b").exact().as_deref(), Some("a.b"));
        assert_eq!(Pattern::new("a.*").exact(), None);
        assert_eq!(Pattern::new("a.?").exact(), None);
    }
}
