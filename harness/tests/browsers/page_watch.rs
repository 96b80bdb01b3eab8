//! What is seen of a user's page, and that the page does not see it.
