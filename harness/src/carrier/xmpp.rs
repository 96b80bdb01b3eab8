//! Stanzas of XMPP over WebSocket (RFC 7395), one a message, as JSON and back.
//!
//! `{"message":{"@to":"bob@host","offer":{"@xmlns":"urn:x","#":"v=0…"}}}`: an attribute's key begins with `@`, an element's own text is `#`, and its
//! children stand under their names without prefix, as a list where there are several of one name. What has nothing but text is that text.
//! `@xmlns` stands where an element is of another namespace than the one around it.

use roxmltree::{Document, Node, ParsingOptions};
use serde_json::{Map, Value as Json};

/// Elements within elements go no deeper.
const DEEPEST: usize = 32;
/// A stanza has no more nodes.
const NODES: u32 = 10_000;
/// The namespace of `xml:lang`.
const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// The one element that this text is. Of a document type (and so of entities) nothing is read.
pub(crate) fn read(text: &str) -> Option<(String, Json)> {
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: NODES,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(text, options).ok()?;
    let element = document.root_element();
    let read = element_read(element, None, DEEPEST)?;
    Some((element.tag_name().name().to_owned(), read))
}

fn element_read(element: Node<'_, '_>, around: Option<&str>, depth: usize) -> Option<Json> {
    let depth = depth.checked_sub(1)?;
    let mut fields = Map::new();
    let own = element.tag_name().namespace();
    if own != around {
        fields.insert("@xmlns".into(), own.unwrap_or_default().into());
    }
    for attribute in element.attributes() {
        let prefix = match attribute.namespace() {
            Some(XML) => "xml:",
            _ => "",
        };
        let name = format!("@{prefix}{}", attribute.name());
        fields.insert(name, attribute.value().into());
    }
    let mut text = String::new();
    for child in element.children() {
        if child.is_text() {
            text.push_str(child.text().unwrap_or_default());
        }
        if !child.is_element() {
            continue;
        }
        let name = child.tag_name().name();
        let read = element_read(child, own, depth)?;
        match fields.get_mut(name) {
            None => drop(fields.insert(name.to_owned(), read)),
            Some(Json::Array(all)) => all.push(read),
            Some(first) => *first = Json::Array(vec![first.take(), read]),
        }
    }
    if fields.is_empty() {
        return Some(text.into());
    }
    // What stands between elements for the eye alone says nothing.
    if !text.trim().is_empty() {
        fields.insert("#".into(), text.into());
    }
    Some(fields.into())
}

/// The text of the element that this says; `None`: there is none.
pub(crate) fn write(message: &Json) -> Option<String> {
    let message = message.as_object()?;
    let mut fields = message.iter();
    let (Some((name, element)), None) = (fields.next(), fields.next()) else {
        return None;
    };
    let mut text = String::new();
    (!element.is_array()).then_some(())?;
    write_element(name, element, DEEPEST, &mut text)?;
    Some(text)
}

fn write_element(name: &str, element: &Json, depth: usize, to: &mut String) -> Option<()> {
    let depth = depth.checked_sub(1)?;
    let name = name_of(name)?;
    let fields = match element {
        Json::Array(all) => {
            let mut all = all.iter().filter(|one| !one.is_array());
            return all.try_for_each(|one| write_element(name, one, depth, to));
        }
        Json::Object(fields) => fields,
        Json::String(text) => {
            to.push_str(&format!("<{name}>"));
            escape(text, to)?;
            to.push_str(&format!("</{name}>"));
            return Some(());
        }
        _ => return None,
    };
    to.push_str(&format!("<{name}"));
    let attributes = fields.iter().filter_map(|(key, value)| {
        let name = key.strip_prefix('@')?;
        Some((name, value))
    });
    for (name, value) in attributes {
        let plain = name.strip_prefix("xml:").unwrap_or(name);
        name_of(plain)?;
        to.push_str(&format!(" {name}=\""));
        escape(value.as_str()?, to)?;
        to.push('"');
    }
    to.push('>');
    if let Some(text) = fields.get("#") {
        escape(text.as_str()?, to)?;
    }
    let children = fields
        .iter()
        .filter(|(key, _)| !key.starts_with(['@', '#']));
    for (name, child) in children {
        write_element(name, child, depth, to)?;
    }
    to.push_str(&format!("</{name}>"));
    Some(())
}

/// What may be a name: no prefixes, and of ASCII.
fn name_of(name: &str) -> Option<&str> {
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let goes_on = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    (begins && name.chars().all(goes_on)).then_some(name)
}

