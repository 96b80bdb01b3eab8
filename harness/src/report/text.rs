//! Text as every sink writes it.

/// What a server or page said must not drive the terminal, nor a CI runner that reads along: control characters other than line ends are
/// shown, not sent, and no line begins with `::`, which is a command to GitHub's runner, however far it is indented.
pub fn tame(text: &str) -> String {
    let tamed = text.split('\n').map(|line| {
        let shown = crate::mistake::shown(line);
        let indent = shown.len() - shown.trim_start().len();
        if shown[indent..].starts_with("::") {
            format!("{}\\u{{3a}}{}", &shown[..indent], &shown[indent + 1..])
        } else {
            shown
        }
    });
    tamed.collect::<Vec<_>>().join("\n")
}

/// A request with its headers, on one line: `GET /ws (origin: http://a.test, x-name: alice)`.
pub fn in_a_row(request: &str) -> String {
    match request.split_once('\n') {
        Some((first, headers)) => format!("{first} ({})", headers.replace('\n', ", ")),
        None => request.to_owned(),
    }
}

/// A unified diff of two logs.
pub fn diff(old: &str, new: &str, old_name: &str, new_name: &str) -> String {
    let (old, new) = (
        format!("{}\n", old.trim_end()),
        format!("{}\n", new.trim_end()),
    );
    similar::TextDiff::from_lines(&old, &new)
        .unified_diff()
        .context_radius(3)
        .header(old_name, new_name)
        .to_string()
}
