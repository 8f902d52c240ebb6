use super::*;

#[test]
fn valid_lists_are_read() {
    let printable: String = (' '..='~').filter(|c| !",=".contains(*c)).collect();
    let letters = "abcdefghijklmnopqrstuvwxyz0123456789_-*/";
    let full = (0..32)
        .map(|i| format!("k{i}=v"))
        .collect::<Vec<_>>()
        .join(",");
    let longest = format!("{}={}", "k".repeat(256), "v".repeat(256));
    let cases: [(&[&str], &str); 18] = [
        (&[], ""),
        (&[""], ""),
        (&[" ,\t,"], ""),
        (&["foo=1"], "foo=1"),
        (&["foo=1,bar=2"], "foo=1,bar=2"),
        (&["foo=1", ""], "foo=1"),
        (&["", "foo=1"], "foo=1"),
        (
            &["foo=1,bar=2", "rojo=1,congo=2", "baz=3"],
            "foo=1,bar=2,rojo=1,congo=2,baz=3",
        ),
        (&["foo=1 \t , \t bar=2, \t baz=3"], "foo=1,bar=2,baz=3"),
        (&["foo=1\t \t,\t \tbar=2,\t \tbaz=3"], "foo=1,bar=2,baz=3"),
        (&["\t foo=1 \t"], "foo=1"),
        (&["foo=1,,bar=2,"], "foo=1,bar=2"),
        (&["foo=  1"], "foo=  1"),
        (&["foo=1,foo=1"], "foo=1,foo=1"),
        (&["0a=1"], "0a=1"),
        (&["tenant@system=1"], "tenant@system=1"),
        (&[&full], &full),
        (&[&longest], &longest),
    ];
    for (lines, expected) in cases {
        let parsed = Parsed::from_lines(lines);
        assert_eq!(parsed.trace_state.header(), expected, "{lines:?}");
        assert!(parsed.raw.is_none(), "{lines:?}");
    }
    for key in [letters.to_owned(), format!("{letters}@a-z0-9_-*/")] {
        let line = format!("{key}={printable}");
        assert_eq!(Parsed::from_lines(&[&line]).trace_state.header(), line);
    }
}

#[test]
fn invalid_lists_are_discarded_as_a_whole() {
    let too_many = (0..33)
        .map(|i| format!("k{i}=v"))
        .collect::<Vec<_>>()
        .join(",");
    let long_key = format!("{}=1", "k".repeat(257));
    let long_value = format!("k={}", "v".repeat(257));
    let cases: [&[&str]; 24] = [
        &["foo"],
        &["=1"],
        &["foo="],
        &["foo= "],
        &["foo =1"],
        &["FOO=1"],
        &["foo.bar=1"],
        &["_foo=1"],
        &["-foo=1"],
        &["*foo=1"],
        &["/foo=1"],
        &["@foo=1"],
        &["foo=bar=baz"],
        &["foo=,bar=3"],
        &["foo=a\tb"],
        &["foo=\u{7f}"],
        &["foo=é"],
        &["é=1"],
        &["\u{fffd}"],
        &["foo=1\n"],
        &["a=1,b=2,c"],
        &[&too_many],
        &[&long_key],
        &[&long_value],
    ];
    for lines in cases {
        let mut with_good_ones = vec!["good=1"];
        with_good_ones.extend(lines);
        with_good_ones.push("l2@@key=1");
        for lines in [lines, &with_good_ones] {
            let parsed = Parsed::from_lines(lines);
            assert_eq!(parsed.trace_state, TraceState::NONE, "{lines:?}");
            assert!(parsed.raw.is_none(), "{lines:?}");
        }
    }
}

#[test]
fn keys_that_only_level_2_knows_are_kept_as_text() {
    let cases: [(&[&str], &str, &str); 5] = [
        (&["foo@@bar=1"], "foo@@bar=1", ""),
        (&["foo@bar@baz=1,bar=2"], "foo@bar@baz=1,bar=2", "bar=2"),
        (
            &["a=1, foo@-bar=2 ,", "b=3"],
            "a=1,foo@-bar=2,b=3",
            "a=1,b=3",
        ),
        (
            &["foo@a-system-with-a-long-name=1"],
            "foo@a-system-with-a-long-name=1",
            "",
        ),
        (&["a@@b=1,a@@b=2"], "a@@b=1,a@@b=2", ""),
    ];
    for (lines, text, representable) in cases {
        let parsed = Parsed::from_lines(lines);
        assert_eq!(parsed.trace_state.header(), representable, "{lines:?}");
        let raw = parsed.raw.unwrap();
        assert_eq!(raw.text_unless_changed(&parsed.trace_state), Some(text));
        assert_eq!(raw.text.capacity(), text.len(), "{lines:?}");
    }
}

#[test]
fn members_that_only_the_api_accepts_are_not_written() {
    let trace_state =
        TraceState::from_key_value([("a", "1"), ("b", ""), ("c", "\n"), ("", "x"), ("d", "2")])
            .unwrap();

    assert_eq!(header(&trace_state), "a=1,d=2");
    assert_eq!(header(&TraceState::NONE), "");
}
