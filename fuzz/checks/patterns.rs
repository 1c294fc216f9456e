//! What must hold of topics and patterns for any bytes: run by the fuzz targets, and on what they found by a test.

use rem_patterns::{Pattern, PatternTree, Topic, check_topic, validate};

/// Parsing never panics; what parses reads the same again, and what does not says where.
pub(crate) fn pattern_parse(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Pattern::parse(text) {
        Ok(pattern) => {
            assert_eq!(pattern.as_str(), text);
            if let Ok(moved) = pattern.under(&Topic::from_static("p.q")) {
                assert!(!moved.matches("p.q"), "{moved} selects the prefix");
                for topic in ["a", "a.b", "b.a.c", "$a"] {
                    let below = if topic.starts_with('$') {
                        topic.to_owned()
                    } else {
                        format!("p.q.{topic}")
                    };
                    assert_eq!(
                        moved.matches(&below),
                        pattern.matches(topic),
                        "{pattern} under p.q on {topic}"
                    );
                }
            }
            let most = 64 * (1 + text.matches(',').count());
            assert!(pattern.to_nats().subjects.len() <= 2 * most);
            assert!(pattern.to_mqtt().subjects.len() <= most);
        }
        Err(error) => {
            let span = error.span();
            assert!(span.start <= span.end && span.end <= text.len(), "{error:?}");
            assert!(
                text.is_char_boundary(span.start) && text.is_char_boundary(span.end),
                "{error:?}"
            );
            assert!(error.to_string().ends_with('^'));
        }
    }
}

/// Patterns a line, an empty line, topics a line: the tree finds what asking each finds, and leaves nothing behind.
pub(crate) fn tree_vs_naive(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut lines = text.lines();
    let patterns: Vec<Pattern> = lines
        .by_ref()
        .take_while(|line| !line.is_empty())
        .filter(|line| !line.contains("{~"))
        .filter_map(|line| Pattern::parse(line).ok())
        .collect();
    let mut tree = PatternTree::new();
    let mut live: Vec<_> =
        patterns.iter().map(|pattern| (tree.insert(pattern, ()), pattern)).collect();
    let mut found = Vec::new();
    for topic in lines {
        tree.matching(topic, &mut found);
        found.sort_unstable();
        let mut expected: Vec<_> = live
            .iter()
            .filter(|(_, pattern)| pattern.matches(topic))
            .map(|(key, _)| *key)
            .collect();
        expected.sort_unstable();
        assert_eq!(found, expected, "{topic} among {patterns:?}");
        if live.len() > 1 {
            let (key, _) = live.swap_remove(topic.len() % live.len());
            assert!(tree.remove(key).is_some() && tree.remove(key).is_none());
        }
    }
    for (key, _) in live {
        assert!(tree.remove(key).is_some());
    }
    assert_eq!((tree.len(), tree.node_count(), tree.memory()), (0, 1, 0));
}

/// Two patterns in two lines: their algebra against all topics of a small alphabet.
pub(crate) fn algebra_vs_bruteforce(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut lines = text.lines().filter(|line| line.len() <= 64).map(Pattern::parse);
    let (Some(Ok(one)), Some(Ok(two))) = (lines.next(), lines.next()) else { return };
    let segments = ["a", "b", "ab", "c1", "$s", "é"];
    let mut topics: Vec<String> = segments.map(str::to_owned).into();
    for from in [0, segments.len()] {
        let longer: Vec<String> = topics[from..]
            .iter()
            .flat_map(|topic| segments.iter().map(move |segment| format!("{topic}.{segment}")))
            .collect();
        topics.extend(longer);
    }
    let check = |answer: Result<Option<Topic>, _>, holds: &dyn Fn(&str) -> bool| match answer {
        Ok(Some(topic)) => assert!(holds(&topic), "{topic} is no witness for {one} and {two}"),
        Ok(None) => {
            let topic = topics.iter().find(|topic| holds(topic));
            assert_eq!(topic, None, "not seen, for {one} and {two}");
        }
        Err(_too_large) => {}
    };
    check(one.intersects(&two), &|topic| one.matches(topic) && two.matches(topic));
    check(one.misses(&two), &|topic| two.matches(topic) && !one.matches(topic));
    if let Ok(least) = one.minimise() {
        for topic in &topics {
            assert_eq!(
                least.matches(topic),
                one.matches(topic),
                "{one} became {least}, for {topic}"
            );
        }
    }
}

/// Any text is one segment, and comes back; all ways to check a topic agree.
pub(crate) fn topic_escape(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let segment = Topic::escape(text);
    assert_eq!(Topic::unescape(&segment), text);
    if segment.len() <= 255 {
        let topic = Topic::parse(&segment).expect("one segment");
        assert!(topic.depth() == 1 && !topic.is_system());
    }
    let unescaped = Topic::unescape(text);
    if text.len() <= 200 {
        assert_eq!(Topic::unescape(&Topic::escape(&unescaped)), unescaped);
    }
    let ok = check_topic(text).is_ok();
    assert_eq!(validate(text).is_ok(), ok);
    assert_eq!(Topic::parse(text).is_ok(), ok);
}
