//! Every bound of the protocol, each with its reason. The server's own settings (time-outs, queues) live with it.

/// A plan id is part of URLs and log lines.
pub const PLAN_ID_BYTES_MAX: usize = 64;
/// A person's id may be a mail address (254 characters by RFC 5321, but far shorter in life).
pub const NAME_BYTES_MAX: usize = 128;

/// One whole document, as the update that holds its state. A plan of 1,000 tasks after two years stays below 4 MiB.
pub const DOCUMENT_BYTES_MAX: usize = 8 << 20;
/// One live update: the longest honest one is a pasted long text of 20,000 characters.
pub const UPDATE_BYTES_MAX: usize = 256 << 10;
/// One awareness frame: every client id of one connection at once.
pub const AWARENESS_FRAME_BYTES_MAX: usize = 64 << 10;
/// The state of one client in awareness: a cursor, a name and a colour.
pub const AWARENESS_STATE_BYTES_MAX: usize = 4 << 10;
/// Client ids in one awareness frame: a stock client sends back what it hears of others, a whole room at once.
pub const AWARENESS_ENTRIES_MAX: usize = 1024;
/// Client ids one connection may speak for: a page opens one, a shared worker of several tabs a few.
pub const AWARENESS_CLIENTS_MAX: usize = 16;
/// The first frame of `plansync.v1`: a token and a name.
pub const HELLO_BYTES_MAX: usize = 16 << 10;
/// A state vector: 13 bytes for each client id that ever wrote, and every page that was opened has its own.
pub const STATE_VECTOR_BYTES_MAX: usize = 1 << 20;
/// The JSON of one frame of `plansync.v1`: a change carries a long text twice, as it was and as it is.
pub const JSON_BYTES_MAX: usize = 256 << 10;

/// Parties of one plan: a buyer, a seller and partners; more would not fit a page side by side.
pub const PARTIES_MAX: usize = 8;
/// People of one plan: every name that ever owned something; real plans have 10 to 30.
pub const PEOPLE_MAX: usize = 200;
/// Objectives, and criteria, of one plan: a list that a sponsor reads; real plans have 3 to 10.
pub const GOALS_MAX: usize = 60;
/// Phases of one plan: the headings of at most every milestone.
pub const PHASES_MAX: usize = 60;
/// Milestones of one plan: 5 to 9 are advised, an onboarding programme may have 40.
pub const MILESTONES_MAX: usize = 60;
/// Tasks of one plan: 30 are advised; a thousand is what a reader is kept fast for.
pub const TASKS_MAX: usize = 1_000;
/// Dependencies of one plan: two for every task.
pub const DEPENDENCIES_MAX: usize = 2_000;
/// Risks of one plan: real plans have 4 to 20.
pub const RISKS_MAX: usize = 200;
/// Meetings and checks that come again: a handful.
pub const CADENCE_MAX: usize = 50;
/// Blackouts, budget windows and absences of both sides over some years.
pub const CALENDAR_MAX: usize = 500;
/// Comments of one plan: a few on every task.
pub const COMMENTS_MAX: usize = 5_000;
/// Calls and meetings of one plan: one a week for years.
pub const TOUCHPOINTS_MAX: usize = 500;
/// Proposals of one plan, answered ones too: a few for every touchpoint.
pub const PROPOSALS_MAX: usize = 1_000;
/// Links of one private document to objects of other systems: one for every item.
pub const LINKS_MAX: usize = 2_000;

