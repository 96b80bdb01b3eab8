//! A mistake in a file that a person wrote: where it is, what was found, what is expected, what to do.
//!
//! Scenarios and dialects share it. Text from the file is foreign: it is shown escaped, never sent to the terminal as it is.

use std::fmt;
use std::io::IsTerminal;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError,
    MietteSpanContents, Severity, SourceCode, SourceSpan, SpanContents,
};

use crate::source::{Source, Span};

/// More mistakes than this in one file are counted, not kept.
const MOST_KEPT: usize = 100;

/// Columns of a line that are shown on either side of a mistake.
const WINDOW: usize = 100;

/// One mistake, with the piece of the file that it is in.
#[derive(Clone, Debug)]
pub struct Mistake {
    path: Arc<str>,
    span: Span,
    column: usize,
    found: String,
    expected: Option<String>,
    help: Option<String>,
    /// Where another file uses what it is in, `x.yaml:12`.
    used: Vec<String>,
    excerpt: Excerpt,
    is_warning: bool,
}

/// All mistakes of one file, or all that is warned of, in the order of their places; after them those in a file that it uses.
#[derive(Clone, Debug)]
pub struct Mistakes {
    source: Source,
    list: Vec<Mistake>,
    more: usize,
    /// The file that is read just now, and where the one before uses it, if it is another.
    inside: Option<Box<(Source, Option<String>)>>,
}

/// The lines around a mistake, escaped.
#[derive(Clone, Debug)]
struct Excerpt {
    text: String,
    /// Where in `text` the mistake is.
    at: Range<usize>,
    /// The line number of the first line, from 0.
    first_line: usize,
}

impl Mistake {
    /// The file, as it is shown.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Bytes and line in the file.
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// The column of the first character, from 1.
    pub fn column(&self) -> usize {
        self.column
    }

    /// What was found: `unknown verb "jion"`.
    pub fn found(&self) -> &str {
        &self.found
    }

    /// What is expected in its place, if that can be said in a few words.
    pub fn expected(&self) -> Option<&str> {
        self.expected.as_deref()
    }

    /// What to do: `did you mean "join"?`
    pub fn advice(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// Whether it is none: what is allowed, and probably not meant.
    pub fn is_warning(&self) -> bool {
        self.is_warning
    }

    /// All of it on one line: `x.yaml:7:5: there is no verb "jion" (unknown verb); did you mean "join"?`
    pub fn line(&self) -> String {
        let mut out = format!("{}:{}:{}: {self}", self.path, self.span.line, self.column);
        if let Some(expected) = &self.expected {
            out.push_str(&format!(" ({expected})"));
        }
        for more in self.help.iter().cloned().chain(self.used_at()) {
            out.push_str(&format!("; {more}"));
        }
        out
    }

    /// Where what it is in is used: `used at x.yaml:12 and 2 more places`.
    fn used_at(&self) -> Option<String> {
        let first = self.used.first()?;
        Some(match self.used.len() - 1 {
            0 => format!("used at {first}"),
            1 => format!("used at {first} and {}", self.used[1]),
            more => format!("used at {first} and {more} more places"),
        })
    }

    /// Whether it is the same one, found again on another way.
    pub(crate) fn is(&self, other: &Mistake) -> bool {
        self.path == other.path && self.span == other.span && self.found == other.found
    }

    /// Says where what it is in is used.
    pub(crate) fn used(mut self, at: &str) -> Self {
        self.used = vec![shown(at)];
        self
    }

    /// Says that it is one of these variants only, `[offer]`.
    pub(crate) fn in_variant(mut self, variant: &str) -> Self {
        self.found = format!("{variant} {}", self.found);
        self
    }

    /// Says what is expected.
    pub fn expect(&mut self, expected: impl Into<String>) -> &mut Self {
        self.expected = Some(lines_shown(&expected.into()));
        self
    }

    /// Says what to do.
    pub fn advise(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(lines_shown(&help.into()));
        self
    }

    /// Asks "did you mean" if one of `known` is near enough to `word`.
    pub fn suggest<'a>(
        &mut self,
        word: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> &mut Self {
        if let Some(near) = nearest(word, known) {
            self.help = Some(format!("did you mean `{}`?", shown(near)));
        }
        self
    }
}

impl Mistake {
    /// Asks "did you mean" of a key, or says that the one that is meant is there already: a second one would be refused as well.
    pub(crate) fn suggest_key<'a>(
        &mut self,
        word: &str,
        known: impl IntoIterator<Item = &'a str>,
        is_there: impl Fn(&str) -> bool,
    ) -> &mut Self {
        let (there, left): (Vec<&str>, Vec<&str>) =
            known.into_iter().partition(|name| is_there(name));
        self.suggest(word, left);
        if let (None, Some(near)) = (&self.help, nearest(word, there)) {
            self.advise(format!("`{}` is there already", shown(near)));
        }
        self
    }
}

