//! Locks, also after a panic elsewhere: what is behind a lock of the house is whole between any two statements.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks without caring for a panic elsewhere.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