/// A title, in characters (of Unicode): one line on a page.
pub const TITLE_CHARS_MAX: usize = 300;
/// A short text without merging, in characters: a reason, a note, an address.
pub const SHORT_TEXT_CHARS_MAX: usize = 2_000;
/// A long text that two people may type in at once, in characters: ten printed pages.
pub const LONG_TEXT_CHARS_MAX: usize = 20_000;
/// A label, a unit, the name of a kind or of a time zone, in characters.
pub const LABEL_CHARS_MAX: usize = 100;
/// A fractional rank, in characters: 60 moves into the same gap add about 10; far longer ones are an attack.
pub const RANK_CHARS_MAX: usize = 200;
/// Fields of one entity with every member of its sets: 25 of the table, the owners, and what newer clients add.
pub const FIELDS_MAX: usize = 512;
/// The id of a dependency: `<from>><to>`.
pub const EDGE_ID_BYTES_MAX: usize = 2 * NAME_BYTES_MAX + 1;
/// One flat key: a field of the table, a slash, and an entity's id, or three of them in a proposal's items.
pub const FLAT_KEY_BYTES_MAX: usize = 3 * EDGE_ID_BYTES_MAX;
/// Levels of an unknown value: what newer clients write is kept, but walked with a bound.
pub const VALUE_DEPTH_MAX: usize = 16;

/// Client ids are JavaScript numbers: everything below 2^53 is exact.
pub const CLIENT_ID_MAX: u64 = (1 << 53) - 1;
/// Clocks stay below 2^31, so that a clock plus a length never leaves 32 bits in any implementation.
pub const CLOCK_MAX: u64 = (1 << 31) - 1;
/// A key is a flat field name or an entity id; `owners/` plus a long mail address stays below 150.
pub const KEY_BYTES_MAX: usize = 256;
/// Clients with one pattern of the low 16 bits in one document. Ids are random, so 65,536 clients put about one
/// on each pattern; hundreds on one pattern aim at hash tables that use the id as its hash.
pub const ALIKE_CLIENTS_MAX: u32 = 64;
/// Structs of one client in one update with the same neighbours. A Yjs client puts two items between the same
/// neighbours only around an undo of a whole entity, and then a few.
pub const SAME_PLACE_MAX: u32 = 8;

/// Refused places told of one update: more than a person reads, and enough to find the mistake in a program.
pub const REFUSED_PLACES_MAX: usize = 64;

/// Clients of one live update: one, and after a merge of queued updates those of every tab.
pub const LIVE_CLIENTS_MAX: usize = 64;
/// Structs of one live update: a template of 30 tasks with all fields has about 600.
pub const LIVE_STRUCTS_MAX: usize = 4096;
/// Types of one live update: 1,024 entities or texts created in one transaction.
pub const LIVE_TYPES_MAX: usize = 1024;
/// Delete ranges of one live update: a search and replace over the longest text.
pub const LIVE_DELETE_RANGES_MAX: usize = 2048;
/// Values of one live update; more than structs because a deleted history of a key may be one struct.
pub const LIVE_VALUES_MAX: usize = 16 << 10;
/// Integration work of one live update, in units of about a nanosecond (`guard::work`): at most some 100 ms. A text of 3,000 pieces
/// that never merged takes about 100 inserts all over it in one transaction; an ordinary text takes thousands.
pub const LIVE_WORK_MAX: u64 = 128 << 20;

/// Clients of one SyncStep2: the sessions of years that an emptied server has not seen yet.
pub const SYNC_CLIENTS_MAX: usize = 4096;
/// Structs of one SyncStep2: twenty years of edits at 50 a day fit.
pub const SYNC_STRUCTS_MAX: usize = 1 << 18;
/// Types of one SyncStep2: every entity and text of the largest plan, with ten times as many removed ones.
pub const SYNC_TYPES_MAX: usize = 1 << 16;
/// Delete ranges of one SyncStep2.
pub const SYNC_DELETE_RANGES_MAX: usize = 1 << 17;
/// Values of one SyncStep2.
pub const SYNC_VALUES_MAX: usize = 1 << 18;
/// Integration work of one SyncStep2: it runs in the slower lane, and weeks offline may cost two seconds.
pub const SYNC_WORK_MAX: u64 = 2 << 30;

/// Clients in one state vector: twice what one document is expected to see in its life.
pub const STATE_VECTOR_CLIENTS_MAX: usize = 1 << 16;
/// Nesting of the JSON in an awareness state; a cursor with anchors has a depth of 4.
pub const AWARENESS_DEPTH_MAX: usize = 16;
