//! Pages of the user's as peers.

mod dead;
mod hostile;
mod life;
mod meet;
mod secure;
mod starved;
mod unread;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use glare::names::Stack;
use glare::scenario::{Cast, Scenario};
use glare::server::{AppFrom, AppSpec};
use glare::stage::{Case, Outcome, Setting, play};

use crate::site_support::Site;
use crate::stage_support::setting;

/// Its pages call the server under test `signal.test`, wherever that is.
const TWO: &str = include_str!("two.html");

fn from(site: &Site) -> AppSpec {
    AppSpec {
        from: AppFrom::Url(site.origin.parse().expect("a URL"), None),
        names: vec!["signal.test:80".to_owned()],
    }
}

fn setting_of(site: &Site) -> Arc<Setting> {
    Arc::new(Setting {
        app: Some(from(site)),
        // Some of these start a browser of their own, beside all the others of this binary.
        max_time: Duration::from_secs(240),
        ..setting()
    })
}

/// This scenario with this cast, `alice=chromium,bob=firefox`.
fn case(text: &str, cast: &str) -> Case {
    let scenario = match Scenario::read(Path::new("x.yaml"), text) {
        Ok(scenario) => Arc::new(scenario),
        Err(mistakes) => panic!("{}", mistakes.render(false)),
    };
    let cast: Cast = cast.parse().expect("a cast");
    let casts = scenario.casts_with(&cast).expect("such a cast");
    let cast = casts.into_iter().next().expect("one");
    Case { scenario, cast }
}

/// Whether browsers of this kind are to be played here.
fn is_here(stack: Stack) -> bool {
    glare::suite::stacks().expect("stacks").contains(&stack)
}

async fn played(text: &str, cast: &str, site: &Site) -> Outcome {
    play(&case(text, cast), setting_of(site)).await
}

/// The browsers that are not to be played here are left out.
macro_rules! casts {
    ($($name:ident: $cast:literal, $play:path;)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let cast: glare::scenario::Cast = $cast.parse().expect("a cast");
            if cast.iter().all(|(_, stack)| !stack.is_browser() || $crate::app::is_here(stack)) {
                let _place = crate::site_support::turn().await;
                $play($cast).await;
            }
        }
    )*};
}

use casts;
