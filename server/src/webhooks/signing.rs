//! Secrets and signatures as the Standard Webhooks specification has them.
//!
//! A secret is `whsec_` and the base64 of its bytes; a signature is `v1,` and the base64 of HMAC-SHA256 over
//! `<id>.<timestamp>.<body>`. <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

/// In front of every secret, so that a search for leaked ones finds it.
const PREFIX: &str = "whsec_";
/// The specification asks for 24 to 64.
const SECRET_BYTES: usize = 32;

/// What deliveries are signed with. Never printed.
pub struct Secret(Hmac<Sha256>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Secret {
    /// A new one, as text.
    #[must_use]
    pub fn random() -> Box<str> {
        let bytes: [u8; SECRET_BYTES] = rand::random();
        format!("{PREFIX}{}", STANDARD.encode(bytes)).into()
    }

    /// Reads what [`Secret::random`] made; nothing when it is something else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.strip_prefix(PREFIX)?).ok()?;
        Some(Self(Hmac::new_from_slice(&bytes).ok()?))
    }

    /// The value of `webhook-signature`. The timestamp is in seconds.
    #[must_use]
    pub fn sign(&self, id: &str, timestamp: u64, body: &[u8]) -> String {
        let mut mac = self.0.clone();
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_the_reference_libraries() {
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_new_secret_can_be_read_and_is_not_printed() {
        let text = Secret::random();
        let secret = Secret::parse(&text).unwrap();
        assert_eq!(STANDARD.decode(&text[PREFIX.len()..]).unwrap().len(), SECRET_BYTES);
        assert!(!format!("{secret:?}").contains(&text[PREFIX.len()..]));
        assert_ne!(text, Secret::random());
        assert!(Secret::parse("whsec_%").is_none() && Secret::parse("abc").is_none());
    }
}
