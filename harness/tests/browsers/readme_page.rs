//! The README's scenario of a page, as it stands there.

use crate::cli_support::{self, Stand};

const README: &str = include_str!("../../../README.md");

#[test]
fn the_readmes_scenario_of_a_page_plays() {
    let _alone = crate::OWN_BROWSERS.blocking_lock();
    let (before, _) = README.split_once("  alice: { app: / }").expect("its peers");
    let (_, head) = before.rsplit_once("```yaml\n").expect("its begin");
    let from = before.len() - head.len();
    let (example, _) = README[from..].split_once("```").expect("its end");
    let stand = Stand::new();
    stand.write("page.yaml", &format!("scenario: a page\n{example}"));
    let cast = ["--cast", "alice=chromium,bob=chromium"];
    let mut command = stand.command(&[&["run", "page.yaml"][..], &cast].concat());
    command.env("GLARE_STACKS", "chromium").env_remove("CI");
    cli_support::run(&mut command)
        .ends(0)
        .says("0 passed, 0 failed, 1 new");
}
