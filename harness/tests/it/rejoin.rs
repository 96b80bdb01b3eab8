//! Coming back by what the server gave: what is said in the place of a join, and when.

use std::path::Path;
use std::sync::Arc;

use glare::names::RoomName;
use glare::signaling::{Book, Conversation, Dialect, Kind, Meant, Out, Request, Word};

const TICKETS: &str = include_str!("../../../fixtures/servers/examples/tickets/dialect.yaml");

fn dialect(text: &str) -> Arc<Dialect> {
    Arc::new(Dialect::read(Path::new("d.yaml"), text).expect("a dialect"))
}

fn join(room: &str) -> Word {
    let room = RoomName::new(room);
    Word::Request {
        request: Request::Join { room },
    }
}

fn create(room: &str) -> Word {
    let room = RoomName::new(room);
    Word::Request {
        request: Request::Create { room },
    }
}

fn said(peer: &mut Conversation, room: &str) -> String {
    let says = peer.say(&join(room)).expect("it can be said");
    let [say] = says.as_slice() else {
        panic!("{says:?}");
    };
    assert_eq!(say.means, Meant::Word(Kind::Join));
    match &say.out {
        Out::Text(text) => text.clone(),
        other => panic!("{other:?}"),
    }
}

fn lets_in(peer: &mut Conversation, ticket: &str) {
    let text = format!("{{\"in\":\"lobby\",\"ticket\":\"{ticket}\",\"with\":[]}}");
    assert_eq!(peer.hear_text(&text).words.len(), 1, "{text}");
}

const ENTERS: &str = "{\"enter\":\"lobby\",\"as\":\"bob\"}";

#[test]
fn who_has_lost_his_line_asks_with_what_he_was_given() {
    let (dialect, book) = (dialect(TICKETS), Book::default());
    let line = || Conversation::new(dialect.clone(), "bob").with(book.clone());
    let mut first = line();
    assert_eq!(said(&mut first, "lobby"), ENTERS);
    lets_in(&mut first, "t1");
    // On the line on which he is inside he has nothing to come back from.
    assert_eq!(said(&mut first, "lobby"), ENTERS);
    book.is_lost("bob");
    let mut second = line();
    // Another room is another place.
    assert!(said(&mut second, "attic").contains("enter"));
    assert_eq!(said(&mut second, "lobby"), "{\"back\":\"t1\"}");
    // The tap knows which room that is.
    let mut tap = line();
    let overheard = tap.overhear_text("{\"back\":\"t1\"}", Some(Meant::Word(Kind::Join)));
    assert_eq!(overheard.word, Some(join("lobby")));
    // Where to make a room is to join it, that is said for it, too.
    let mut creates = line();
    let create = create("lobby");
    let says = creates.say(&create).expect("it can be said");
    assert_eq!(says[0].means, Meant::Word(Kind::Create));
    let overheard = line().overhear_text("{\"back\":\"t1\"}", Some(says[0].means));
    assert_eq!(overheard.word, Some(create));
    // Somebody else's ticket says nothing.
    assert_eq!(line().overhear_text("{\"back\":\"t9\"}", None).word, None);
    // A new ticket with each answer, on one line, too.
    lets_in(&mut second, "t2");
    assert_eq!(said(&mut line(), "lobby"), "{\"back\":\"t2\"}");
}