impl Mistakes {
    /// An empty list for a file.
    pub fn new(source: Source) -> Self {
        Self {
            source,
            list: Vec::new(),
            more: 0,
            inside: None,
        }
    }

    /// From now on mistakes are in this file, which the one before uses `at` a place.
    pub(crate) fn enter(&mut self, source: &Source, at: Option<String>) {
        self.inside = Some(Box::new((source.clone(), at.map(|at| shown(&at)))));
    }

    /// From now on mistakes are in the file itself again.
    pub(crate) fn leave(&mut self) {
        self.inside = None;
    }

    /// A file that could not even be read.
    pub fn unreadable(path: &Path, why: impl Into<String>) -> Self {
        let mut mistakes = Self::new(Source {
            path: path.to_owned(),
            text: Arc::from(""),
        });
        mistakes.add(
            &Span {
                bytes: 0..0,
                line: 1,
            },
            why,
        );
        mistakes
    }

    /// Notes a mistake.
    pub fn add(&mut self, span: &Span, found: impl Into<String>) -> &mut Mistake {
        let (source, used) = match &self.inside {
            Some(inside) => (&inside.0, inside.1.clone()),
            None => (&self.source, None),
        };
        let text = &source.text;
        let start = floor(text, span.bytes.start.min(text.len()));
        let end = floor(text, span.bytes.end.min(text.len())).max(start);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let mistake = Mistake {
            path: Arc::from(shown(&source.path.display().to_string())),
            used: used.into_iter().collect(),
            span: Span {
                bytes: start..end,
                line: span.line,
            },
            column: text[line_start..start].chars().count() + 1,
            found: lines_shown(&found.into()),
            expected: None,
            help: None,
            excerpt: Excerpt::cut(text, start..end, span.line),
            is_warning: false,
        };
        if self.list.len() >= MOST_KEPT {
            self.more += 1;
            self.list.pop();
        }
        self.list.push(mistake);
        let last = self.list.len() - 1;
        &mut self.list[last]
    }

    /// Notes what is allowed, and probably not meant. A list holds either mistakes or warnings.
    pub fn warn(&mut self, span: &Span, found: impl Into<String>) -> &mut Mistake {
        let warning = self.add(span, found);
        warning.is_warning = true;
        warning
    }

    /// The same as warnings: what may be so, and is probably not meant.
    pub(crate) fn into_warnings(mut self) -> Self {
        for mistake in &mut self.list {
            mistake.is_warning = true;
        }
        self
    }

    /// Takes over a mistake that was found in the same file, or in one that it uses. One that is here already is not kept twice; where it
    /// is used is added.
    pub(crate) fn keep(&mut self, mistake: Mistake) {
        let there = self.list.iter_mut().find(|there| there.is(&mistake));
        if let (Some(there), false) = (there, mistake.used.is_empty()) {
            for at in mistake.used {
                if !there.used.contains(&at) {
                    there.used.push(at);
                }
            }
        } else if self.list.len() >= MOST_KEPT {
            self.more += 1;
        } else {
            self.list.push(mistake);
        }
    }

    /// Says what to do about those that were found so, and of which nothing is said.
    pub(crate) fn advise_on(&mut self, found: &str, help: &str) {
        let silent = |one: &&mut Mistake| one.found == found && one.help.is_none();
        for one in self.list.iter_mut().filter(silent) {
            one.advise(help);
        }
    }

