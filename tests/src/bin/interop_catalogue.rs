//! Writes the catalogue of a shop as AsyncAPI, for the parser of others to read: `interop_catalogue DIRECTORY`.
//!
//! Once of its types alone, once with what a bus has seen; in `refused/` a document that no reader may accept.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use rem_tests::shop;

fn main() -> Result<(), Box<dyn Error>> {
    let directory = PathBuf::from(std::env::args().nth(1).ok_or("say where to: a directory")?);
    fs::create_dir_all(directory.join("refused"))?;
    let types = shop::catalogue().async_api()?;
    let seen = shop::catalogue().seen(shop::seen()).async_api()?;
    let mut wrong = seen.clone();
    wrong["operations"]["send.shop.order.placed"]["channel"]["$ref"] = "#/channels/nowhere".into();
    for (file, document) in
        [("types.json", types), ("seen.json", seen), ("refused/wrong.json", wrong)]
    {
        fs::write(directory.join(file), format!("{document:#}\n"))?;
    }
    Ok(())
}
