//! Errors, each with its own kind and span, and drawn with a caret.

use rem_patterns::{
    IntoPattern, MAX_BYTES, MAX_SEGMENTS, Pattern, PatternErrorKind as Kind, Topic, TopicErrorKind,
    UnionError,
};

#[test]
fn each_fault_has_its_kind_and_span() {
    for (text, kind, span) in [
        ("", Kind::Empty, 0..0),
        (",a", Kind::EmptyElement, 0..1),
        ("a,", Kind::EmptyElement, 1..2),
        ("a,,b", Kind::EmptyElement, 2..3),
        ("!", Kind::EmptyElement, 0..1),
        ("a,!", Kind::EmptyElement, 2..3),
        ("=", Kind::EmptyElement, 0..1),
        (".", Kind::EmptySegment, 0..1),
        (".a", Kind::EmptySegment, 0..1),
        ("a.", Kind::EmptySegment, 1..2),
        ("a..b", Kind::EmptySegment, 2..3),
        ("a b", Kind::ForbiddenChar, 1..2),
        ("a\u{0}", Kind::ForbiddenChar, 1..2),
        ("é\u{2003}", Kind::ForbiddenChar, 2..5),
        ("a.>.b", Kind::TailNotLast, 2..3),
        ("a>", Kind::TailInsideSegment, 1..2),
        (">a", Kind::TailInsideSegment, 0..1),
        ("a**", Kind::DoubleStarInsideSegment, 1..3),
        ("***", Kind::DoubleStarInsideSegment, 0..2),
        ("a.=b", Kind::MisplacedExact, 2..3),
        ("a!", Kind::MisplacedExclusion, 1..2),
        ("!!a", Kind::MisplacedExclusion, 1..2),
        ("=a.*", Kind::ExactWithWildcard, 0..1),
        ("a.[bc", Kind::UnclosedClass, 2..3),
        ("a.[b.c]", Kind::UnclosedClass, 2..3),
        ("[]", Kind::EmptyClass, 0..2),
        ("[!]", Kind::EmptyClass, 0..3),
        ("[^a]", Kind::CaretInClass, 1..2),
        ("[c-a]", Kind::BackwardRange, 1..4),
        ("{a,b", Kind::UnclosedBrace, 0..1),
        ("{a", Kind::UnclosedBrace, 0..1),
        ("a]", Kind::NothingToClose, 1..2),
        ("a}", Kind::NothingToClose, 1..2),
        ("{a.b,c}", Kind::DotInChoice, 2..3),
        ("{a,{b,c}}", Kind::NestedChoice, 3..4),
        ("{,}", Kind::EmptyChoice, 0..3),
        ("v{x}", Kind::CaptureInsideSegment, 1..4),
        ("{x}v", Kind::CaptureInsideSegment, 0..3),
        ("{}", Kind::UnnamedCapture, 0..2),
        ("{*}", Kind::UnnamedCapture, 0..3),
        ("{1a}", Kind::BadCaptureName, 1..3),
        ("{a}.{a}", Kind::DuplicateCapture, 5..6),
        ("{*a}.b", Kind::RestNotLast, 0..4),
        ("a,!b.{c}", Kind::CaptureInExclusion, 6..7),
        ("!a", Kind::OnlyExclusions, 0..2),
        ("!a,!b", Kind::OnlyExclusions, 0..5),
        ("$*.a", Kind::SystemNotLiteral, 0..2),
        ("{a,$b}.c", Kind::SystemNotLiteral, 0..6),
        ("{~a~}.b", Kind::RegexNotLast, 0..5),
        ("**.{~a~}", Kind::RegexAfterWildcard, 0..3),
        ("a,b.{x}.{~a~}", Kind::RegexAfterWildcard, 2..8),
        ("{~a", Kind::UnclosedBrace, 0..2),
        ("a{~b~}", Kind::ForbiddenChar, 1..3),
        ("{~(~}", Kind::BadRegex, 2..3),
    ] {
        let error = Pattern::parse(text).expect_err(text);
        assert_eq!((error.kind(), error.span()), (kind, span), "{text}: {error}");
        assert!(error.to_string().contains('^'), "{error}");
    }
}

