//! A new scenario file is a new test: `rstest` lists the files when it is compiled.

fn main() {
    println!("cargo:rerun-if-changed=../scenarios");
    println!("cargo:rerun-if-changed=../fixtures/servers");
}