    /// The file.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len() + self.more
    }

    /// One by one.
    pub fn iter(&self) -> impl Iterator<Item = &Mistake> {
        self.list.iter()
    }

    /// `value` if there is no mistake.
    ///
    /// # Errors
    /// The mistakes, in the order of their places.
    pub fn or_else<T>(mut self, value: Option<T>) -> Result<T, Mistakes> {
        match value {
            Some(value) if self.list.is_empty() => Ok(value),
            _ => {
                if self.list.is_empty() {
                    self.add(
                        &Span {
                            bytes: 0..0,
                            line: 1,
                        },
                        "this file cannot be understood",
                    );
                }
                for mistake in std::mem::take(&mut self.list) {
                    self.keep(mistake);
                }
                self.sort();
                Err(self)
            }
        }
    }

    /// Puts them in the order of their places, those in other files last.
    pub(crate) fn sort(&mut self) {
        let own = shown(&self.source.path.display().to_string());
        self.list
            .sort_by_key(|mistake| (*mistake.path != own, mistake.span.bytes.start));
    }

    /// Whether both lists are of one file.
    pub(crate) fn is_same_file(&self, other: &Mistakes) -> bool {
        self.source.path == other.source.path
    }

    /// A list for the file that this mistake is in. The file's text is not known; the mistake has its piece of it.
    pub(crate) fn of(mistake: Mistake) -> Self {
        let mut mistakes = Self::new(Source {
            path: (*mistake.path).into(),
            text: Arc::from(""),
        });
        mistakes.keep(mistake);
        mistakes
    }

    /// Whether the mistake is in this file.
    pub(crate) fn is_of(&self, mistake: &Mistake) -> bool {
        shown(&self.source.path.display().to_string()) == *mistake.path
    }

    /// Takes out the mistakes that are in other files.
    pub(crate) fn take_foreign(&mut self) -> Vec<Mistake> {
        let own = shown(&self.source.path.display().to_string());
        let (mine, others) = std::mem::take(&mut self.list)
            .into_iter()
            .partition(|mistake| *mistake.path == own);
        self.list = mine;
        others
    }

    /// All of them as a compiler would show them, underlined; `colour` for a terminal.
    pub fn render(&self, colour: bool) -> String {
        let theme = if colour {
            GraphicalTheme::unicode()
        } else {
            GraphicalTheme::unicode_nocolor()
        };
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_links(false)
            .with_width(110)
            .with_context_lines(1)
            .without_syntax_highlighting();
        let mut out = String::new();
        for mistake in &self.list {
            // Rendering into a String fails only if a span lies outside its excerpt; the plain line then says it all.
            let mut one = String::new();
            if handler.render_report(&mut one, mistake).is_err() {
                one = format!("{}\n", mistake.line());
            }
            out.push_str(&one);
            if !one.ends_with("\n\n") {
                out.push('\n');
            }
        }
        let path = shown(&self.source.path.display().to_string());
        let what = match self.list.iter().any(Mistake::is_warning) {
            true => "warning",
            false => "mistake",
        };
        match self.len() {
            1 => out.push_str(&format!("1 {what} in {path}\n")),
            n if self.more > 0 => out.push_str(&format!(
                "{n} {what}s in {path}, the first {} shown\n",
                self.list.len()
            )),
            n => out.push_str(&format!("{n} {what}s in {path}\n")),
        }
        out
    }

    /// [`Mistakes::render`] with colour if standard error is a terminal and `NO_COLOR` is not set.
    pub fn render_for_stderr(&self) -> String {
        let colour = std::io::stderr().is_terminal()
            && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        self.render(colour)
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_warning {
            f.write_str("warning: ")?;
        }
        f.write_str(&self.found)
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.list.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            f.write_str(&mistake.line())?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistake {}
impl std::error::Error for Mistakes {}

impl Diagnostic for Mistake {
    fn severity(&self) -> Option<Severity> {
        self.is_warning.then_some(Severity::Warning)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let lines: Vec<String> = self.help.iter().cloned().chain(self.used_at()).collect();
        (!lines.is_empty()).then(|| Box::new(lines.join("\n")) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        (!self.excerpt.text.is_empty()).then_some(self as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let at = &self.excerpt.at;
        let label = self.expected.clone().unwrap_or_else(|| "here".into());
        Some(Box::new(std::iter::once(LabeledSpan::new(
            Some(label),
            at.start,
            at.len(),
        ))))
    }
}

impl Diagnostic for Mistakes {
    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(
            self.list.iter().map(|mistake| mistake as &dyn Diagnostic),
        ))
    }
}

impl SourceCode for Mistake {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let inner = self.excerpt.text.as_str().read_span(span, before, after)?;
        let column = if before == 0 { self.column - 1 } else { 0 };
        Ok(Box::new(MietteSpanContents::new_named(
            self.path.to_string(),
            inner.data(),
            *inner.span(),
            inner.line() + self.excerpt.first_line,
            column,
            inner.line_count(),
        )))
    }
}

