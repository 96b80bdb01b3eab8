//! Tables of a project file that have a reader of their own.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

/// `[[beside]]`
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct BesideTable {
    pub name: Spanned<String>,
    pub command: Spanned<String>,
    pub ready: Option<Spanned<String>>,
    pub ready_within: Option<Spanned<u64>>,
    #[serde(default)]
    pub env: BTreeMap<String, Spanned<String>>,
}

/// `[logins]`: by peer, or `all`, and by the name that the dialect has.
pub(super) type LoginTables =
    BTreeMap<Spanned<String>, BTreeMap<Spanned<String>, Spanned<toml::Value>>>;

/// A login that is made anew for each connection.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct LoginTable {
    pub command: Option<String>,
    pub http: Option<String>,
    pub body: Option<String>,
    pub take: Option<String>,
}

/// `[app]`, the server of pages.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct App {
    pub command: Option<Spanned<String>>,
    pub url: Option<Spanned<String>>,
    pub tls_ca: Option<Spanned<PathBuf>>,
    pub tls_name: Option<Spanned<String>>,
    pub ready: Option<Spanned<String>>,
    pub ready_within: Option<Spanned<u64>>,
    #[serde(default)]
    pub env: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub names: Vec<Spanned<String>>,
}