#[test]
fn a_ticket_is_good_until_it_is_known_not_to_be() {
    let dialect = dialect(TICKETS);
    let after = |what: &dyn Fn(&mut Conversation, &Book)| {
        let book = Book::default();
        let line = || Conversation::new(dialect.clone(), "bob").with(book.clone());
        let mut first = line();
        said(&mut first, "lobby");
        lets_in(&mut first, "t1");
        what(&mut first, &book);
        said(&mut line(), "lobby")
    };
    let back = "{\"back\":\"t1\"}";
    assert_eq!(after(&|_, _| ()), back);
    assert_eq!(after(&|_, book| book.is_lost("bob")), back);
    // He has left.
    let leaves = |bob: &mut Conversation, _: &Book| drop(bob.hear_text("{\"left\":true}"));
    assert_eq!(after(&leaves), ENTERS);
    // Another heard that he is gone.
    let gone = |_: &mut Conversation, book: &Book| {
        let mut alice = Conversation::new(dialect.clone(), "alice").with(book.clone());
        assert_eq!(alice.hear_text("{\"out\":\"bob\"}").words.len(), 1);
    };
    assert_eq!(after(&gone), ENTERS);
    // It was refused.
    let refused = |_: &mut Conversation, book: &Book| {
        let mut second = Conversation::new(dialect.clone(), "bob").with(book.clone());
        assert_eq!(said(&mut second, "lobby"), back);
        assert_eq!(second.hear_text("{\"no\":\"ticket\"}").words.len(), 1);
    };
    assert_eq!(after(&refused), ENTERS);
    // The server has ended.
    assert_eq!(after(&|_, book| book.is_out("bob")), ENTERS);
}

/// Something that happens meanwhile, with lines of whomever.
type Meanwhile<'m> = &'m dyn Fn(&dyn Fn(&str) -> Conversation, &Book);

/// What is refused is not always the coming back, and who is told of a leaving is not always told of this one.
#[test]
fn a_ticket_is_not_given_up_for_what_says_nothing_of_its_place() {
    let destroys = "hear:\n  destroyed: { message: { gone: \"{room}\" } }\n";
    let dialect = dialect(&TICKETS.replace("hear:\n", destroys));
    let after = |what: Meanwhile<'_>| {
        let book = Book::default();
        let line = |of: &str| Conversation::new(dialect.clone(), of).with(book.clone());
        let mut first = line("bob");
        said(&mut first, "lobby");
        lets_in(&mut first, "t1");
        book.is_lost("bob");
        what(&line, &book);
        said(&mut line("bob"), "lobby")
    };
    let in_lobby = |mut peer: Conversation| {
        said(&mut peer, "lobby");
        lets_in(&mut peer, "t5");
        peer
    };
    let back = "{\"back\":\"t1\"}";
    for (what, text) in [
        ("another room", "{\"no\":\"full\"}"),
        ("his name", "{\"no\":\"name\"}"),
    ] {
        let refused = |line: &dyn Fn(&str) -> Conversation, _: &Book| {
            let mut bob = line("bob");
            assert!(said(&mut bob, "attic").contains("enter"));
            assert_eq!(bob.hear_text(text).words.len(), 1);
        };
        assert_eq!(after(&refused), back, "{what} in another room was refused");
    }
    let outside = |line: &dyn Fn(&str) -> Conversation, _: &Book| {
        let leave = Word::Request {
            request: Request::Leave {
                room: RoomName::new("lobby"),
            },
        };
        let mut bob = line("bob");
        bob.say(&leave).expect("it can be said");
        assert_eq!(bob.hear_text("{\"no\":\"outside\"}").words.len(), 1);
    };
    assert_eq!(after(&outside), back, "a leave was refused");
    // He is told to be gone, and to have come: a server may tell of a return by both.
    let returned = |line: &dyn Fn(&str) -> Conversation, _: &Book| {
        let mut alice = in_lobby(line("alice"));
        alice.hear_text("{\"out\":\"bob\"}");
        alice.hear_text("{\"came\":\"bob\"}");
    };
    assert_eq!(after(&returned), back, "he left, and came");
    // So it may after it has let him in.
    let late = |line: &dyn Fn(&str) -> Conversation, _: &Book| {
        let (mut alice, mut carol) = (in_lobby(line("alice")), in_lobby(line("carol")));
        let mut bob = line("bob");
        assert_eq!(said(&mut bob, "lobby"), back);
        alice.hear_text("{\"out\":\"bob\"}");
        lets_in(&mut bob, "t1");
        alice.hear_text("{\"came\":\"bob\"}");
        carol.hear_text("{\"out\":\"bob\"}");
        carol.hear_text("{\"came\":\"bob\"}");
    };
    assert_eq!(after(&late), back, "others are told later");
    // A room that is gone is no place; another one says nothing of it.
    let destroyed = |room: &'static str| {
        move |line: &dyn Fn(&str) -> Conversation, _: &Book| {
            let text = format!("{{\"gone\":\"{room}\"}}");
            assert_eq!(line("alice").hear_text(&text).words.len(), 1);
        }
    };
    assert_eq!(after(&destroyed("lobby")), ENTERS);
    assert_eq!(after(&destroyed("attic")), back);
    // In the other room he has a place of its own.
    let moved = |line: &dyn Fn(&str) -> Conversation, book: &Book| {
        let mut bob = line("bob");
        said(&mut bob, "attic");
        bob.hear_text("{\"in\":\"attic\",\"ticket\":\"t2\",\"with\":[]}");
        in_lobby(line("alice")).hear_text("{\"out\":\"bob\"}");
        book.is_lost("bob");
        assert_eq!(said(&mut line("bob"), "attic"), "{\"back\":\"t2\"}");
    };
    assert_eq!(after(&moved), ENTERS, "he has left the lobby");
    let both = |line: &dyn Fn(&str) -> Conversation, book: &Book| {
        let mut bob = line("bob");
        said(&mut bob, "attic");
        bob.hear_text("{\"in\":\"attic\",\"ticket\":\"t2\",\"with\":[]}");
        book.is_lost("bob");
        let overheard = line("bob").overhear_text("{\"back\":\"t2\"}", None);
        assert_eq!(overheard.word, Some(join("attic")));
        let overheard = line("bob").overhear_text("{\"back\":\"t1\"}", None);
        assert_eq!(overheard.word, Some(join("lobby")));
    };
    assert_eq!(after(&both), back, "he was in another room");
}

