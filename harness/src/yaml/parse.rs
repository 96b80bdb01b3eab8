//! From text to tree.
//!
//! Built on the event parser inside `serde-saphyr`, not on its serde side: serde would stop at the first mistake, and gives a
//! place to values but hides whether a scalar was quoted.

use std::collections::HashMap;

use serde_saphyr::granit_parser::{self, Event, Parser, ScalarStyle, StructureStyle};

use super::tree::{Key, Node, Scalar, Value};
use crate::mistake::{Mistakes, quoted};
use crate::source::Span;

/// Longer files are refused.
pub const MAX_BYTES: usize = 256 * 1024;

/// Deeper nesting is refused.
const MAX_DEPTH: usize = 32;

/// More keys, values and items than this are refused.
const MAX_NODES: usize = 50_000;

/// Reads one document. What is refused on the way is noted in `mistakes` and leaves [`Value::Refused`] behind; `None` means
/// that the file's shape itself is broken.
pub fn parse(text: &str, mistakes: &mut Mistakes) -> Option<Node> {
    if text.len() > MAX_BYTES {
        mistakes
            .add(
                &Span {
                    bytes: 0..0,
                    line: 1,
                },
                format!("this file has {} bytes", text.len()),
            )
            .expect("too long")
            .advise(format!("at most {} KiB are read", MAX_BYTES / 1024));
        return None;
    }
    let options = granit_parser::options! {
        emit_comments: false,
        disallow_directives: true,
        emit_unresolved_aliases: true,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let starts = text.match_indices('\n').map(|(at, _)| at + 1);
    Builder {
        text,
        starts: std::iter::once(0).chain(starts).collect(),
        mistakes,
        stack: Vec::new(),
        root: None,
        documents: 0,
        nodes: 0,
    }
    .run(Parser::new_from_str_with_options(text, options))
}

/// A collection that is still open.
enum Open {
    List {
        start: Span,
        items: Vec<Node>,
        flow: bool,
        refused: bool,
    },
    Map {
        start: Span,
        entries: Vec<(Key, Node)>,
        seen: HashMap<String, u32>,
        key: Option<Option<Key>>,
        flow: bool,
        refused: bool,
    },
}

struct Builder<'t, 'm> {
    text: &'t str,
    /// Where each line begins. A line ends at a line feed here, while YAML also ends one at a lone carriage return.
    starts: Vec<usize>,
    mistakes: &'m mut Mistakes,
    stack: Vec<Open>,
    root: Option<Node>,
    documents: usize,
    nodes: usize,
}

impl<'t> Builder<'t, '_> {
    fn run(
        mut self,
        events: impl Iterator<Item = Result<(Event<'t>, granit_parser::Span), granit_parser::ScanError>>,
    ) -> Option<Node> {
        for event in events {
            let (event, span) = match event {
                Ok(pair) => pair,
                Err(error) => {
                    self.broken(&error);
                    return None;
                }
            };
            let span = self.span(&span);
            if !self.take(event, span) {
                return None;
            }
        }
        if self.root.is_none() {
            self.mistakes.add(
                &Span {
                    bytes: 0..0,
                    line: 1,
                },
                "this file is empty",
            );
        }
        self.root
    }

    /// Takes one event; `false` ends the reading.
    fn take(&mut self, event: Event<'t>, span: Span) -> bool {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            self.mistakes
                .add(&span, format!("more than {MAX_NODES} keys and values"))
                .expect("too many");
            return false;
        }
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    self.mistakes
                        .add(&span, "a second document begins here")
                        .expect("one file holds one document");
                    return false;
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                let refused = self.refuse(anchor, tag.is_some(), &span);
                let span = self.trim(span);
                let value = Value::Scalar(Scalar {
                    text: text.into_owned(),
                    plain: style == ScalarStyle::Plain,
                    literal: style == ScalarStyle::Literal,
                });
                self.push(Node { span, value }, refused);
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                self.mistakes
                    .add(&span, "an alias is not allowed here")
                    .expect("not allowed")
                    .advise("write the value itself");
                self.push(
                    Node {
                        span,
                        value: Value::Refused,
                    },
                    true,
                );
            }
            Event::SequenceStart(style, anchor, tag) => {
                let refused = self.refuse(anchor, tag.is_some(), &span);
                self.stack.push(Open::List {
                    start: span,
                    items: Vec::new(),
                    flow: style == StructureStyle::Flow,
                    refused,
                });
            }
            Event::MappingStart(style, anchor, tag) => {
                let refused = self.refuse(anchor, tag.is_some(), &span);
                self.stack.push(Open::Map {
                    start: span,
                    entries: Vec::new(),
                    seen: HashMap::new(),
                    key: None,
                    flow: style == StructureStyle::Flow,
                    refused,
                });
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            _ => {}
        }
        true
    }

    /// Notes an anchor or a tag.
    fn refuse(&mut self, anchor: usize, tag: bool, span: &Span) -> bool {
        let line_start = self.text[..span.bytes.start]
            .rfind('\n')
            .map_or(0, |at| at + 1);
        let before = &self.text[line_start..span.bytes.start];
        for (there, sign, name) in [(anchor != 0, '&', "an anchor"), (tag, '!', "a tag")] {
            if !there {
                continue;
            }
            // The sign stands before the value, nearly always on its line.
            let span = match before.rfind(sign) {
                Some(at) => {
                    let start = line_start + at;
                    let len = self.text[start..]
                        .find([' ', '\n', '\t'])
                        .unwrap_or(self.text.len() - start);
                    Span {
                        bytes: start..start + len,
                        line: span.line,
                    }
                }
                None => span.clone(),
            };
            self.mistakes
                .add(&span, format!("{name} is not allowed here"))
                .expect("not allowed")
                .advise(format!(
                    "leave it out; text that begins with `{sign}` needs quotes"
                ));
        }
        anchor != 0 || tag
    }

    fn close(&mut self, end: Span) {
        match self.stack.pop() {
            Some(Open::List {
                start,
                items,
                flow,
                refused,
            }) => {
                let last = items.last().map(|node| node.span.bytes.end);
                let span = whole(start, end, flow, last);
                self.push(
                    Node {
                        span,
                        value: Value::List(items),
                    },
                    refused,
                );
            }
            Some(Open::Map {
                start,
                entries,
                flow,
                refused,
                ..
            }) => {
                let last = entries
                    .last()
                    .map(|(key, node)| node.span.bytes.end.max(key.span.bytes.end));
                let span = whole(start, end, flow, last);
                self.push(
                    Node {
                        span,
                        value: Value::Map(entries),
                    },
                    refused,
                );
            }
            None => {}
        }
    }

    /// Puts a finished value where it belongs.
    fn push(&mut self, mut node: Node, refused: bool) {
        if refused {
            node.value = Value::Refused;
        }
        match self.stack.last_mut() {
            None => {
                if self.root.is_none() {
                    self.root = Some(node);
                }
            }
            Some(Open::List { items, .. }) => items.push(node),
            Some(Open::Map {
                entries, seen, key, ..
            }) => match key.take() {
                None => *key = Some(key_of(node, seen, self.mistakes)),
                Some(Some(key)) => entries.push((key, node)),
                Some(None) => {}
            },
        }
    }

    fn span(&self, span: &granit_parser::Span) -> Span {
        let bytes = span.byte_range().unwrap_or(0..0);
        let start = bytes.start.min(self.text.len());
        let end = bytes.end.clamp(start, self.text.len());
        Span {
            bytes: start..end,
            line: self.line(start),
        }
    }

    fn line(&self, at: usize) -> u32 {
        u32::try_from(self.starts.partition_point(|start| *start <= at)).unwrap_or(u32::MAX)
    }

    /// Without the white space that a plain or block scalar may carry at its end.
    fn trim(&self, mut span: Span) -> Span {
        if let Some(text) = self.text.get(span.bytes.clone()) {
            span.bytes.end = span.bytes.start + text.trim_end().len();
        }
        span
    }

    fn broken(&mut self, error: &granit_parser::ScanError) {
        let at = error
            .marker()
            .byte_offset()
            .unwrap_or(0)
            .min(self.text.len());
        // An error "at the end" of a line or file is shown on the last thing written before it.
        let at = if self.text[at..].trim_start().is_empty() {
            self.text.trim_end().len().saturating_sub(1)
        } else {
            at
        };
        let at = (0..=at)
            .rev()
            .find(|at| self.text.is_char_boundary(*at))
            .unwrap_or(0);
        let len = self.text[at..].chars().next().map_or(0, char::len_utf8);
        let span = Span {
            bytes: at..at + len,
            line: self.line(at),
        };
        let mistake = self.mistakes.add(
            &span,
            format!("this is not YAML: {}", crate::mistake::shown(&error.info())),
        );
        mistake.expect("the reader stopped here");
        if self.text[..at]
            .rsplit('\n')
            .next()
            .is_some_and(|line| line.contains('\t'))
        {
            mistake.advise("YAML is indented by spaces, never by tabs");
        }
    }
}

/// The span of a collection. The parser ends a block where the next token begins, which may be lines later.
fn whole(start: Span, end: Span, flow: bool, last: Option<usize>) -> Span {
    let stop = match last {
        Some(last) if !flow => last,
        _ => end.bytes.end,
    };
    Span {
        bytes: start.bytes.start..stop.max(start.bytes.start),
        line: start.line,
    }
}

/// A node as a key; `None`, with a mistake noted, if it cannot be one or was there before.
fn key_of(node: Node, seen: &mut HashMap<String, u32>, mistakes: &mut Mistakes) -> Option<Key> {
    let Value::Scalar(scalar) = node.value else {
        if node.value != Value::Refused {
            mistakes
                .add(&node.span, "this cannot be a key")
                .expect("expected a word");
        }
        return None;
    };
    if let Some(line) = seen.get(&scalar.text) {
        mistakes
            .add(
                &node.span,
                format!("the key {} is here twice", quoted(&scalar.text)),
            )
            .expect("a second time")
            .advise(format!("it is already on line {line}"));
        return None;
    }
    seen.insert(scalar.text.clone(), node.span.line);
    Some(Key {
        span: node.span,
        text: scalar.text,
    })
}
