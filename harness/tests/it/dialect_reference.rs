//! The schema and the page of reference that are shipped are those that the code makes.

use std::path::Path;

use crate::cli_support::Stand;
use serde_json::Value;

fn shipped(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_shipped_schema_is_the_one_that_the_code_makes() {
    let ran = Stand::new().glare(&["dialect", "schema"]).ends(0);
    let made: Value = serde_json::from_str(&ran.out).expect("JSON");
    let there: Value =
        serde_json::from_str(&shipped("../fixtures/servers/dialect.schema.json")).expect("JSON");
    assert_eq!(
        there, made,
        "write it anew: glare dialect schema > fixtures/servers/dialect.schema.json"
    );
}

#[test]
fn the_shipped_page_is_the_one_that_the_code_makes() {
    let ran = Stand::new().glare(&["dialect", "reference"]).ends(0);
    assert_eq!(
        shipped("DIALECT.md"),
        ran.out,
        "write it anew: glare dialect reference > harness/DIALECT.md"
    );
}
