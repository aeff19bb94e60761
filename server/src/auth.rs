//! Who someone is: the workspace's API key, and people's tokens.
//!
//! Here a token is only verified. Whether it still holds is up to the plan's people: [`crate::people`] is the one way in.
//! A token is a JWT signed with HS256 and nothing else; the same secret lets a host application sign them itself.
//! Secrets come from the environment or a file of mode 600, and are never logged or shown.

use std::{
    collections::HashMap,
    fmt, fs, io,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::{PoisonError, RwLock},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, errors::ErrorKind};
use plansync_protocol::ids::{Access, PartyId, PersonId, PlanId};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::clock::Millis;

mod pass;

pub use pass::{Bar, Cap, Lapsed, Pass, Seat, Signature};

/// Bytes of a secret the server makes itself.
const SECRET_BYTES: usize = 32;
/// A secret shorter than this can be guessed.
const SECRET_CHARS_MIN: usize = 16;
/// How far the clock of a host application that signs tokens may be ahead.
const AHEAD_SECONDS_MAX: u64 = 60;
/// A token is a name, a mail address and a signature; nothing longer is looked at.
pub const TOKEN_BYTES_MAX: usize = 8 << 10;

/// A seller organisation of this server; the default one has no name.
#[derive(Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WorkspaceId(Box<str>);

impl WorkspaceId {
    /// The workspace of this id.
    #[must_use]
    pub fn of(id: &str) -> Self {
        Self(id.into())
    }

    /// Its id; empty for the default one.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the one of the server's own key and secret.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for WorkspaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for WorkspaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &self.0)
    }
}

/// Who wrote: the authenticated person and their party. A workspace's key writes without a party.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Author {
    /// The person, or the host application that acts under the workspace's key.
    pub person: PersonId,
    /// The party the person stands for.
    pub party: Option<PartyId>,
}

/// What a token says. The names are those of the public interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The person.
    pub sub: PersonId,
    /// The plan the token opens.
    pub plan: PlanId,
    /// The party the person stands for.
    pub party: PartyId,
    /// What the person may do.
    pub access: Access,
    /// Their name, as others see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Their mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Signed at, in seconds.
    pub iat: u64,
    /// Void from then on, in seconds.
    pub exp: u64,
    /// The token's own id.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub jti: String,
}

impl Claims {
    /// Whose edits these are.
    #[must_use]
    pub fn author(&self) -> Author {
        Author { person: self.sub.clone(), party: Some(self.party.clone()) }
    }

    /// When the token is void.
    #[must_use]
    pub fn expires_at(&self) -> Millis {
        self.exp.saturating_mul(1000)
    }
}

/// Why someone is not let in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Nothing was presented.
    #[error("no token: pass the token of the plan's link")]
    Missing,
    /// Not signed by this server's secret, or not a token at all.
    #[error("the token is not valid here: ask for a new link")]
    Forged,
    /// It was valid once.
    #[error("the token has expired: ask for a new link")]
    Expired,
    /// It says that it was signed later than now.
    #[error("the token is dated in the future: set the clock of the server that signed it")]
    Early,
    /// It opens another plan.
    #[error("the token is for plan {0}, not for this one")]
    OtherPlan(PlanId),
    /// It was made before the person's access was taken away.
    #[error("your access to this plan has ended: ask the person who runs it for a new link")]
    Revoked,
}

/// The keys and secrets of all workspaces, and what is checked with them.
pub struct Auth {
    books: RwLock<Books>,
    validation: Validation,
}

#[derive(Default)]
struct Books {
    /// Hash of an API key → its workspace.
    keys: HashMap<[u8; 32], WorkspaceId>,
    /// The secrets of each workspace, the oldest first.
    secrets: HashMap<WorkspaceId, Vec<Signer>>,
}

struct Signer {
    secret: Box<str>,
    signing: EncodingKey,
    checking: DecodingKey,
    /// Dropped with the secret, which ends what it has signed.
    valid: watch::Sender<()>,
}

impl Signer {
    fn new(secret: &str) -> Self {
        Self {
            secret: secret.into(),
            signing: EncodingKey::from_secret(secret.as_bytes()),
            checking: DecodingKey::from_secret(secret.as_bytes()),
            valid: watch::Sender::new(()),
        }
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Auth { .. }")
    }
}

