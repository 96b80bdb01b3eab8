//! A writer into which foreign text comes escaped only.

use crate::mistake::shown;

/// HTML that grows. Markup is part of the program: only text that is known when it is compiled goes in as it is.
#[derive(Debug, Default)]
pub(crate) struct Html(String);

impl Html {
    /// Markup.
    pub fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Anybody's text, in an element or a quoted attribute: characters of HTML are escaped, what is hidden or steers is shown. Line ends stay.
    pub fn text(&mut self, text: &str) -> &mut Self {
        for (number, line) in text.split('\n').enumerate() {
            if number > 0 {
                self.0.push('\n');
            }
            for c in shown(line).chars() {
                match c {
                    '&' => self.0.push_str("&amp;"),
                    '<' => self.0.push_str("&lt;"),
                    '>' => self.0.push_str("&gt;"),
                    '"' => self.0.push_str("&quot;"),
                    '\'' => self.0.push_str("&#39;"),
                    c => self.0.push(c),
                }
            }
        }
        self
    }

    /// A number, which is neither markup nor foreign.
    pub fn number(&mut self, number: u64) -> &mut Self {
        self.0.push_str(&number.to_string());
        self
    }

    /// An element without attributes around a text.
    pub fn element(&mut self, open: &'static str, text: &str, close: &'static str) -> &mut Self {
        self.raw(open).text(text).raw(close)
    }

    /// All of it.
    pub fn finish(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_markup_or_steers() {
        let mut html = Html::default();
        html.text("</script><img src=x onerror='a()' \"> & \u{1b}[2J \u{202e}\nsecond\tline");
        assert_eq!(
            html.finish(),
            "&lt;/script&gt;&lt;img src=x onerror=&#39;a()&#39; &quot;&gt; &amp; \\u{1b}[2J \\u{202e}\nsecond\tline"
        );
    }
}
