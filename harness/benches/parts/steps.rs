//! What steps of a page cost, from the harness to the page and back.

use std::time::{Duration, Instant};

use glare::names::Stack;
use glare::peer::browser::Pool;
use glare::peer::page::{PageError, Role, Route, Sight, Target, UserPage, Wanted};

/// A field, a button far from it, and what the button makes of the field.
const PAGE: &str = "data:text/html,<!doctype html><title>steps</title><label>Name <input id=n></label><p style='height:200px'></p>\
    <button id=b>Greet</button><p id=o></p><script>b.onclick = () => { o.textContent = `Hello ${n.value}`; }</script>";

const LONG: Duration = Duration::from_secs(30);

/// Each step, with what it took each time: a field filled with three characters in place of three others, a click elsewhere, and a look at what
/// came of both.
pub async fn measure(
    pool: &Pool,
    stack: Stack,
    times: usize,
) -> Result<[(&'static str, Vec<Duration>); 3], PageError> {
    let wanted = Wanted {
        route: Route::Direct,
        ..Wanted::new(stack)
    };
    let started = UserPage::start(pool, wanted).await;
    let page = started
        .map_err(|error| PageError::Gone(error.to_string()))?
        .page;
    page.open(PAGE, LONG).await?;
    let field = Target::Role(Role::Field, "Name".to_owned());
    let button = Target::Role(Role::Button, "Greet".to_owned());
    let mut took = [
        ("fill", Vec::new()),
        ("click", Vec::new()),
        ("see", Vec::new()),
    ];
    for time in 0..times {
        let name = format!("n{:02}", time % 100);
        let greeting = Target::Text(format!("Hello {name}"));
        for (step, times) in &mut took {
            let began = Instant::now();
            match *step {
                "fill" => page.fill(&field, &name, LONG).await?,
                "click" => page.click(&button, LONG).await?,
                _ => page.see(&greeting, &Sight::Present, LONG).await?,
            }
            times.push(began.elapsed());
        }
    }
    page.finish().await;
    Ok(took)
}
