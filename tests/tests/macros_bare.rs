//! The macros where nothing is at hand: no prelude, serde by another name, REM's names at the end of full paths.
#![no_implicit_prelude]

extern crate serde as by_another_name;

/// What a crate that re-exports serde looks like to its users.
mod framework {
    pub(crate) use crate::by_another_name as data;
}

/// Not serde.
mod serde {}

#[derive(
    ::rem::EventType,
    ::core::fmt::Debug,
    ::core::clone::Clone,
    ::core::cmp::PartialEq,
    crate::framework::data::Serialize,
    crate::framework::data::Deserialize,
)]
#[serde(crate = "crate::framework::data")]
#[event(namespace = "cache", rename_all = "kebab-case")]
enum Cache {
    HitHard,
    #[event(topic = "missed.{key}", alias = "lost.{key}")]
    Missed {
        #[event(key)]
        key: u32,
        #[event(redact)]
        secret: u8,
    },
}

#[derive(
    ::rem::EventType,
    ::core::fmt::Debug,
    crate::framework::data::Serialize,
    crate::framework::data::Deserialize,
)]
#[serde(crate = "crate::framework::data")]
struct Stored<T> {
    value: T,
}

#[derive(
    ::rem::EventType,
    ::core::fmt::Debug,
    ::core::clone::Clone,
    ::core::cmp::PartialEq,
    crate::framework::data::Serialize,
    crate::framework::data::Deserialize,
)]
#[serde(crate = "crate::framework::data")]
#[event(namespace = "store", group(Caches = "cache.**"))]
enum Store<T> {
    #[event(version = 2, upcast = Self::from_stored)]
    Stored { value: T, times: u8 },
    #[event(nested)]
    Cache(Cache),
    #[event(other)]
    Unknown(::rem::wire::RawEvent),
    #[event(skip)]
    #[serde(skip)]
    Internal,
}

impl<T> Store<T> {
    fn from_stored(Stored { value }: Stored<T>) -> Self {
        Self::Stored { value, times: 1 }
    }
}

struct Desk;

#[::rem::handlers]
impl Desk {
    #[on("store.cache.missed.{id}", priority = 1)]
    fn missed(&self, event: &::rem::Event<Store<u8>>, ::rem::Captured(id): ::rem::Captured<u32>) {
        ::std::assert_eq!(
            event.key(),
            ::core::option::Option::Some(::std::string::ToString::to_string(&id))
        );
    }
}

#[::rem::on("store.*")]
fn stored(_event: ::rem::Received<Store<u8>>) {}

#[test]
fn it_works_with_nothing_at_hand() {
    use ::core::convert::{From, TryFrom};
    use ::core::result::Result::Ok;

    let bus = ::rem::Bus::new();
    let _desk = bus.register(::std::sync::Arc::new(Desk));
    let _stored = bus.register_fn::<stored>();
    let missed = Store::<u8>::from(Cache::Missed { key: 7, secret: 1 });
    let delivered = |receipt: ::rem::Receipt| (receipt.delivered(), receipt.failed());
    ::std::assert_eq!(bus.publish(missed).map(delivered).ok(), Ok::<_, ()>((1, 0)).ok());
    let stored = Store::Stored { value: 1_u8, times: 2 };
    ::std::assert_eq!(bus.publish(stored).map(delivered).ok(), Ok::<_, ()>((1, 0)).ok());

    let typed = ::rem::pattern!(Store<u8>, "cache.hit-hard");
    ::std::assert!(typed.pattern().matches("cache.hit-hard"), "{typed}");
    ::std::assert_eq!(Store::<u8>::caches().pattern().as_str(), "cache.**");
    ::std::assert!(::rem::pattern!("store.*").matches(&::rem::topic!("store.stored")));
    let old = ::rem::wire::Body::new(::rem::wire::Codec::Json, br#"{"value":3}"#).version(1);
    let read = <Store<u8> as ::rem::EventType>::decode("stored", &old);
    ::std::assert_eq!(read, Ok(Store::Stored { value: 3, times: 1 }));
    ::std::assert_eq!(Cache::try_from(Store::<u8>::Cache(Cache::HitHard)), Ok(Cache::HitHard));
    ::std::assert!(Cache::try_from(Store::<u8>::Internal).is_err());
}
