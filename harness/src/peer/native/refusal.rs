//! The crate's errors, word for word, and a bound on everything that is awaited of it.

use std::future::Future;
use std::time::Duration;

use webrtc::error::{Error, Result};

use crate::hand::HandError;
pub(super) use crate::peer::socket::refuse;

/// How long the crate may take for one call. None of them waits for the network; the longest seen took 100 ms.
pub(super) const BOUND: Duration = Duration::from_secs(10);

/// The variant's name and its text: `ErrNoRemoteDescription: remote description is not set`.
pub(super) fn refused(error: &Error) -> HandError {
    let debug = format!("{error:?}");
    let name = debug
        .split(|c: char| !c.is_alphanumeric())
        .next()
        .unwrap_or_default();
    refuse(name, error.to_string())
}

/// Awaits the crate, at most [`BOUND`].
pub(super) async fn bounded<T>(
    what: &str,
    call: impl Future<Output = Result<T>>,
) -> std::result::Result<T, HandError> {
    match answered(what, call).await? {
        Ok(value) => Ok(value),
        Err(error) => Err(refused(&error)),
    }
}

/// Awaits what cannot fail but could hang.
pub(super) async fn answered<T>(
    what: &str,
    call: impl Future<Output = T>,
) -> std::result::Result<T, HandError> {
    within(BOUND, what, call).await
}

async fn within<T>(
    bound: Duration,
    what: &str,
    call: impl Future<Output = T>,
) -> std::result::Result<T, HandError> {
    tokio::time::timeout(bound, call).await.map_err(|_| {
        refuse(
            "TimeoutError",
            format!("the stack did not finish {what} within {bound:?}"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_keeps_its_name_and_its_words() {
        assert_eq!(
            refused(&Error::ErrNoRemoteDescription).to_string(),
            "ErrNoRemoteDescription: remote description is not set"
        );
        let told = refused(&Error::ErrSignalingStateProposedTransitionInvalid(
            "x".into(),
        ));
        assert!(
            told.to_string()
                .starts_with("ErrSignalingStateProposedTransitionInvalid: ")
        );
    }

    #[tokio::test]
    async fn a_call_that_hangs_becomes_an_error() {
        let bound = Duration::from_millis(1);
        let hung = within(bound, "createOffer", std::future::pending::<()>()).await;
        assert_eq!(
            hung.unwrap_err().to_string(),
            "TimeoutError: the stack did not finish createOffer within 1ms"
        );
    }
}
