//! A step as it stands in its file.

use super::build::Values;
use super::model::Step;
use crate::source::Span;

/// A step with the places that the checks point at.
pub(crate) struct Placed {
    pub step: Step,
    /// The verb.
    pub verb: Span,
    pub values: Values,
    /// Its number, from 1; the steps of sequences count.
    pub number: usize,
    /// Those that begin together in it.
    pub inner: Vec<Placed>,
}
