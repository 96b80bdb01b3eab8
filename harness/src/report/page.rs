//! One HTML page of a case.

use crate::record::Story;

/// The page.
pub fn page(story: &Story) -> String {
    super::tame(&story.name)
}
