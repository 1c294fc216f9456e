//! An async handler whose future cannot go to another thread.

use std::cell::RefCell;
use std::rc::Rc;

use rem::prelude::*;

struct Billing;

impl Billing {
    async fn book(&self) {}
}

#[rem::handlers]
impl Billing {
    #[on("order.*.paid")]
    async fn paid(&self, _event: Received) {
        let lines = Rc::new(RefCell::new(Vec::<String>::new()));
        self.book().await;
        lines.borrow_mut().push("paid".to_owned());
    }
}

fn main() {}