/// After the time in which those who stay must have heard of it, nobody keeps a place.
#[test]
fn after_the_time_of_a_place_nobody_asks_for_it() {
    let text = TICKETS.replace("keeps-places: 1s", "keeps-places: 1ms");
    let (dialect, book) = (dialect(&text), Book::default());
    let line = || Conversation::new(dialect.clone(), "bob").with(book.clone());
    let mut first = line();
    said(&mut first, "lobby");
    lets_in(&mut first, "t1");
    book.is_lost("bob");
    let lost = std::time::Instant::now();
    while lost.elapsed() < std::time::Duration::from_millis(2) {
        std::hint::spin_loop();
    }
    assert_eq!(said(&mut line(), "lobby"), ENTERS);
}

#[test]
fn what_nobody_gave_is_no_rejoin() {
    let wrong = TICKETS.replace("{ back: \"{ticket}\" }", "{ back: \"{me}\" }");
    let mistakes = Dialect::read(Path::new("d.yaml"), &wrong).expect_err("a mistake");
    let told = mistakes.render(false);
    assert!(
        told.contains("nothing in this was given by the server"),
        "{told}"
    );
    let wrong = TICKETS.replace("ticket: \"{ticket}\", with", "ticket: \"{_}\", with");
    let mistakes = Dialect::read(Path::new("d.yaml"), &wrong).expect_err("a mistake");
    let told = mistakes.render(false);
    assert!(told.contains("nothing captures `{ticket}`"), "{told}");
}

