//! The words that matter for operations, targets and values.

/// The meaning of a word, if its place allows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keyword {
    /// Not a keyword.
    Name,
    /// `TRUE`, `FALSE`.
    Boolean,
    Null,

    // Operations with targets.
    Select,
    Insert,
    Replace,
    Update,
    Delete,
    Merge,
    Create,
    Alter,
    Drop,
    Truncate,
    /// `CALL`, `EXEC`.
    Call,
    Explain,
    With,
    Values,

    // Words before targets and operations.
    From,
    Join,
    Into,
    Using,
    Set,
    /// `UNION`, `EXCEPT`, `INTERSECT`.
    Union,
    /// A clause in which commas do not separate targets.
    Clause,
    For,
    In,
    On,
    As,
    Distinct,

    // Words between an operation and its target.
    Table,
    /// Any other kind of object that has a name of its own.
    Object,
    /// A word that details the kind, such as `MATERIALIZED`.
    ObjectDetail,
    Temporary,
    /// `IF`, `NOT`, `EXISTS`, `CONCURRENTLY`.
    Condition,
    Only,
    Lateral,
    Or,
    /// `LOW_PRIORITY`, `IGNORE`: modifiers of MySQL.
    Manner,
    Top,
    Recursive,
    /// `OUTFILE`, `DUMPFILE`.
    File,
}

impl Keyword {
    /// The keyword for a word. Case does not matter.
    #[inline]
    pub(super) fn of(word: &[u8]) -> Self {
        let mut slot = hash(word);
        while let Some(index @ 1..) = SLOTS.get(slot) {
            if let Some((known, keyword)) = WORDS.get(usize::from(*index) - 1)
                && word.eq_ignore_ascii_case(known.as_bytes())
            {
                return *keyword;
            }
            slot = (slot + 1) % SLOTS.len();
        }
        Self::Name
    }
}

/// Distinguishes most words by their ends and their length.
const fn hash(word: &[u8]) -> usize {
    let ([first, ..], [.., last]) = (word, word) else {
        return 0;
    };
    let first = (*first | b' ') as usize;
    let last = (*last | b' ') as usize;
    (first * 7 + last * 29 + word.len() * 3) % SLOT_COUNT
}

/// For each hash, the number of a word, counted from 1. If another word took the slot first, the
/// word is in one of the next slots.
#[allow(
    clippy::indexing_slicing,
    reason = "while compiling, where the index is seen to fit"
)]
static SLOTS: [u8; SLOT_COUNT] = {
    let mut slots = [0; SLOT_COUNT];
    let mut index = 0;
    while index < WORDS.len() {
        let mut slot = hash(WORDS[index].0.as_bytes());
        while slots[slot] != 0 {
            slot = (slot + 1) % SLOT_COUNT;
        }
        index += 1;
        slots[slot] = index as u8;
    }
    slots
};

const SLOT_COUNT: usize = 512;

const WORDS: [(&str, Keyword); 88] = [
    ("true", Keyword::Boolean),
    ("false", Keyword::Boolean),
    ("null", Keyword::Null),
    ("select", Keyword::Select),
    ("insert", Keyword::Insert),
    ("replace", Keyword::Replace),
    ("update", Keyword::Update),
    ("delete", Keyword::Delete),
    ("merge", Keyword::Merge),
    ("create", Keyword::Create),
    ("alter", Keyword::Alter),
    ("drop", Keyword::Drop),
    ("truncate", Keyword::Truncate),
    ("call", Keyword::Call),
    ("exec", Keyword::Call),
    ("execute", Keyword::Call),
    ("explain", Keyword::Explain),
    ("with", Keyword::With),
    ("values", Keyword::Values),
    ("from", Keyword::From),
    ("join", Keyword::Join),
    ("straight_join", Keyword::Join),
    ("into", Keyword::Into),
    ("using", Keyword::Using),
    ("set", Keyword::Set),
    ("union", Keyword::Union),
    ("except", Keyword::Union),
    ("intersect", Keyword::Union),
    ("where", Keyword::Clause),
    ("group", Keyword::Clause),
    ("order", Keyword::Clause),
    ("having", Keyword::Clause),
    ("limit", Keyword::Clause),
    ("offset", Keyword::Clause),
    ("fetch", Keyword::Clause),
    ("window", Keyword::Clause),
    ("returning", Keyword::Clause),
    ("output", Keyword::Clause),
    ("option", Keyword::Clause),
    ("qualify", Keyword::Clause),
    ("connect", Keyword::Clause),
    ("start", Keyword::Clause),
    ("for", Keyword::For),
    ("in", Keyword::In),
    ("on", Keyword::On),
    ("as", Keyword::As),
    ("distinct", Keyword::Distinct),
    ("table", Keyword::Table),
    ("view", Keyword::Object),
    ("index", Keyword::Object),
    ("sequence", Keyword::Object),
    ("database", Keyword::Object),
    ("schema", Keyword::Object),
    ("trigger", Keyword::Object),
    ("function", Keyword::Object),
    ("procedure", Keyword::Object),
    ("type", Keyword::Object),
    ("domain", Keyword::Object),
    ("extension", Keyword::Object),
    ("materialized", Keyword::ObjectDetail),
    ("virtual", Keyword::ObjectDetail),
    ("foreign", Keyword::ObjectDetail),
    ("external", Keyword::ObjectDetail),
    ("event", Keyword::Object),
    ("fulltext", Keyword::ObjectDetail),
    ("spatial", Keyword::ObjectDetail),
    ("temp", Keyword::Temporary),
    ("temporary", Keyword::Temporary),
    ("unlogged", Keyword::Temporary),
    ("global", Keyword::Temporary),
    ("local", Keyword::Temporary),
    ("unique", Keyword::Temporary),
    ("if", Keyword::Condition),
    ("not", Keyword::Condition),
    ("exists", Keyword::Condition),
    ("concurrently", Keyword::Condition),
    ("only", Keyword::Only),
    ("lateral", Keyword::Lateral),
    ("or", Keyword::Or),
    ("low_priority", Keyword::Manner),
    ("high_priority", Keyword::Manner),
    ("delayed", Keyword::Manner),
    ("ignore", Keyword::Manner),
    ("quick", Keyword::Manner),
    ("top", Keyword::Top),
    ("recursive", Keyword::Recursive),
    ("outfile", Keyword::File),
    ("dumpfile", Keyword::File),
];
