//! Locals of loom's and shuttle's threads, which are all one of the system's: those of std, and those of scoped-tls, lent for
//! a scope.

use std::cell::RefCell;

use super::thread::LocalKey;

#[cfg(rem_loom)]
macro_rules! each_thread {
    ($($(#[$attribute:meta])* static $name:ident: $of:ty = const { $value:expr };)*) => {
        $(::loom::thread_local!($(#[$attribute])* static $name: $of = $value);)*
    };
}
#[cfg(rem_loom)]
pub(crate) use each_thread as thread_local;

/// A local that is set while a closure runs. Where scoped-tls lends the value this keeps a clone of it.
pub(crate) struct Scoped<T: 'static>(pub(crate) &'static LocalKey<RefCell<Option<T>>>);

macro_rules! scoped_thread_local {
    (static $name:ident: $of:ty) => {
        static $name: $crate::sync::Scoped<$of> = {
            $crate::sync::thread_local! {
                static LOCAL: std::cell::RefCell<Option<$of>> = const { std::cell::RefCell::new(None) };
            }
            $crate::sync::Scoped(&LOCAL)
        };
    };
}
pub(crate) use scoped_thread_local;

impl<T: Clone + 'static> Scoped<T> {
    pub(crate) fn set<R>(&'static self, value: &T, run: impl FnOnce() -> R) -> R {
        let before = self.0.with(|local| local.replace(Some(value.clone())));
        let _reset = Reset(self, before);
        run()
    }

    pub(crate) fn is_set(&'static self) -> bool {
        self.0.with(|local| local.borrow().is_some())
    }

    pub(crate) fn with<R>(&'static self, run: impl FnOnce(&T) -> R) -> R {
        let value = self.0.with(|local| local.borrow().clone());
        run(&value.expect("it is set"))
    }
}

struct Reset<T: 'static>(&'static Scoped<T>, Option<T>);

impl<T: 'static> Drop for Reset<T> {
    fn drop(&mut self) {
        let value = self.0.0.with(|local| local.replace(self.1.take()));
        drop(value);
    }
}
