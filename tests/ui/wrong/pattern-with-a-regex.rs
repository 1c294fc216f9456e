//! Regular expressions are made at run time.

use rem::pattern;

fn main() {
    let _ = pattern!(r"{~order\.\d+~}");
}
