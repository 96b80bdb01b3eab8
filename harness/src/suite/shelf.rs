//! Where the snapshots of a server stand. A snapshot belongs to a scenario and to a server: those beside the scenarios are the reference
//! server's. Another server's stand in its project's own folder, by the name of its dialect, and only what stands there is compared.

use std::path::{Component, Path, PathBuf};

use super::Snapshot;
use crate::scenario::{Cast, Scenario};
use crate::signaling::Dialect;

/// The folder of a project in which snapshots stand, by dialect.
const FOLDER: &str = "snapshots";

/// Where the snapshots of a server stand.
#[derive(Clone, Debug)]
pub struct Shelf {
    /// `None`: beside the scenarios.
    own: Option<Own>,
}

#[derive(Clone, Debug)]
struct Own {
    /// The project's folder.
    home: PathBuf,
    /// `snapshots/NAME` in it.
    folder: PathBuf,
}

impl Shelf {
    /// That of the server that speaks this dialect, for a project in this folder.
    pub fn of(dialect: &Dialect, home: &Path) -> Self {
        let own = (dialect.wire() != Dialect::reference().wire()).then(|| Own {
            home: std::path::absolute(home).unwrap_or_else(|_| home.to_owned()),
            folder: home.join(FOLDER).join(dialect.name()),
        });
        Self { own }
    }

    /// Whether logs are compared here. Where none was ever accepted for a server, expectations and laws judge alone.
    pub fn compares(&self) -> bool {
        self.own.as_ref().is_none_or(|own| own.folder.is_dir())
    }

    /// The cast's own snapshot if there is one, else the shared one.
    ///
    /// # Errors
    /// A file that is there and cannot be read.
    pub fn snapshot(&self, scenario: &Scenario, cast: &Cast) -> std::io::Result<Snapshot> {
        let own = self.own_path(scenario, cast);
        match own.exists() {
            true => Snapshot::read(own),
            false => Snapshot::read(self.shared_path(scenario)),
        }
    }

    /// Where the snapshot that casts share stands, or would.
    pub fn shared_path(&self, scenario: &Scenario) -> PathBuf {
        self.place(Snapshot::shared_path(scenario))
    }

    /// Where the snapshot of a cast that differs stands, or would.
    pub fn own_path(&self, scenario: &Scenario, cast: &Cast) -> PathBuf {
        self.place(Snapshot::own_path(scenario, cast))
    }

    /// Below the project's folder as the scenario stands below it; of a scenario from elsewhere, its folder and name.
    fn place(&self, beside: PathBuf) -> PathBuf {
        let Some(own) = &self.own else {
            return beside;
        };
        let there = std::path::absolute(&beside).unwrap_or_else(|_| beside.clone());
        if let Ok(below) = there.strip_prefix(&own.home)
            && below
                .components()
                .all(|part| matches!(part, Component::Normal(_)))
        {
            return own.folder.join(below);
        }
        let names = [there.parent().and_then(Path::file_name), there.file_name()];
        let mut path = own.folder.clone();
        path.extend(names.into_iter().flatten());
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialect(wire: &str) -> Dialect {
        let text = format!(
            "dialect: bell\n{wire}connect: {{ path: / }}\nsay: {{ offer: {{ message: \"o\" }}, answer: {{ message: \"a\" }} }}\nhear: {{ offer: {{ message: {{ o: \"{{sdp}}\" }} }}, answer: {{ message: {{ a: \"{{sdp}}\" }} }} }}\n"
        );
        match Dialect::read(Path::new("d.yaml"), &text) {
            Ok(dialect) => dialect,
            Err(mistakes) => panic!("{}", mistakes.render(false)),
        }
    }

    #[test]
    fn those_of_the_reference_server_stand_beside_the_scenarios_and_others_with_the_project() {
        let (home, there) = (Path::new("/p"), |path: &str| PathBuf::from(path));
        let reference = Shelf::of(&dialect("wire: reference\n"), home);
        assert_eq!(reference.place(there("/p/s/x.snap")), there("/p/s/x.snap"));
        assert!(reference.compares());
        let own = Shelf::of(&dialect(""), home);
        assert_eq!(
            own.place(there("/p/s/x.snap")),
            there("/p/snapshots/bell/s/x.snap")
        );
        assert_eq!(
            own.place(there("/glare/rooms/x.snap")),
            there("/p/snapshots/bell/rooms/x.snap")
        );
        assert_eq!(
            own.place(there("/p/../q/x.snap")),
            there("/p/snapshots/bell/q/x.snap")
        );
        assert!(!own.compares(), "none was ever accepted");
    }
}