impl Auth {
    /// With the key and the secret of the default workspace.
    #[must_use]
    pub fn new(api_key: &str, token_secret: &str) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = 0;
        validation.validate_nbf = true;
        validation.validate_aud = false;
        let auth = Self { books: RwLock::default(), validation };
        auth.admit_workspace(&WorkspaceId::default(), vec![key_hash(api_key)], &[token_secret]);
        auth
    }

    /// From now on a workspace has these keys, by their hashes, and these secrets, the oldest first; others of it are
    /// void, and so is at once what they have signed.
    pub fn admit_workspace(&self, workspace: &WorkspaceId, keys: Vec<[u8; 32]>, secrets: &[&str]) {
        let mut books = self.books.write().unwrap_or_else(PoisonError::into_inner);
        books.keys.retain(|_, of| of != workspace);
        books.keys.extend(keys.into_iter().map(|key| (key, workspace.clone())));
        let mut known = books.secrets.remove(workspace).unwrap_or_default();
        let signer = |secret: &&str| match known.iter().position(|signer| *signer.secret == **secret) {
            Some(at) => known.remove(at),
            None => Signer::new(secret),
        };
        let signers = secrets.iter().map(signer).collect();
        books.secrets.insert(workspace.clone(), signers);
    }

    /// The workspace whose API key this is. It is looked for by its hash, so how long that takes tells nothing of it.
    #[must_use]
    pub fn workspace_of(&self, given: &str) -> Option<WorkspaceId> {
        let books = self.books.read().unwrap_or_else(PoisonError::into_inner);
        books.keys.get(&key_hash(given)).cloned()
    }

    /// Checks a token as a workspace signed it: algorithm, signature, `exp`, `nbf`, and that it is not dated after `now`.
    ///
    /// # Errors
    /// [`Denied`] says why, without a word of the token itself.
    pub fn verify(&self, workspace: &WorkspaceId, token: &str, now: Millis) -> Result<(Claims, Signature), Denied> {
        if token.is_empty() {
            return Err(Denied::Missing);
        }
        if token.len() > TOKEN_BYTES_MAX {
            return Err(Denied::Forged);
        }
        let books = self.books.read().unwrap_or_else(PoisonError::into_inner);
        let mut outcome = Err(Denied::Forged);
        for signer in books.secrets.get(workspace).into_iter().flatten().rev() {
            outcome = match jsonwebtoken::decode::<Claims>(token, &signer.checking, &self.validation) {
                // It could not be revoked before its date.
                Ok(data) if data.claims.iat > now / 1000 + AHEAD_SECONDS_MAX => Err(Denied::Early),
                Ok(data) => Ok((data.claims, Signature::new(&signer.valid))),
                Err(error) => match error.kind() {
                    ErrorKind::ExpiredSignature => Err(Denied::Expired),
                    _ => Err(Denied::Forged),
                },
            };
            if !matches!(outcome, Err(Denied::Forged)) {
                break;
            }
        }
        outcome
    }

    /// Signs a token with the newest secret of a workspace.
    ///
    /// # Panics
    /// Never: names and numbers are JSON, any bytes are a key, and a workspace has a secret.
    #[must_use]
    pub fn sign(&self, workspace: &WorkspaceId, claims: &Claims) -> String {
        let books = self.books.read().unwrap_or_else(PoisonError::into_inner);
        let signer = books.secrets.get(workspace).and_then(|secrets| secrets.last()).expect("a workspace has a secret");
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &signer.signing)
            .expect("names and numbers are JSON, and any bytes are a key")
    }
}

/// The plan that a token names: whoever made it, nothing of it has been checked. It only says whose signature to look
/// for.
#[must_use]
pub fn named_plan(token: &str) -> Option<PlanId> {
    #[derive(Deserialize)]
    struct Named {
        plan: PlanId,
    }
    let body = token.split('.').nth(1).filter(|_| token.len() <= TOKEN_BYTES_MAX)?;
    let named: Named = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).ok()?).ok()?;
    Some(named.plan)
}

/// What is kept of an API key. A key of the server's making has 256 bits of chance.
#[must_use]
pub fn key_hash(key: &str) -> [u8; 32] {
    *blake3::hash(key.as_bytes()).as_bytes()
}

/// A secret that cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be read or written.
    #[error("the secret in {path} cannot be read or made: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is too short to be safe.
    #[error("{name} has {chars} characters; a secret needs at least {SECRET_CHARS_MIN}")]
    Short {
        /// Which secret.
        name: &'static str,
        /// How long it is.
        chars: usize,
    },
}

/// A secret, and whether this call made it.
#[derive(Debug)]
pub struct Secret {
    /// The secret.
    pub value: String,
    /// The file that was made for it just now.
    pub made: Option<PathBuf>,
}

/// The secret that was given, else the one in the file, else a new one that is written there with mode 600.
///
/// # Errors
/// [`SecretError`] says which secret and why.
pub fn secret(given: Option<String>, file: &Path, name: &'static str) -> Result<Secret, SecretError> {
    let failed = |source| SecretError::File { path: file.to_owned(), source };
    let (value, made) = match given {
        Some(value) => (value, None),
        None => match fs::read_to_string(file) {
            Ok(value) => (value.trim().to_owned(), None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let value = random_secret();
                let mut made =
                    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).map_err(failed)?;
                writeln!(made, "{value}").and_then(|()| made.sync_all()).map_err(failed)?;
                (value, Some(file.to_owned()))
            }
            Err(error) => return Err(failed(error)),
        },
    };
    match value.chars().count() {
        chars if chars < SECRET_CHARS_MIN => Err(SecretError::Short { name, chars }),
        _ => Ok(Secret { value, made }),
    }
}

