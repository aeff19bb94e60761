//! The frames of the wire, against the golden vectors that every language reads and against chance.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

use plansync_protocol::{
    ids::{Access, PartyId, PersonId, Scope},
    wire::{self, Frame, Hello, Notice, NoticeCode, Welcome, WireLimits, lib0},
};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Golden {
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Vector {
    name: String,
    hex: String,
    decoded: Option<Value>,
    error: Option<String>,
    /// The bytes are read, but not written like this.
    #[serde(default)]
    read_only: bool,
}

fn golden() -> Vec<Vector> {
    let golden: Golden = serde_json::from_str(include_str!("../golden/frames.json")).unwrap();
    golden.vectors
}

fn from_hex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2));
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A frame as the golden file describes it.
fn describe(frame: &Frame<'_>) -> Value {
    let name = frame.name();
    match frame {
        Frame::SyncStep1(bytes) | Frame::SyncStep2(bytes) | Frame::Update(bytes) | Frame::Awareness(bytes) => {
            json!({ "type": name, "bytes": to_hex(bytes) })
        }
        Frame::PermissionDenied(reason) => json!({ "type": name, "reason": reason }),
        Frame::Hello(hello) => json!({ "type": name, "json": hello }),
        Frame::Welcome(welcome) => json!({ "type": name, "json": welcome }),
        Frame::Ack { count, seq } => json!({ "type": name, "count": count, "seq": seq }),
        Frame::Refused(value) | Frame::Change(value) => json!({ "type": name, "json": value }),
        Frame::Notice(notice) => json!({ "type": name, "json": notice }),
        Frame::QueryAwareness | Frame::Touch => json!({ "type": name }),
        Frame::Unknown(frame_type) => json!({ "type": name, "frameType": frame_type }),
    }
}

/// The bytes of a frame that the golden file describes.
fn write(description: &Value) -> Vec<u8> {
    let bytes = description["bytes"].as_str().map(from_hex).unwrap_or_default();
    let payload = description["json"].clone();
    wire::encode(&match description["type"].as_str().unwrap() {
        "SyncStep1" => Frame::SyncStep1(&bytes),
        "SyncStep2" => Frame::SyncStep2(&bytes),
        "Update" => Frame::Update(&bytes),
        "Awareness" => Frame::Awareness(&bytes),
        "PermissionDenied" => Frame::PermissionDenied(description["reason"].as_str().unwrap()),
        "QueryAwareness" => Frame::QueryAwareness,
        "Hello" => Frame::Hello(serde_json::from_value(payload).unwrap()),
        "Welcome" => Frame::Welcome(serde_json::from_value(payload).unwrap()),
        "Ack" => {
            Frame::Ack { count: description["count"].as_u64().unwrap(), seq: description["seq"].as_u64().unwrap() }
        }
        "Refused" => Frame::Refused(payload),
        "Change" => Frame::Change(payload),
        "Notice" => Frame::Notice(serde_json::from_value(payload).unwrap()),
        "Touch" => Frame::Touch,
        "Unknown" => Frame::Unknown(description["frameType"].as_u64().unwrap()),
        other => panic!("the golden file has a {other}"),
    })
}

#[test]
fn every_golden_frame_is_read_as_described() {
    for vector in golden() {
        let bytes = from_hex(&vector.hex);
        match (wire::decode(&bytes), vector.decoded, vector.error) {
            (Ok(frame), Some(decoded), None) => {
                assert_eq!(describe(&frame), decoded, "{}", vector.name)
            }
            (Err(error), None, Some(word)) => assert_eq!(error.word(), word, "{}", vector.name),
            (result, ..) => panic!("{}: {result:?}", vector.name),
        }
    }
}

#[test]
fn every_golden_frame_is_written_as_described() {
    for vector in golden().into_iter().filter(|vector| !vector.read_only) {
        if let Some(decoded) = vector.decoded {
            assert_eq!(to_hex(&write(&decoded)), vector.hex, "{}", vector.name);
        }
    }
}

#[test]
fn the_golden_file_has_every_frame_and_every_error() {
    let vectors = golden();
    let names: Vec<_> = vectors.iter().filter_map(|v| v.decoded.as_ref()?["type"].as_str()).collect();
    for name in [
        "SyncStep1",
        "SyncStep2",
        "Update",
        "Awareness",
        "PermissionDenied",
        "QueryAwareness",
        "Hello",
        "Welcome",
        "Ack",
        "Refused",
        "Change",
        "Notice",
        "Touch",
        "Unknown",
    ] {
        assert!(names.contains(&name), "{name}");
    }
    let words: Vec<_> = vectors.iter().filter_map(|v| v.error.as_deref()).collect();
    for word in
        ["truncated", "not_canonical", "integer_too_large", "not_utf8", "trailing_bytes", "unknown_subtype", "json"]
    {
        assert!(words.contains(&word), "{word}");
    }
}

#[test]
fn a_payload_above_its_limit_is_refused_with_4413() {
    use plansync_protocol::limits;
    for (kind, bytes_max) in [
        (&[0, 0][..], limits::STATE_VECTOR_BYTES_MAX),
        (&[0, 1], limits::DOCUMENT_BYTES_MAX),
        (&[0, 2], limits::UPDATE_BYTES_MAX),
        (&[1], limits::AWARENESS_FRAME_BYTES_MAX),
        (&[2, 0], limits::JSON_BYTES_MAX),
        (&[110], limits::HELLO_BYTES_MAX),
        (&[114], limits::JSON_BYTES_MAX),
    ] {
        let frame_of = |length: usize| {
            let mut bytes = kind.to_vec();
            // A JSON text of this length, and an array of bytes as good as any.
            lib0::write_var_string(&mut bytes, &format!("\"{}\"", "x".repeat(length - 2)));
            bytes
        };
        let error = wire::decode(&frame_of(bytes_max + 1)).unwrap_err();
        assert_eq!((error.word(), error.close_code().number()), ("too_large", 4413), "{kind:?}");
        if kind != [110] {
            assert!(wire::decode(&frame_of(bytes_max)).is_ok(), "{kind:?}");
        }
    }
}