impl Excerpt {
    /// The line of the mistake (its first line, if it spans several) and one line on either side, long lines cut.
    fn cut(text: &str, at: Range<usize>, line: u32) -> Self {
        let start = text[..at.start].rfind('\n').map_or(0, |found| found + 1);
        let end = text[at.start..]
            .find('\n')
            .map_or(text.len(), |found| at.start + found);
        let mut out = String::new();
        let mut first_line = line.max(1) as usize - 1;
        if start > 0 {
            let before = text[..start - 1].rfind('\n').map_or(0, |found| found + 1);
            let cut = floor(text, (before + WINDOW * 2).min(start - 1));
            out.push_str(&shown(&text[before..cut]));
            out.push('\n');
            first_line = first_line.saturating_sub(1);
        }
        let from = floor(text, at.start.saturating_sub(WINDOW).max(start));
        let to = floor(text, at.end.min(end).saturating_add(WINDOW).min(end));
        let to = to.min(floor(text, at.start.saturating_add(WINDOW * 2).min(end)));
        if from > start {
            out.push('…');
        }
        out.push_str(&shown(&text[from..at.start]));
        let marked = out.len();
        let last = at.end.min(to).max(at.start);
        out.push_str(&shown(&text[at.start..last]));
        let marked = marked..out.len();
        out.push_str(&shown(&text[last..to]));
        if to < end {
            out.push('…');
        }
        out.push('\n');
        if end + 1 < text.len() {
            let after = end + 1;
            let stop = text[after..]
                .find('\n')
                .map_or(text.len(), |found| after + found);
            let cut = floor(text, (after + WINDOW * 2).min(stop));
            out.push_str(&shown(&text[after..cut]));
            out.push('\n');
        }
        if out.trim().is_empty() {
            out.clear();
        }
        let marked = marked.start.min(out.len())..marked.end.min(out.len());
        Self {
            text: out,
            at: marked,
            first_line,
        }
    }
}

/// The nearest character border at or before `at`.
fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Foreign text made safe to show: control, bidi and invisible characters become `\u{…}`; the tab stays. GitHub's
/// runner takes `##[` anywhere in a line for a command, so that is broken up too.
pub fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let command = c == '#' && text[at..].starts_with("##[");
        if command || (c != '\t' && is_hidden(c)) || is_odd_space(c) {
            out.push_str(&format!("\\u{{{:x}}}", c as u32));
        } else {
            out.push(c);
        }
    }
    out
}

/// A space that is not the one on the keyboard looks like it.
fn is_odd_space(c: char) -> bool {
    c != ' ' && c != '\t' && c.is_whitespace()
}

/// [`shown`], line ends kept: what is said of a mistake may name other places of the file.
fn lines_shown(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(shown).collect();
    lines.join("\n")
}

/// Whether a character could steer a terminal or hide what is written.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Foreign text between backticks, escaped and not longer than 60 characters.
pub fn quoted(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("`{}`", shown(&short).replace('\t', "\\t"))
}

/// The word of `known` that was most likely meant: at most one edit in three letters away (Damerau–Levenshtein, adjacent
/// swaps count one).
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > 40 {
        return None;
    }
    let word = word.to_lowercase().replace('_', "-");
    known
        .into_iter()
        .map(|candidate| (distance(&word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.chars().count().div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}
