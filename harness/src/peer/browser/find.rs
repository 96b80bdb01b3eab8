//! Where browsers and drivers are.

use std::ffi::OsStr;
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
const GECKODRIVER: Wanted = Wanted {
    what: "geckodriver",
    variable: "GLARE_GECKODRIVER",
    names: &["geckodriver"],
    install: "cargo install geckodriver --locked",
};

/// A browser and the driver that speaks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Programs {
    /// The browser.
    pub browser: PathBuf,
    /// Its WebDriver server.
    pub driver: PathBuf,
}

impl Programs {
    /// Finds both, by environment variable (`GLARE_CHROMIUM`, `GLARE_CHROMEDRIVER`, `GLARE_FIREFOX`, `GLARE_GECKODRIVER`),
    /// then in `PATH`, geckodriver last in the cache folder where `ci/demo` puts it.
    pub fn find(stack: Stack) -> Result<Self, EnvironmentError> {
        let places = Places::of_this_process();
        match stack {
            Stack::Chromium => Ok(Self {
                browser: places.find(&CHROMIUM)?,
                driver: places.find(&CHROMEDRIVER)?,
            }),
            Stack::Firefox => Ok(Self {
                browser: places.find(&FIREFOX)?,
                driver: places.find(&GECKODRIVER)?,
            }),
            Stack::Native | Stack::Wire => Err(EnvironmentError::NoBrowser(stack)),
        }
    }
}

/// What a browser and its driver call themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versions {
    /// `Chromium 156.0.8078.79 …`
    pub browser: String,
    /// `ChromeDriver 156.0.8078.79 …`
    pub driver: String,
}

impl Programs {
    /// Asks both for their version (`--version`, 20 s at most). An error is what went wrong, with the program's path.
    pub async fn versions(&self) -> Result<Versions, String> {
        let (browser, driver) = tokio::join!(version(&self.browser), version(&self.driver));
        Ok(Versions {
            browser: browser?,
            driver: driver?,
        })
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

/// Where to look. A value, so that it can be tested without touching the process's environment.
struct Places<'a> {
    variable: &'a dyn Fn(&str) -> Option<PathBuf>,
    path: Vec<PathBuf>,
    cache: Option<PathBuf>,
}

impl Places<'static> {
    fn of_this_process() -> Self {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        Self {
            variable: &|name| {
                std::env::var_os(name)
                    .filter(|value| !value.is_empty())
                    .map(PathBuf::from)
            },
            path: set("PATH").map_or_else(Vec::new, |path| std::env::split_paths(&path).collect()),
            cache: set("XDG_CACHE_HOME")
                .map(PathBuf::from)
                .or_else(|| set("HOME").map(|home| Path::new(&home).join(".cache")))
                .map(|cache| cache.join("glare")),
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
        let mut looked = format!("{} in PATH", wanted.names.join(", "));
        for name in wanted.names {
            let mut candidates = self.path.iter().map(|folder| folder.join(name));
            if let Some(found) = candidates.find(|path| is_program(path)) {
                return Ok(found);
            }
        }
        if wanted.what == GECKODRIVER.what
            && let Some(cache) = &self.cache
        {
            if let Some(found) = newest_in(cache) {
                return Ok(found);
            }
            looked = format!(
                "{looked}, {}/geckodriver-*/bin/geckodriver",
                cache.display()
            );
        }
        Err(not_found(looked))
    }
}

/// `geckodriver-<version>/bin/geckodriver` of the highest version.
fn newest_in(cache: &Path) -> Option<PathBuf> {
    let version = |name: &OsStr| -> Option<Vec<u32>> {
        let text = name.to_str()?.strip_prefix("geckodriver-")?;
        Some(
            text.split('.')
                .map(|part| part.parse().unwrap_or(0))
                .collect(),
        )
    };
    std::fs::read_dir(cache)
        .ok()?
        .flatten()
        .filter_map(|entry| {
            let program = entry.path().join("bin/geckodriver");
            Some((version(&entry.file_name())?, program)).filter(|(_, path)| is_program(path))
        })
        .max()
        .map(|(_, path)| path)
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
            cache: None,
        };
        let text = places.find(&CHROMIUM).unwrap_err().to_string();
        assert!(text.contains("my-chromium (GLARE_CHROMIUM)"), "{text}");
        program(&named);
        assert_eq!(places.find(&CHROMIUM).unwrap(), named);
    }

    #[test]
    fn the_newest_geckodriver_of_the_cache_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        for version in ["0.9.0", "0.37.1", "0.36.0"] {
            program(
                &folder
                    .path()
                    .join(format!("geckodriver-{version}/bin/geckodriver")),
            );
        }
        let places = Places {
            variable: &|_| None,
            path: vec![],
            cache: Some(folder.path().into()),
        };
        let found = places.find(&GECKODRIVER).unwrap();
        assert!(
            found.ends_with("geckodriver-0.37.1/bin/geckodriver"),
            "{found:?}"
        );
    }

    #[test]
    fn what_is_missing_says_where_it_was_looked_for_and_what_to_install() {
        let places = Places {
            variable: &|_| None,
            path: vec!["/nowhere".into()],
            cache: Some("/nowhere/cache".into()),
        };
        assert_eq!(
            places.find(&GECKODRIVER).unwrap_err().to_string(),
            "cannot find geckodriver: looked for geckodriver in PATH, \
             /nowhere/cache/geckodriver-*/bin/geckodriver; install it with \
             `cargo install geckodriver --locked` (`ci/demo` installs all that is needed), \
             or name it in GLARE_GECKODRIVER"
        );
    }
}