/// Text that means itself, in an element and in an attribute. `None`: XML cannot say it.
fn escape(text: &str, to: &mut String) -> Option<()> {
    for char in text.chars() {
        match char {
            '&' => to.push_str("&amp;"),
            '<' => to.push_str("&lt;"),
            '>' => to.push_str("&gt;"),
            '"' => to.push_str("&quot;"),
            // As itself it would be read as a line's end, or as a space.
            '\r' => to.push_str("&#13;"),
            '\n' => to.push_str("&#10;"),
            '\t' => to.push_str("&#9;"),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => return None,
            char => to.push(char),
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read_all(text: &str) -> Option<Json> {
        let (name, element) = read(text)?;
        Some(json!({ name: element }))
    }

    #[test]
    fn stanzas_are_read_by_element_attribute_and_text() {
        for (text, expected) in [
            (
                "<open xmlns='urn:f' to=\"h\"/>",
                json!({ "open": { "@xmlns": "urn:f", "@to": "h" } }),
            ),
            (
                "<stream:features xmlns:stream='urn:s' xmlns='c'><bind xmlns='urn:b'/><m/></stream:features>",
                json!({ "features": { "@xmlns": "urn:s", "bind": { "@xmlns": "urn:b" }, "m": { "@xmlns": "c" } } }),
            ),
            (
                "<iq xmlns='c' type='result'><bind xmlns='b'><jid>a@h/x</jid></bind></iq>",
                json!({ "iq": { "@xmlns": "c", "@type": "result", "bind": { "@xmlns": "b", "jid": "a@h/x" } } }),
            ),
            // Several of a name, one of them with nothing in it; space for the eye; comments and sections.
            (
                "<x><s code='1'/>\n <s/><s>t<!-- c -->u<![CDATA[<&]]></s></x>",
                json!({ "x": { "s": [{ "@code": "1" }, "", "tu<&"] } }),
            ),
            ("<a>b<c/></a>", json!({ "a": { "#": "b", "c": "" } })),
            (
                "<a xml:lang='en' b='&#13;&#10;&quot;'>&lt;\u{e9}&#x1f600;</a>",
                json!({ "a": { "@xml:lang": "en", "@b": "\r\n\"", "#": "<\u{e9}\u{1f600}" } }),
            ),
        ] {
            assert_eq!(read_all(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for message in [
            json!({ "open": { "@xmlns": "urn:f", "@to": "h" } }),
            json!({ "message": { "@xmlns": "c", "@to": "\"'<&>\r\n\t", "offer": { "@xmlns": "urn:x", "#": "v=0\r\no=- 1\r\n]]>" } } }),
            json!({ "x": { "s": [{ "@code": "1" }, "", "t"], "b": "\u{1f600}" } }),
            json!({ "a": { "@xml:lang": "en", "#": "t" } }),
            json!({ "a": "" }),
        ] {
            let text = write(&message).expect("a stanza");
            assert_eq!(read_all(&text), Some(message), "{text}");
        }
    }

    #[test]
    fn what_is_no_stanza_is_not_written() {
        for message in [
            json!(null),
            json!([]),
            json!("a"),
            json!({}),
            json!({ "a": "", "b": "" }),
            json!({ "a": 5 }),
            json!({ "a": null }),
            json!({ "a": ["", ""] }),
            json!({ "a b": "" }),
            json!({ "s:a": "" }),
            json!({ "": "" }),
            json!({ "a": { "@": "" } }),
            json!({ "a": { "@b": 1 } }),
            json!({ "a": { "@b c=''": "" } }),
            json!({ "a": { "#": [] } }),
            json!({ "a": { "b><c": "" } }),
            json!({ "a": "\u{0}" }),
        ] {
            assert_eq!(write(&message), None, "{message}");
        }
    }

    #[test]
    fn what_is_hostile_is_not_read() {
        let deep = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
        assert!(read(&deep(DEEPEST)).is_some());
        for text in [
            deep(DEEPEST + 1),
            deep(100_000),
            format!("<a>{}</a>", "<b/>".repeat(NODES as usize)),
            "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>".into(),
            "<!DOCTYPE a [<!ENTITY x0 \"ha\"><!ENTITY x1 \"&x0;&x0;\">]><a>&x1;</a>".into(),
            "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>".into(),
            "<a>&b;</a>".into(),
            "<a>&#0;</a>".into(),
            "<a>".into(),
            "<a></b>".into(),
            "<a/><b/>".into(),
            "<a b='1' b='2'/>".into(),
            "<s:a/>".into(),
            "a".into(),
            "".into(),
            " ".into(),
            "{\"a\":1}".into(),
        ] {
            assert_eq!(read(&text), None, "{}", &text[..text.len().min(80)]);
        }
        let mut nested = json!("");
        for _ in 0..100 {
            nested = json!({ "a": nested });
        }
        assert_eq!(write(&nested), None);
    }
}
