//! Where browsers and drivers are.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::EnvironmentError;
use crate::names::Stack;

/// A program to be found.
struct Wanted {
    what: &'static str,
    variable: &'static str,
    names: &'static [&'static str],
    install: &'static str,
}

const CHROMIUM: Wanted = Wanted {
    what: "Chromium",
    variable: "GLARE_CHROMIUM",
    names: &["chromium", "chromium-browser", "google-chrome"],
    install: "apt-get install chromium",
};
const CHROMEDRIVER: Wanted = Wanted {
    what: "chromedriver",
    variable: "GLARE_CHROMEDRIVER",
    names: &["chromedriver"],
    install: "apt-get install chromium-driver",
};
const FIREFOX: Wanted = Wanted {
    what: "Firefox",
    variable: "GLARE_FIREFOX",
    names: &["firefox-esr", "firefox"],
    install: "apt-get install firefox-esr",
};
/// A browser, and the driver that speaks for it if it needs one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Programs {
    /// The browser.
    pub browser: PathBuf,
    /// Its WebDriver server. Firefox is its own.
    pub driver: Option<PathBuf>,
}

impl Programs {
    /// Finds them, by environment variable (`GLARE_CHROMIUM`, `GLARE_CHROMEDRIVER`, `GLARE_FIREFOX`), then in `PATH`.
    pub fn find(stack: Stack) -> Result<Self, EnvironmentError> {
        let places = Places::of_this_process();
        match stack {
            Stack::Chromium => Ok(Self {
                browser: places.find(&CHROMIUM)?,
                driver: Some(places.find(&CHROMEDRIVER)?),
            }),
            Stack::Firefox => Ok(Self {
                browser: places.find(&FIREFOX)?,
                driver: None,
            }),
            Stack::Native | Stack::Wire => Err(EnvironmentError::NoBrowser(stack)),
        }
    }
}

/// What a browser and its driver call themselves. Shown as `Chromium 156.0.8078.79, ChromeDriver 156.0.8078.79`, or as
/// `Mozilla Firefox 153.7.0esr` alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versions {
    /// `Chromium 156.0.8078.79 …`
    pub browser: String,
    /// `ChromeDriver 156.0.8078.79 …`, if it has one.
    pub driver: Option<String>,
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.browser)?;
        (self.driver.iter()).try_for_each(|driver| write!(f, ", {driver}"))
    }
}

impl Programs {
    /// Asks each for its version (`--version`, 20 s at most). An error is what went wrong, with the program's path.
    pub async fn versions(&self) -> Result<Versions, String> {
        let driver = async {
            match &self.driver {
                Some(driver) => version(driver).await.map(Some),
                None => Ok(None),
            }
        };
        let (browser, driver) = tokio::try_join!(version(&self.browser), driver)?;
        Ok(Versions { browser, driver })
    }
}

async fn version(program: &Path) -> Result<String, String> {
    let asked = tokio::process::Command::new(program)
        .arg("--version")
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true)
        .output();
    let failed = |why: &str| format!("{} --version: {why}", program.display());
    let output = tokio::time::timeout(Duration::from_secs(20), asked)
        .await
        .map_err(|_| failed("no answer in 20 s"))?
        .map_err(|error| failed(&error.to_string()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    match text.lines().map(str::trim).find(|line| !line.is_empty()) {
        Some(line) if output.status.success() => Ok(line.to_owned()),
        _ => Err(failed(&output.status.to_string())),
    }
}

/// A variable of this process's environment that is not empty.
fn set(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Where to look. A value, so that it can be tested without touching the process's environment.
struct Places<'a> {
    variable: &'a dyn Fn(&str) -> Option<PathBuf>,
    path: Vec<PathBuf>,
}

impl Places<'static> {
    fn of_this_process() -> Self {
        Self {
            variable: &|name| set(name).map(PathBuf::from),
            path: set("PATH").map_or_else(Vec::new, |path| std::env::split_paths(&path).collect()),
        }
    }
}

impl Places<'_> {
    fn find(&self, wanted: &Wanted) -> Result<PathBuf, EnvironmentError> {
        let not_found = |looked: String| EnvironmentError::NotFound {
            what: wanted.what,
            looked,
            install: wanted.install,
            variable: wanted.variable,
        };
        // A variable that is set is an order: nothing else is taken in its place.
        if let Some(named) = (self.variable)(wanted.variable) {
            return if is_program(&named) {
                Ok(named)
            } else {
                Err(not_found(format!(
                    "{} ({}), which is no program",
                    named.display(),
                    wanted.variable
                )))
            };
        }
        for name in wanted.names {
            let mut candidates = self.path.iter().map(|folder| folder.join(name));
            if let Some(found) = candidates.find(|path| is_program(path)) {
                return Ok(found);
            }
        }
        Err(not_found(format!("{} in PATH", wanted.names.join(", "))))
    }
}

fn is_program(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        path.metadata()
            .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    }
    #[cfg(not(unix))]
    {
        path.is_file()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(path: &Path) {
        use std::os::unix::fs::PermissionsExt;
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "#!/bin/sh\n").unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    #[test]
    fn the_variable_wins_and_is_not_replaced_by_another() {
        let folder = tempfile::tempdir().unwrap();
        program(&folder.path().join("chromium"));
        let named = folder.path().join("my-chromium");
        let places = Places {
            variable: &|name| (name == "GLARE_CHROMIUM").then(|| named.clone()),
            path: vec![folder.path().into()],
        };
        let text = places.find(&CHROMIUM).unwrap_err().to_string();
        assert!(text.contains("my-chromium (GLARE_CHROMIUM)"), "{text}");
        program(&named);
        assert_eq!(places.find(&CHROMIUM).unwrap(), named);
    }

    #[test]
    fn what_is_missing_says_where_it_was_looked_for_and_what_to_install() {
        let places = Places {
            variable: &|_| None,
            path: vec!["/nowhere".into()],
        };
        assert_eq!(
            places.find(&FIREFOX).unwrap_err().to_string(),
            "cannot find Firefox: looked for firefox-esr, firefox in PATH; install it with \
             `apt-get install firefox-esr` (`ci/demo` installs all that is needed), \
             or name it in GLARE_FIREFOX"
        );
    }
}
