use super::*;
use crate::config_file::scalar::Kind;

fn variable(name: &str) -> Option<String> {
    let value = match name {
        "STRING_VALUE" => "value",
        "BOOL_VALUE" => "true",
        "INT_VALUE" => "1",
        "FLOAT_VALUE" => "1.1",
        "HEX_VALUE" => "0xdeadbeef",
        "INVALID_MAP_VALUE" => "value\nkey:value",
        "LIST" => "[a, b]",
        "MAPPING" => "{a: b}",
        "QUOTES" => "\"a\" # b",
        _ => return None,
    };
    Some(value.to_owned())
}

fn tree(text: &str) -> Result<Node, String> {
    parsed(text, &variable).map_err(|problem| problem.to_string())
}

/// The node in one line, with the kinds of scalars: `{key: text(value)}`.
fn written(node: &Node) -> String {
    match &node.content {
        Content::Scalar(scalar) => {
            let text = &scalar.text;
            match scalar.kind {
                Kind::Null => "null".to_owned(),
                Kind::Bool(value) => format!("bool({value})"),
                Kind::Integer(value) => format!("int({value})"),
                Kind::Float(value) => format!("float({value})"),
                Kind::Text => format!("text({text})"),
            }
        }
        Content::Sequence(nodes) => {
            let nodes: Vec<_> = nodes.iter().map(written).collect();
            format!("[{}]", nodes.join(", "))
        }
        Content::Mapping(entries) => {
            let entries = entries.iter();
            let entries = entries.map(|entry| format!("{}: {}", entry.key, written(&entry.value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}

#[test]
fn types_are_decided_after_substitution_and_no_structure_comes_out_of_a_variable() {
    for (text, expected) in [
        ("${STRING_VALUE}", "text(value)"),
        ("${BOOL_VALUE}", "bool(true)"),
        ("${INT_VALUE}", "int(1)"),
        ("${FLOAT_VALUE}", "float(1.1)"),
        ("${HEX_VALUE}", "int(3735928559)"),
        ("\"${BOOL_VALUE}\"", "text(true)"),
        ("'${INT_VALUE}'", "text(1)"),
        ("\"${HEX_VALUE}\"", "text(0xdeadbeef)"),
        ("|-\n  ${INT_VALUE}", "text(1)"),
        ("${UNDEFINED_KEY}", "null"),
        ("\"${UNDEFINED_KEY}\"", "text()"),
        ("${UNDEFINED_KEY:-12}", "int(12)"),
        ("1${INT_VALUE}", "int(11)"),
        ("${INVALID_MAP_VALUE}", "text(value\nkey:value)"),
        ("${LIST}", "text([a, b])"),
        ("${MAPPING}", "text({a: b})"),
        ("${QUOTES}", "text(\"a\" # b)"),
        ("[ \"${LIST}\", 2 ]", "[text([a, b]), int(2)]"),
        ("!!str ${INT_VALUE}", "text(1)"),
        ("!!int ${INT_VALUE}", "int(1)"),
        ("$${STRING_VALUE}", "text(${STRING_VALUE})"),
    ] {
        let tree = tree(&format!("key: {text}\n")).unwrap();
        assert_eq!(written(&tree), format!("{{key: {expected}}}"), "{text}");
    }
}

#[test]
fn keys_are_not_substituted() {
    let tree = tree("\"${STRING_VALUE}\": a\n<<: b\n").unwrap();
    assert_eq!(written(&tree), "{${STRING_VALUE}: text(a), <<: text(b)}");
}

#[test]
fn aliases_stand_for_what_their_anchor_is_at() {
    let text = "a: &x\n  b: &y ${INT_VALUE}\n  c: [*y]\nd: *x\ne:\n  - *y\n";
    let expected = "{a: {b: int(1), c: [int(1)]}, d: {b: int(1), c: [int(1)]}, e: [int(1)]}";
    assert_eq!(written(&tree(text).unwrap()), expected);
}

#[test]
fn everything_has_its_place() {
    let tree = tree(
        "a:\n  - b: 1\n    c:\n  - {d: ü, e: *f}\n"
            .replace("*f", "x")
            .as_str(),
    )
    .unwrap();
    let mut places = Vec::new();
    fn walk(node: &Node, places: &mut Vec<(usize, usize)>) {
        places.push((node.place.line, node.place.column));
        match &node.content {
            Content::Scalar(_) => {}
            Content::Sequence(nodes) => nodes.iter().for_each(|node| walk(node, places)),
            Content::Mapping(entries) => {
                entries.iter().for_each(|entry| walk(&entry.value, places));
            }
        }
    }
    walk(&tree, &mut places);
    // The null has the place of its key.
    let expected = [
        (1, 1),
        (2, 3),
        (2, 5),
        (2, 8),
        (3, 5),
        (4, 5),
        (4, 9),
        (4, 15),
    ];
    assert_eq!(places, expected);
}

#[test]
fn what_is_no_configuration_is_an_error_with_its_place() {
    for (text, expected) in [
        ("", "the file is empty"),
        ("# nothing\n", "the file is empty"),
        (
            "a: 1\nb: 2\na: 3\n",
            "3:1: the key `a` is here twice, first in line 1",
        ),
        (
            "a: {b: 1, b: 2}\n",
            "1:11: the key `b` is here twice, first in line 1",
        ),
        (
            "a: 1\n---\nb: 2\n",
            "2:1: there is a second document in the file; one is expected",
        ),
        ("? [a]\n: b\n", "1:3: a key has to be a text"),
        (
            "a:\n  b: ${A:?b}\n",
            "2:6: `${A:?b}` is no reference to a variable",
        ),
        (
            "a: !!int b\n",
            "1:4: the value is not what its tag `!!int` says",
        ),
        (
            "a: !own b\n",
            "1:4: the value is not what its tag `!own` says",
        ),
        (
            "a: !!set {b}\n",
            "1:4: the tag `!!set` is not that of the value",
        ),
        (
            "a: &x [*x]\n",
            "1:8: the alias is inside of what it stands for",
        ),
        ("a: *x\n", "not YAML"),
        ("a: [1, 2\n", "not YAML"),
        ("a:\n\t- b\n", "not YAML"),
        ("a: b: c\n", "not YAML"),
    ] {
        let error = tree(text).unwrap_err();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn aliases_of_aliases_and_endless_nesting_come_to_an_end() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..20 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb += &format!("a{level}: &a{level} [{aliases}]\n");
    }
    let error = tree(&bomb).unwrap_err();
    assert!(
        error.contains("too much") || error.contains("not YAML"),
        "{error}"
    );

    let nested = "[".repeat(50_000);
    let error = tree(&nested).unwrap_err();
    assert!(
        error.contains("too deeply") || error.contains("not YAML"),
        "{error}"
    );
}