/// A plain time is the most; the least is promised by its key alone, and has to fit.
#[test]
fn how_long_a_place_is_kept_is_a_time_or_the_least_and_the_most() {
    let read = |value: &str| {
        let text = TICKETS.replace("keeps-places: 1s ", &format!("keeps-places: {value} "));
        Dialect::read(Path::new("d.yaml"), &text)
    };
    let times = |value: &str| {
        let dialect = read(value).expect("a dialect");
        let kept = dialect.properties();
        (kept.keeps_places_at_least, kept.keeps_places)
    };
    let seconds = |seconds| Some(std::time::Duration::from_secs(seconds));
    assert_eq!(times("5s"), (None, seconds(5)));
    assert_eq!(times("{ at-most: 6s }"), (None, seconds(6)));
    assert_eq!(
        times("{ at-least: 4s, at-most: 6s }"),
        (seconds(4), seconds(6))
    );
    for (value, told) in [
        ("{ at-least: 4s }", "`keeps-places` has no `at-most`"),
        (
            "{ at-least: 7s, at-most: 6s }",
            "`at-least` is longer than `at-most`",
        ),
        (
            "{ at-lest: 4s, at-most: 6s }",
            "`keeps-places` has no key `at-lest`",
        ),
    ] {
        let mistakes = read(value).expect_err(value).render(false);
        assert!(mistakes.contains(told), "{told}\n{mistakes}");
    }
}

/// Who expects that his ticket is good no more says it, whatever is known of his place; once, and not what he was never given.
#[test]
fn an_old_ticket_is_said_by_who_insists() {
    let (dialect, book) = (dialect(TICKETS), Book::default());
    let line = || Conversation::new(dialect.clone(), "bob").with(book.clone());
    book.insists("bob");
    assert!(line().say(&join("lobby")).is_err());
    let mut first = line();
    said(&mut first, "lobby");
    lets_in(&mut first, "t1");
    first.hear_text("{\"left\":true}");
    book.insists("bob");
    let mut second = line();
    assert_eq!(said(&mut second, "lobby"), "{\"back\":\"t1\"}");
    let overheard = line().overhear_text("{\"back\":\"t1\"}", Some(Meant::Word(Kind::Join)));
    assert_eq!(overheard.word, Some(join("lobby")));
    assert_eq!(said(&mut line(), "lobby"), ENTERS);
}

/// Who pretends comes back once by what another was given, in that room; a login that is said besides is given by nobody here.
#[test]
fn what_another_was_given_is_said_once_by_who_borrows_it() {
    let text = TICKETS
        .replace("path: /\n", "path: /\n  login: [password]\n")
        .replace(
            "{ back: \"{ticket}\" }",
            "{ back: \"{ticket}\", password: \"{password}\" }",
        );
    let (dialect, book) = (dialect(&text), Book::default());
    let line = |peer: &str| {
        let password = [("password".to_owned(), format!("{peer}'s"))].into();
        let line = Conversation::new(dialect.clone(), peer).with(book.clone());
        line.given(&password)
    };
    book.borrows("carol", "bob");
    let error = line("carol")
        .say(&join("lobby"))
        .expect_err("bob was given nothing");
    assert!(error.to_string().contains("`ticket`"), "{error}");
    let mut bob = line("bob");
    said(&mut bob, "lobby");
    lets_in(&mut bob, "t1");
    book.borrows("carol", "bob");
    let mut carol = line("carol");
    let borrowed = "{\"back\":\"t1\",\"password\":\"carol's\"}";
    assert_eq!(said(&mut carol, "lobby"), borrowed);
    let overheard = line("carol").overhear_text(borrowed, Some(Meant::Word(Kind::Join)));
    assert_eq!(overheard.word, Some(join("lobby")));
    assert!(said(&mut line("carol"), "lobby").contains("enter"));
    // To make a room is no join, and who is inside shows it as well.
    book.borrows("carol", "bob");
    let mut carol = line("carol");
    let says = carol.say(&create("attic")).expect("it can be said");
    let Out::Text(text) = &says[0].out else {
        panic!("{says:?}");
    };
    assert!(text.contains("enter"), "{text}");
    carol.hear_text("{\"in\":\"attic\",\"ticket\":\"t2\",\"with\":[]}");
    assert!(carol.is_inside());
    assert_eq!(said(&mut carol, "lobby"), borrowed);
}
