//! Which stacks may be used on this machine.

use crate::names::Stack;

/// The stacks that may be used: all, or those of `GLARE_STACKS` (`native`, `native,chromium`). Empty is as good as not set.
///
/// # Errors
/// A name that is no stack.
pub fn stacks() -> Result<Vec<Stack>, String> {
    match std::env::var("GLARE_STACKS") {
        Ok(list) if !list.trim().is_empty() => list
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(|name| {
                name.parse()
                    .map_err(|error| format!("GLARE_STACKS: {error}"))
            })
            .collect(),
        Ok(_) | Err(std::env::VarError::NotPresent) => Ok(Stack::CONNECTING.to_vec()),
        Err(error) => Err(format!("GLARE_STACKS: {error}")),
    }
}
