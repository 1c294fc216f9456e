//! Errors, each with its own kind and span.
use rem_patterns::{Pattern, PatternErrorKind as Kind};

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
        ("{~a", Kind::UnclosedBrace, 0..2),
        ("a{~b~}", Kind::ForbiddenChar, 1..3),
        ("{~(~}", Kind::BadRegex, 2..3),
    ] {
        let error = Pattern::parse(text).expect_err(text);
        assert_eq!((error.kind(), error.span()), (kind, span), "{text}: {error}");
        assert!(error.to_string().contains('^'), "{error}");
    }
}
