//! What the reference server speaks, under each policy that glare asks of it by itself: dialects that are part of the program.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use glare_signaling_server::RoomSize;

use super::Dialect;

/// A file of the reference server's folder: where it is, and what is in it.
macro_rules! file {
    ($name:literal) => {
        (
            concat!("fixtures/servers/reference/", $name),
            include_str!(concat!("../../../../fixtures/servers/reference/", $name)),
        )
    };
}

/// Read once.
macro_rules! read_once {
    ($name:literal) => {{
        static DIALECT: OnceLock<Arc<Dialect>> = OnceLock::new();
        let (path, text) = file!($name);
        Arc::clone(DIALECT.get_or_init(|| read(path, text)))
    }};
}

/// The size of a room that `reference-mesh.dialect.yaml` says.
const EXAMPLE_SIZE: &str = "room-size: 3";

#[expect(
    clippy::expect_used,
    reason = "the file is part of the program, and a test reads it"
)]
fn read(path: &str, text: &str) -> Arc<Dialect> {
    let dialect = Dialect::read(Path::new(path), text);
    Arc::new(dialect.expect("the reference dialect has no mistake"))
}

/// None of these panics in a build that passes its tests.
impl Dialect {
    /// The reference server's dialect.
    pub fn reference() -> Arc<Dialect> {
        read_once!("dialect.yaml")
    }

    /// What the reference server speaks where a room holds so many.
    pub fn reference_of(size: usize) -> Arc<Dialect> {
        static DIALECTS: [OnceLock<Arc<Dialect>>; RoomSize::MAX + 1] =
            [const { OnceLock::new() }; RoomSize::MAX + 1];
        let of_size = || {
            let (path, text) = file!("reference-mesh.dialect.yaml");
            read(
                path,
                &text.replace(EXAMPLE_SIZE, &format!("room-size: {size}")),
            )
        };
        match DIALECTS.get(size) {
            Some(dialect) if size > 2 => Arc::clone(dialect.get_or_init(of_size)),
            _ => Self::reference(),
        }
    }

    /// The reference server's, where a second line of a user takes over: what it has in the room is given up, with news.
    pub fn reference_taking_over() -> Arc<Dialect> {
        read_once!("takeover.dialect.yaml")
    }

    /// The reference server's, where a second line of a user goes on where the first one was, and nobody is told.
    pub fn reference_resuming() -> Arc<Dialect> {
        read_once!("resuming.dialect.yaml")
    }

    /// The reference server's, where the place of who is lost is kept for a second, and had again by a ticket (`--keeps-places 1s`).
    pub fn reference_with_tickets() -> Arc<Dialect> {
        read_once!("tickets.dialect.yaml")
    }

    /// The reference server's, whose rooms are meetings of three, in which places are kept (`--meetings --keeps-places 1s --room-size 3`).
    pub fn reference_with_meetings() -> Arc<Dialect> {
        read_once!("meetings.dialect.yaml")
    }

    /// The reference server's, which gives rooms their names (`--names-rooms`).
    pub fn reference_naming_rooms() -> Arc<Dialect> {
        read_once!("named-rooms.dialect.yaml")
    }

    /// The reference server's, where messages are enveloped (`--wire enveloped`).
    pub fn reference_enveloped() -> Arc<Dialect> {
        read_once!("enveloped.dialect.yaml")
    }
}
