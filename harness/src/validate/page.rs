//! The suite as a page: each case, who promised what it asks, and why it is asked.

use std::fmt::Write as _;

use super::case::Section;

const HEAD: &str = "\
# What `glare validate` asks

A signaling server is asked these cases by their numbers, which are the same for every dialect. This page is made by `glare validate --list --long`.

What a server is accused of rests on a promise: a [law](GUIDE.md#what-a-server-owes) that every server owes, or owes because its dialect declares it, what the dialect says
of its own, or RFC 6455. A case is *broken* only where two fresh processes show the same, and where things go well without the harm that the case does (its *control*). What
nobody promised is told as a *fact*. A case whose words or promises the dialect does not have is *unsupported*; where what it rests on does not come
about, it is *inconclusive*. So it is where another case asks for what went wrong, and shows it by itself: that one is broken, and this one says which. A sender who is told
that something of his is not passed on has met a limit, which is a fact, unless it is the first thing that he says and a plain call goes well.

A time that is promised (`announces-leaving-within`, `announces-joining-within`, `answers-within`) is judged with 2 s more, and with what the slowest answer of the same run took:
a busy machine may hold up either side.

After each harm a pair that was there before signals on, and strangers meet: two with new ids, and who was harmed comes back by the same id. The server must live.
";

/// The page, in Markdown.
pub fn page(sections: &[Section]) -> String {
    let mut page = HEAD.to_owned();
    for section in sections {
        let _ = write!(
            page,
            "\n## {}. {}\n\nAsked is {}.\n\n| number | what | promised by | why |\n|---|---|---|---|\n",
            section.number,
            capital(section.name),
            section.asks
        );
        for case in &section.cases {
            let _ = writeln!(
                page,
                "| {} | {} | {} | {} |",
                case.number,
                cell(&case.title),
                case.source,
                cell(&case.why)
            );
        }
    }
    page
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
