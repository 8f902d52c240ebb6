use super::*;
use crate::config_file::parser::parsed;

/// The result of reading, and the warnings.
fn read<T>(
    text: &str,
    read: impl FnOnce(&mut Section<'_>) -> Result<T, Problem>,
) -> (Result<T, String>, Vec<String>) {
    let tree = parsed(text, &|_| None).unwrap();
    let notes = Notes::default();
    let outcome = Value::root(&tree, &notes).mapping(read);
    let said = notes.into_problems();
    let said = said.iter().map(ToString::to_string).collect();
    (outcome.map_err(|problem| problem.to_string()), said)
}

#[test]
fn what_nobody_asks_for_is_warned_about_at_its_key() {
    let text = "b: 1\nc:\n  - d: 2\n    e: 3\na: 4\n";
    let (outcome, said) = read(text, |section| {
        section.read("b", Value::integer)?;
        for member in section.required("c")?.list()? {
            member.mapping(|section| section.read("d", Value::integer))?;
        }
        Ok(())
    });
    assert_eq!(outcome, Ok(()));
    assert_eq!(
        said,
        [
            "4:5: c[0].e: this key is not known, and has no effect (known here: d)",
            "5:1: a: this key is not known, and has no effect (known here: b, c)",
        ]
    );
}

#[test]
fn what_is_not_supported_is_said_only_where_it_is_there() {
    let (outcome, said) = read("a:\nb: [1]\n", |section| {
        section.unsupported("a", "as a test");
        section.unsupported("b", "as a test");
        section.unsupported("c", "as a test");
        Ok(())
    });
    assert_eq!(outcome, Ok(()));
    assert_eq!(said, ["2:1: b: not supported, as a test"]);
}

#[test]
fn values_are_what_they_are_meant_to_be_or_errors() {
    type Read = fn(&Value<'_>) -> Result<String, Problem>;
    let cases: [(&str, Read, &str); 22] = [
        ("abc", |it| it.text(), "abc"),
        ("0123", |it| it.text(), "0123"),
        ("true", |it| it.text(), "true"),
        (
            "[a]",
            |it| it.text(),
            "1:4: a: a text is expected here, not a list",
        ),
        ("true", |it| Ok(it.bool()?.to_string()), "true"),
        (
            "\"true\"",
            |it| Ok(it.bool()?.to_string()),
            "1:4: a: true or false is expected here, not a text",
        ),
        (
            "1",
            |it| Ok(it.bool()?.to_string()),
            "1:4: a: true or false is expected here, not an integer",
        ),
        ("0x10", |it| Ok(it.integer()?.to_string()), "16"),
        (
            "1.5",
            |it| Ok(it.integer()?.to_string()),
            "1:4: a: an integer is expected here, not a number",
        ),
        ("1.5", |it| Ok(it.number()?.to_string()), "1.5"),
        ("2", |it| Ok(it.number()?.to_string()), "2"),
        (
            "ten",
            |it| Ok(it.number()?.to_string()),
            "1:4: a: a number is expected here, not a text",
        ),
        ("0", |it| Ok(it.count(0)?.to_string()), "0"),
        (
            "0",
            |it| Ok(it.count(1)?.to_string()),
            "1:4: a: an integer from 1 to 4294967295 is expected",
        ),
        (
            "-1",
            |it| Ok(it.count(0)?.to_string()),
            "1:4: a: an integer from 0 to 4294967295 is expected",
        ),
        ("[x, 1]", |it| Ok(it.texts()?.join("+")), "x+1"),
        (
            "[]",
            |it| Ok(it.texts()?.join("+")),
            "1:4: a: the list is empty; leave the key out instead",
        ),
        (
            "[x, [y]]",
            |it| Ok(it.texts()?.join("+")),
            "1:8: a[1]: a text is expected here, not a list",
        ),
        ("[x, ]", |it| Ok(it.list_or_empty()?.len().to_string()), "1"),
        ("{b: }", |it| Ok(it.choice()?.0.to_owned()), "b"),
        (
            "{b: , c: }",
            |it| Ok(it.choice()?.0.to_owned()),
            "1:4: a: one key is expected here, not 2",
        ),
        (
            "b",
            |it| it.one_of(&[("a", 1), ("c", 2)]).map(|it| it.to_string()),
            "1:4: a: `b` is none of a, c",
        ),
    ];
    for (text, reader, expected) in cases {
        let (outcome, _) = read(&format!("a: {text}\n"), |section| {
            reader(&section.required("a")?)
        });
        let found = outcome.unwrap_or_else(|error| error);
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn nothing_is_absent_unless_presence_is_what_matters() {
    let (outcome, _) = read("a:\nb: ~\n", |section| {
        assert!(section.get("a").is_none());
        assert!(section.present("a").is_some());
        assert!(section.present("c").is_none());
        section.present("b").unwrap().empty()?;
        section.required("b").map(|_| ())
    });
    assert_eq!(outcome, Err("1:1: `b` is missing".to_owned()));
}
