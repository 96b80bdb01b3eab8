//! A mind by itself: tables of what goes in and comes out, and two of them in every order that the wires between them allow.

mod explore;
mod orders;
mod table;
mod tables;
