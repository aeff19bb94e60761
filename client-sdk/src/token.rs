//! Tokens: the one that is known, and where to get another.
//!
//! In: a token, or a source of them; the news that the server has refused one. Out: a token that is good as far as can be
//! told. What is always true: the source is asked by one at a time, for at most [`ASK_MAX`]; no token is ever shown.

use std::{fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde::Deserialize;
use tokio::{sync::Mutex, time};

/// How long a token may take.
const ASK_MAX: Duration = Duration::from_secs(30);
/// A token that expires this soon is not worth saying.
const EXPIRY_MARGIN_SECONDS: i64 = 5;

/// Why a token is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenReason {
    /// None is known.
    First,
    /// The known one expires.
    Expired,
    /// The server has refused it.
    Refused,
}

/// What a source of tokens answers: a token; `None`, the person has to sign in; or an error, not now.
pub type TokenAnswer = Result<Option<String>, Box<dyn std::error::Error + Send + Sync>>;

pub(crate) type TokenSource =
    Arc<dyn Fn(TokenReason) -> Pin<Box<dyn Future<Output = TokenAnswer> + Send>> + Send + Sync>;

/// What a token says, unchecked: the server checks.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Claims {
    pub(crate) sub: Option<String>,
    pub(crate) plan: Option<String>,
    iat: Option<i64>,
    exp: Option<i64>,
}

impl Claims {
    pub(crate) fn of(token: &str) -> Self {
        let body = token.split('.').nth(1).and_then(|part| BASE64_URL_SAFE_NO_PAD.decode(part).ok());
        body.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }
}

pub(crate) struct Tokens {
    known: Mutex<Known>,
    source: Option<TokenSource>,
}

struct Known {
    token: Option<String>,
    /// How many seconds this clock is ahead of the one that signs tokens, as far as the last token told.
    ahead: i64,
}

/// A token is never shown.
impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}

impl Tokens {
    pub(crate) fn new(known: Option<String>, source: Option<TokenSource>) -> Self {
        Self { known: Mutex::new(Known { token: known, ahead: 0 }), source }
    }

    /// A token; `None` where there is none, or no other than the server has refused.
    pub(crate) async fn get(&self, refused: bool) -> TokenAnswer {
        let mut known = self.known.lock().await;
        let Some(source) = &self.source else { return Ok(known.token.clone().filter(|_| !refused)) };
        let now = Timestamp::now().as_second();
        let reason = match &known.token {
            None => TokenReason::First,
            Some(_) if refused => TokenReason::Refused,
            Some(token) => {
                let soon = now - known.ahead + EXPIRY_MARGIN_SECONDS;
                if Claims::of(token).exp.is_none_or(|expires| expires >= soon) {
                    return Ok(Some(token.clone()));
                }
                TokenReason::Expired
            }
        };
        let answer = time::timeout(ASK_MAX, source(reason)).await;
        let token = answer.map_err(|_| "the source of tokens took longer than 30 s")??;
        if let Some(token) = &token {
            let ahead = Claims::of(token).iat.map_or(0, |issued| Timestamp::now().as_second() - issued);
            *known = Known { token: Some(token.clone()), ahead };
        }
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex as StdMutex;

    use super::*;

    fn source(asked: Arc<StdMutex<Vec<TokenReason>>>, answers: TokenAnswerOf) -> TokenSource {
        Arc::new(move |reason| {
            asked.lock().unwrap().push(reason);
            let answer = answers(reason);
            Box::pin(async move { answer })
        })
    }

    type TokenAnswerOf = fn(TokenReason) -> TokenAnswer;

    /// {"sub":"ann","plan":"demo","exp":1000}, signed by nobody.
    const EXPIRED: &str = "x.eyJzdWIiOiJhbm4iLCJwbGFuIjoiZGVtbyIsImV4cCI6MTAwMH0.y";

    #[test]
    fn a_token_says_who_and_where() {
        let claims = Claims::of(EXPIRED);
        assert_eq!(
            (claims.sub.as_deref(), claims.plan.as_deref(), claims.exp),
            (Some("ann"), Some("demo"), Some(1000))
        );
        for nothing in ["", "x", "x.y.z", "x.eyJ.z", "x.%%.z"] {
            assert_eq!(Claims::of(nothing).sub, None, "{nothing}");
        }
    }

    #[tokio::test]
    async fn a_source_is_asked_when_there_is_none_when_it_expires_and_when_it_was_refused() {
        let asked = Arc::default();
        let answers: TokenAnswerOf = |_| Ok(Some("no jwt: it never expires".into()));
        let tokens = Tokens::new(None, Some(source(Arc::clone(&asked), answers)));
        for refused in [false, false, true] {
            assert!(tokens.get(refused).await.unwrap().is_some());
        }
        assert_eq!(*asked.lock().unwrap(), [TokenReason::First, TokenReason::Refused]);
        let tokens = Tokens::new(Some(EXPIRED.into()), Some(source(Arc::clone(&asked), |_| Ok(None))));
        assert_eq!(tokens.get(false).await.unwrap(), None, "signed out");
        assert_eq!(asked.lock().unwrap().last(), Some(&TokenReason::Expired));
    }

    /// By this clock the token has expired for a day; whoever signed it says that it holds for an hour from now.
    #[tokio::test]
    async fn a_clock_that_is_ahead_does_not_ask_each_time() {
        let asked = Arc::default();
        let answers: TokenAnswerOf = |_| {
            let issued = Timestamp::now().as_second() - 86_400;
            let claims = serde_json::json!({"iat": issued, "exp": issued + 3_600}).to_string();
            Ok(Some(format!("x.{}.y", BASE64_URL_SAFE_NO_PAD.encode(claims))))
        };
        let tokens = Tokens::new(None, Some(source(Arc::clone(&asked), answers)));
        for _ in 0..3 {
            assert!(tokens.get(false).await.unwrap().is_some());
        }
        assert_eq!(*asked.lock().unwrap(), [TokenReason::First]);
    }

    #[tokio::test]
    async fn a_token_that_was_refused_is_not_said_again() {
        let tokens = Tokens::new(Some("only".into()), None);
        assert_eq!(tokens.get(false).await.unwrap().as_deref(), Some("only"));
        assert_eq!(tokens.get(true).await.unwrap(), None);
        let failing = Tokens::new(None, Some(source(Arc::default(), |_| Err("offline".into()))));
        assert!(failing.get(false).await.is_err());
    }
}