#[test]
fn each_limit_has_its_kind_and_span() {
    let deep = format!("a{}", ".*".repeat(MAX_SEGMENTS));
    let long = format!("{}*", "a".repeat(MAX_BYTES + 1));
    // What it can select is short, and still so much is written.
    let wide = format!("x.{{{},b}}*", "a".repeat(MAX_BYTES - 5));
    assert!(Pattern::parse(&wide).is_ok(), "{} bytes", wide.len() - 2);
    let wider = wide.replace(",b", ",bc");
    let most = format!("a{}", ",b".repeat(Pattern::MAX_BYTES / 2));
    assert!(Pattern::parse(&most).is_ok(), "{} bytes", most.len());
    let huge = most + "b";
    for (text, kind, span) in [
        (&deep, Kind::TooManySegments, 64..65),
        (&long, Kind::TooLong, 0..257),
        (&wider, Kind::TooLong, 2..258),
        (&huge, Kind::TooLong, 65_535..65_536),
    ] {
        let error = Pattern::parse(text).expect_err("over a limit");
        assert_eq!((error.kind(), error.span()), (kind, span), "{error}");
    }
    #[cfg(feature = "regex")]
    for regex in [Pattern::parse("a.{~(b{1000}){1000}~}"), Pattern::regex("(b{1000}){1000}")] {
        let error = regex.expect_err("a million states");
        assert_eq!(error.kind(), Kind::RegexTooLarge, "{error}");
        assert_eq!(&error.text()[error.span()], "(b{1000}){1000}");
    }
    #[cfg(feature = "regex")]
    {
        let most = format!("a,{}", ["x.{~b~}"; Pattern::MAX_REGEXES - 1].join(","));
        assert!(Pattern::parse(format!("{most},!{{~c~}}")).is_ok(), "as many as there may be");
        // What does not compile shows that it is not tried.
        let error = Pattern::parse(format!("{most},!{{~c~}},y.{{~(~}}")).expect_err("one more");
        assert_eq!(error.kind(), Kind::TooManyRegexes, "{error}");
        assert_eq!(&error.text()[error.span()], "{~(~}");
        assert!(error.to_string().contains("at most 16 regular expressions: join"), "{error}");
        let half = Pattern::parse(most).expect("15 of them");
        let union = Pattern::union(&[half, Pattern::parse("{~c~},{~d~}").expect("2 of them")]);
        assert!(
            matches!(union, Err(UnionError::Pattern(error)) if error.kind() == Kind::TooManyRegexes)
        );
    }
}

#[test]
fn empty_sets_are_refused_however_they_are_written() {
    let none: [&str; 0] = [];
    for error in [
        none.into_pattern().expect_err("an array of none"),
        Vec::<String>::new().into_pattern().expect_err("a vector of none"),
        Pattern::parse("").expect_err("no text"),
    ] {
        assert_eq!((error.kind(), error.span()), (Kind::Empty, 0..0), "{error}");
    }
    let error = ["a", "", "b"].into_pattern().expect_err("one of nothing");
    assert_eq!((error.kind(), error.span()), (Kind::EmptyElement, 2..3), "{error}");
}

#[test]
fn each_fault_of_a_topic_has_its_kind_and_span() {
    let deep = ["a"; MAX_SEGMENTS + 1].join(".");
    let long = "a".repeat(MAX_BYTES + 1);
    for (text, kind, span) in [
        ("", TopicErrorKind::Empty, 0..0),
        (".", TopicErrorKind::EmptySegment, 0..1),
        ("a..b", TopicErrorKind::EmptySegment, 2..3),
        ("a.", TopicErrorKind::EmptySegment, 1..2),
        ("a.*", TopicErrorKind::PatternSign, 2..3),
        ("é!", TopicErrorKind::PatternSign, 2..3),
        ("a\u{0}", TopicErrorKind::ForbiddenChar, 1..2),
        ("a.\u{2003}b", TopicErrorKind::ForbiddenChar, 2..5),
        (&deep, TopicErrorKind::TooManySegments, 63..65),
        (&long, TopicErrorKind::TooLong, 255..256),
    ] {
        let error = Topic::parse(text).expect_err(text);
        assert_eq!((error.kind(), error.span()), (kind, span), "{error}");
        assert!(error.to_string().contains('^'), "{error}");
    }
}

/// The length is looked at first: what would be wrong with the first byte is not what they are refused for, and the
/// error keeps only the beginning.
#[test]
fn long_texts_are_refused_before_they_are_read() {
    let long = format!(" {}", "*.".repeat(50_000_000));
    let error = Pattern::parse(&long).expect_err("100 MB");
    assert_eq!((error.kind(), error.span()), (Kind::TooLong, Pattern::MAX_BYTES..long.len()));
    assert!(error.text().len() < 2_000 && error.to_string().len() < 2_000);
    let error = Topic::parse(&long).expect_err("100 MB");
    assert_eq!((error.kind(), error.span()), (TopicErrorKind::TooLong, MAX_BYTES..long.len()));
    assert!(error.text().len() < 2_000 && error.to_string().len() < 2_000);
}

#[test]
fn carets_stand_below_what_is_wrong() {
    for (text, drawn) in [
        ("é.ö x.b", "  | é.ö x.b\n  |    ^"),
        ("a.{id}.{id}", "  | a.{id}.{id}\n  |         ^^"),
        ("order.[abc", "  | order.[abc\n  |       ^"),
        ("a\tb", "  | a\u{FFFD}b\n  |  ^"),
        ("!a,!b", "  | !a,!b\n  | ^^^^^"),
        ("a.b.", "  | a.b.\n  |    ^"),
        ("", "  | \n  | ^"),
    ] {
        let said = Pattern::parse(text).expect_err(text).to_string();
        let (first, rest) = said.split_once('\n').expect("two lines more");
        assert!(first.starts_with("at byte "), "{said}");
        assert_eq!(rest, drawn, "{text:?}");
    }
    // Of a long text, what stands around the fault.
    let far = format!("{}. .{}", "a".repeat(200), "b".repeat(200));
    let said = Pattern::parse(&far).expect_err("a space").to_string();
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].starts_with("at byte 201: "), "{said}");
    assert_eq!(lines[1].len(), "  | ".len() + 121, "{said}");
    assert_eq!(lines[2].find('^'), Some("  | ".len() + 60), "{said}");
}
