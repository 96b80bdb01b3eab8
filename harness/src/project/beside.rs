//! `nodes`, `one-process` and `[[beside]]`: the processes of a server, and what these share.

use toml::Spanned;

use super::file::Reader;
use super::tables::BesideTable;
use crate::server::{Beside, CommandSpec};

/// What a command may name besides what runs beside it.
const TAKEN: [&str; 6] = ["port", "node", "cert", "key", "ca", "me"];

/// So many programs run beside a server at most.
const MOST: usize = 8;

impl Reader {
    /// How many nodes the server has, and whether its command names them only then.
    pub(super) fn nodes(&mut self, given: Option<&Spanned<i64>>, command: &Spanned<String>) -> u32 {
        let most = i64::from(CommandSpec::MAX_NODES);
        let nodes = match given {
            None => 1,
            Some(given) => match u32::try_from(*given.get_ref()) {
                Ok(nodes) if (1..=most).contains(given.get_ref()) => nodes,
                _ => {
                    let found = format!("{} nodes", given.get_ref());
                    self.mistake(given.span(), found)
                        .expect(format!("1 to {most}"));
                    return 1;
                }
            },
        };
        if nodes == 1 && names(command.get_ref(), "node") {
            self.mistake(
                command.span(),
                "`{node}` stands for the number of a node, and the server has one",
            )
            .advise("add `nodes = 2`, or take it out");
        }
        nodes
    }

    /// Says of each of these keys that it belongs to a `command`.
    pub(super) fn no_nodes(&mut self, nodes: Option<&Spanned<i64>>, beside: &[BesideTable]) {
        if let Some(nodes) = nodes {
            self.mistake(nodes.span(), "`nodes` are processes of a `command`")
                .advise("add `command = \"my-server --port {port}\"`, or take it out");
        }
        if let Some(first) = beside.first() {
            let found = "what runs beside a server is for one that a `command` starts";
            self.mistake(first.name.span(), found)
                .advise("add `command = \"…\"` to `[server]`, or take it out");
        }
    }

    /// Says of this key that it belongs to a `command`.
    pub(super) fn no_process(&mut self, one_process: Option<&Spanned<bool>>) {
        if let Some(given) = one_process {
            let found = "`one-process` is about the processes of a `command`";
            self.mistake(given.span(), found)
                .advise("add `command = \"my-server --port {port}\"`, or take it out");
        }
    }

    /// What runs beside the server, in the order of the file.
    pub(super) fn beside(
        &mut self,
        tables: Vec<BesideTable>,
        folder: &std::path::Path,
    ) -> Vec<Beside> {
        let mut all: Vec<Beside> = Vec::new();
        for (place, table) in tables.into_iter().enumerate() {
            if place == MOST {
                self.mistake(table.name.span(), "too much runs beside the server")
                    .expect(format!("at most {MOST}"));
                break;
            }
            let name = table.name.get_ref().clone();
            if !is_name(&name) {
                self.mistake(table.name.span(), format!("{name:?} cannot be a name here"))
                    .expect(
                        "1 to 32 of `a-z 0-9 -`, which commands write between braces: `{redis}`",
                    );
            } else if TAKEN.contains(&name.as_str()) {
                let found = format!("`{{{name}}}` in a command means something else");
                self.mistake(table.name.span(), found)
                    .advise("give it another name");
            } else if all.iter().any(|other| other.name == name) {
                self.mistake(table.name.span(), format!("`{name}` is here twice"))
                    .advise("give one of them another name");
            }
            if table.command.get_ref().trim().is_empty() {
                self.mistake(table.command.span(), "the command is empty")
                    .expect("a command that starts it, `exec redis-server --port {port}`");
            }
            let mut spec = CommandSpec::new(table.command.into_inner());
            spec.folder = Some(folder.to_owned());
            self.readiness(table.ready, &mut spec);
            self.within(table.ready_within, &mut spec.within);
            self.environment(table.env, &mut spec);
            all.push(Beside { name, spec });
        }
        all
    }
}

fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=32).contains(&name.len()) && name.chars().all(plain)
}

/// Whether a command has this between braces, and not as a variable of the shell.
fn names(command: &str, word: &str) -> bool {
    let wanted = format!("{{{word}}}");
    let mut found = command.match_indices(&wanted);
    found.any(|(at, _)| !command[..at].ends_with('$'))
}