/// 256 bits of chance as 64 characters.
#[must_use]
pub fn random_secret() -> String {
    let bytes: [u8; SECRET_BYTES] = rand::random();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::encode;

    const SECRET: &str = "a secret of the right length";

    fn claims() -> Claims {
        Claims {
            sub: PersonId::parse("ann").unwrap(),
            plan: PlanId::parse("demo").unwrap(),
            party: PartyId::parse("buyer").unwrap(),
            access: Access::Editor,
            name: None,
            email: None,
            iat: 1,
            exp: u64::from(u32::MAX),
            jti: String::new(),
        }
    }

    fn default() -> WorkspaceId {
        WorkspaceId::default()
    }

    fn verified(auth: &Auth, workspace: &WorkspaceId, token: &str, now: Millis) -> Result<Claims, Denied> {
        auth.verify(workspace, token, now).map(|(claims, _)| claims)
    }

    fn auth() -> Auth {
        Auth::new("key-of-the-workspace", SECRET)
    }

    #[test]
    fn a_signed_token_says_what_was_signed() {
        let token = auth().sign(&default(), &claims());
        assert_eq!(verified(&auth(), &default(), &token, 0), Ok(claims()));
    }

    #[test]
    fn a_token_of_a_day_to_come_opens_nothing() {
        let token = auth().sign(&default(), &Claims { iat: 1_000, ..claims() });
        assert_eq!(verified(&auth(), &default(), &token, 900_000), Err(Denied::Early));
        assert!(verified(&auth(), &default(), &token, 945_000).is_ok(), "clocks differ by seconds");
    }

    #[test]
    fn a_token_of_another_algorithm_or_none_or_another_secret_is_forged() {
        let other_algorithm =
            encode(&Header::new(Algorithm::HS512), &claims(), &EncodingKey::from_secret(SECRET.as_bytes())).unwrap();
        let other_secret = Auth::new("", "another secret of that length").sign(&default(), &claims());
        let body = auth().sign(&default(), &claims());
        let body = body.split('.').nth(1).unwrap();
        let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{body}.");
        for token in [other_algorithm, other_secret, unsigned, "x".to_owned(), "x".repeat(1 << 20)] {
            assert_eq!(
                verified(&auth(), &default(), &token, 0),
                Err(Denied::Forged),
                "{}",
                &token[..token.len().min(40)]
            );
        }
        assert_eq!(verified(&auth(), &default(), "", 0), Err(Denied::Missing));
    }

    #[test]
    fn a_workspace_goes_by_its_own_keys_and_secrets_alone() {
        let auth = auth();
        let other = WorkspaceId::of("ws-1");
        let (old, new) = ("the older secret of it", "the newer secret of it");
        auth.admit_workspace(&other, vec![key_hash("k1"), key_hash("k2")], &[old]);
        let token = auth.sign(&other, &claims());
        assert_eq!(named_plan(&token), Some(claims().plan));
        assert_eq!(verified(&auth, &default(), &token, 0), Err(Denied::Forged));
        assert_eq!(verified(&auth, &other, &auth.sign(&default(), &claims()), 0), Err(Denied::Forged));
        auth.admit_workspace(&other, vec![key_hash("k2")], &[old, new]);
        assert_eq!(verified(&auth, &other, &token, 0), Ok(claims()));
        auth.admit_workspace(&other, vec![key_hash("k2")], &[new]);
        assert_eq!(verified(&auth, &other, &token, 0), Err(Denied::Forged));
        assert_eq!((auth.workspace_of("k1"), auth.workspace_of("k2")), (None, Some(other)));
        assert_eq!(auth.workspace_of("key-of-the-workspace"), Some(default()));
    }

    #[test]
    fn an_expired_token_says_that_it_has_expired() {
        let token = auth().sign(&default(), &Claims { exp: 1, ..claims() });
        assert_eq!(verified(&auth(), &default(), &token, 0), Err(Denied::Expired));
    }

    #[test]
    fn a_secret_is_made_once_and_only_its_owner_can_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("api-key");
        let first = secret(None, &file, "PLANSYNC_API_KEY").unwrap();
        let second = secret(None, &file, "PLANSYNC_API_KEY").unwrap();
        assert_eq!(first.value, second.value);
        assert_eq!((first.made.is_some(), second.made.is_some()), (true, false));
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(matches!(secret(Some("short".to_owned()), &file, "X"), Err(SecretError::Short { chars: 5, .. })));
    }
}
