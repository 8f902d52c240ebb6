//! The brackets around a place in a statement, and the state inside each.

/// The state inside one pair of brackets, or of the statement itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) operation: Operation,
    pub(super) list: List,
    /// True if a later `FROM` would name targets.
    pub(super) awaits_from: bool,
    /// True if a target is expected here, so that the brackets contain a target or a query.
    pub(super) is_source: bool,
}

/// The operation that words belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    /// The next word decides.
    Start,
    /// The next word that can be an operation is one: behind `UNION`, `EXPLAIN`.
    Continue,
    /// The same as [`Continue`](Self::Continue), with common table expressions before it.
    With,
    /// No operation: the brackets of an expression or of a list.
    Expression,
    Select,
    Insert,
    Update,
    Delete,
    Merge,
    Create,
    /// `DROP` and `TRUNCATE`.
    Drop,
    /// An operation of which only the name is in the summary.
    Other,
}

/// The meaning of the token behind a comma or `JOIN`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    /// Nothing that belongs in the summary.
    Nothing,
    /// A target behind `JOIN`.
    Joins,
    /// A target behind both.
    Sources,
    /// An object behind commas, nothing behind `JOIN`.
    Objects,
}

impl Frame {
    pub(super) const fn new(operation: Operation) -> Self {
        Self {
            operation,
            list: List::Nothing,
            awaits_from: false,
            is_source: false,
        }
    }

    /// Brackets where a target is expected.
    pub(super) const fn source() -> Self {
        Self {
            is_source: true,
            ..Self::new(Operation::Start)
        }
    }

    /// Begins the operation.
    pub(super) fn begin(&mut self, operation: Operation, list: List, awaits_from: bool) {
        self.operation = operation;
        self.list = list;
        self.awaits_from = awaits_from;
        self.is_source = false;
    }
}

/// The frames around a place. Frames that are nested too deep are left out of the summary.
#[derive(Debug)]
pub(super) struct Frames {
    /// The innermost one.
    pub(super) current: Frame,
    outer: [Frame; MAX_DEPTH],
    depth: usize,
}

impl Frames {
    pub(super) fn new() -> Self {
        Self {
            current: Frame::new(Operation::Start),
            outer: [Frame::new(Operation::Expression); MAX_DEPTH],
            depth: 0,
        }
    }

    pub(super) fn is_outermost(&self) -> bool {
        self.depth == 0
    }

    pub(super) fn open(&mut self, inner: Frame) {
        let is_kept = match self.outer.get_mut(self.depth) {
            Some(outer) => {
                *outer = self.current;
                true
            }
            None => false,
        };
        self.depth += 1;
        self.current = if is_kept {
            inner
        } else {
            Frame::new(Operation::Expression)
        };
    }

    /// Closes the innermost frame. A surplus bracket closes nothing.
    pub(super) fn close(&mut self) {
        let Some(depth) = self.depth.checked_sub(1) else {
            return;
        };
        self.depth = depth;
        let outer = self.outer.get(depth).copied();
        self.current = outer.unwrap_or(Frame::new(Operation::Expression));
    }

    /// Begins the next statement.
    pub(super) fn restart(&mut self) {
        self.depth = 0;
        self.current = Frame::new(Operation::Start);
    }
}

const MAX_DEPTH: usize = 64;