/// A frame that owns its bytes.
#[derive(Debug, Clone)]
enum Owned {
    Bytes(u8, Vec<u8>),
    Text(String),
    Plain(Frame<'static>),
}

impl Owned {
    fn frame(&self) -> Frame<'_> {
        match self {
            Self::Bytes(0, bytes) => Frame::SyncStep1(bytes),
            Self::Bytes(1, bytes) => Frame::SyncStep2(bytes),
            Self::Bytes(2, bytes) => Frame::Update(bytes),
            Self::Bytes(_, bytes) => Frame::Awareness(bytes),
            Self::Text(reason) => Frame::PermissionDenied(reason),
            Self::Plain(frame) => frame.clone(),
        }
    }
}

fn any_integer() -> impl Strategy<Value = u64> {
    (0_u32..=53, any::<u64>()).prop_map(|(bits, chance)| chance & ((1_u64 << bits) - 1))
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

fn any_welcome() -> impl Strategy<Value = Welcome> {
    ("[a-z@.]{1,20}x", 0..5_usize, prop::option::of("[a-z]{1,10}"), any_integer(), any_integer(), any::<i32>())
        .prop_map(|(person, access, party, epoch, seq, second)| Welcome {
            person: PersonId::parse(&format!("p{person}")).unwrap(),
            party: PartyId::parse("buyer").unwrap(),
            access: Access::ALL[access],
            scope: party.map_or(Scope::Shared, |party| Scope::Party(PartyId::parse(&party).unwrap())),
            epoch,
            seq,
            last_visit_seq: seq / 2,
            limits: WireLimits::default(),
            server_time: jiff::Timestamp::new(i64::from(second), 0).unwrap(),
        })
}

fn any_frame() -> impl Strategy<Value = Owned> {
    prop_oneof![
        (0_u8..4, prop::collection::vec(any::<u8>(), 0..300)).prop_map(|(kind, bytes)| Owned::Bytes(kind, bytes)),
        any::<String>().prop_map(Owned::Text),
        Just(Owned::Plain(Frame::QueryAwareness)),
        Just(Owned::Plain(Frame::Touch)),
        (prop::option::of(any::<String>()), any::<String>(), prop::option::of(any_integer())).prop_map(
            |(token, client, since)| {
                Owned::Plain(Frame::Hello(Hello {
                    token,
                    client,
                    since_seq: since.map(plansync_protocol::wire::Since::from),
                }))
            }
        ),
        any_welcome().prop_map(|welcome| Owned::Plain(Frame::Welcome(welcome))),
        (any_integer(), any_integer()).prop_map(|(count, seq)| Owned::Plain(Frame::Ack { count, seq })),
        any_json().prop_map(|value| Owned::Plain(Frame::Refused(value))),
        any_json().prop_map(|value| Owned::Plain(Frame::Change(value))),
        (
            prop_oneof![Just(NoticeCode::Draining), Just(NoticeCode::ReadOnly), Just(NoticeCode::Slow)],
            prop::option::of(any_integer())
        )
            .prop_map(|(code, retry_after_ms)| Owned::Plain(Frame::Notice(Notice { code, retry_after_ms }))),
        any_integer()
            .prop_filter("a type that has no meaning", |number| *number > 3 && !(110..=116).contains(number))
            .prop_map(|number| Owned::Plain(Frame::Unknown(number))),
    ]
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = wire::decode(&bytes);
    }

    #[test]
    fn no_bytes_after_a_known_type_make_the_reader_panic(
        frame_type in prop_oneof![0_u8..4, 110_u8..117],
        rest in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut bytes = vec![frame_type];
        bytes.extend(rest);
        if let Ok(frame) = wire::decode(&bytes)
            && !matches!(frame, Frame::Hello(_) | Frame::Welcome(_) | Frame::Refused(_) | Frame::Change(_) | Frame::Notice(_))
        {
            prop_assert_eq!(wire::encode(&frame), bytes, "a frame has one form only");
        }
    }

    #[test]
    fn what_is_written_is_read_as_it_was_meant(owned in any_frame()) {
        let frame = owned.frame();
        let bytes = wire::encode(&frame);
        prop_assert_eq!(wire::decode(&bytes).unwrap(), frame);
    }

    #[test]
    fn a_frame_that_was_cut_anywhere_is_refused(owned in any_frame()) {
        let bytes = wire::encode(&owned.frame());
        for length in 0..bytes.len() {
            prop_assert!(wire::decode(&bytes[..length]).is_err(), "cut to {} of {}", length, bytes.len());
        }
    }

    #[test]
    fn a_byte_more_is_refused(owned in any_frame(), byte in any::<u8>()) {
        let mut bytes = wire::encode(&owned.frame());
        bytes.push(byte);
        let result = wire::decode(&bytes);
        prop_assert!(result.is_err() || matches!(result, Ok(Frame::Unknown(_))));
    }
}
