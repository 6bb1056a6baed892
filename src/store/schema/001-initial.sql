-- The first schema.  Never edited after a release: a later one is a new file.
-- doc/STORE explains the tables; an index is named by the question it answers.

CREATE TABLE meta (
	key   TEXT PRIMARY KEY,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE account (
	id         INTEGER PRIMARY KEY,
	name       TEXT NOT NULL UNIQUE,
	type       TEXT NOT NULL,
	last_sync  INTEGER NOT NULL DEFAULT 0,
	failures   INTEGER NOT NULL DEFAULT 0,
	attention  INTEGER NOT NULL DEFAULT 0,
	error_code INTEGER NOT NULL DEFAULT 0,
	error_text TEXT NOT NULL DEFAULT ''
) STRICT;

-- At most one process works for an account; owner = boot id, pid, start time.
CREATE TABLE lease (
	account_id INTEGER PRIMARY KEY REFERENCES account(id) ON DELETE CASCADE,
	owner      TEXT NOT NULL,
	pid        INTEGER NOT NULL,
	taken_at   INTEGER NOT NULL
) STRICT;

-- Positions that belong to a whole account (JMAP states and their like).
CREATE TABLE sync_cursor (
	account_id INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
	kind       TEXT NOT NULL,
	value      TEXT NOT NULL,
	PRIMARY KEY (account_id, kind)
) STRICT, WITHOUT ROWID;

-- total and unread are of what the reader wants to see; known is what the server has.
CREATE TABLE mailbox (
	id          INTEGER PRIMARY KEY,
	account_id  INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
	path        TEXT NOT NULL,
	name        TEXT NOT NULL,
	delimiter   INTEGER NOT NULL DEFAULT 0,
	role        INTEGER NOT NULL,
	attrs       INTEGER NOT NULL DEFAULT 0,
	cursor      TEXT NOT NULL DEFAULT '',
	uidvalidity INTEGER NOT NULL DEFAULT 0,
	complete    INTEGER NOT NULL DEFAULT 0,
	total       INTEGER NOT NULL DEFAULT 0,
	unread      INTEGER NOT NULL DEFAULT 0,
	known       INTEGER NOT NULL DEFAULT 0,
	UNIQUE (account_id, path)
) STRICT;

-- role -1 = the reader says: none.
CREATE TABLE mailbox_role_override (
	mailbox_id INTEGER PRIMARY KEY REFERENCES mailbox(id) ON DELETE CASCADE,
	role       INTEGER NOT NULL
) STRICT;

-- merged_into: this conversation turned out to be part of an older one.
CREATE TABLE conversation (
	id          INTEGER PRIMARY KEY,
	account_id  INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
	merged_into INTEGER,
	subject     TEXT NOT NULL DEFAULT '',
	latest_at   INTEGER NOT NULL DEFAULT 0,
	messages    INTEGER NOT NULL DEFAULT 0,
	unread      INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX conversation_latest ON conversation (account_id, latest_at, id) WHERE merged_into IS NULL;

-- Every Message-ID that was seen or referred to, and where it belongs (C-23).
CREATE TABLE reference (
	account_id      INTEGER NOT NULL,
	rfc_id          TEXT NOT NULL,
	conversation_id INTEGER NOT NULL,
	PRIMARY KEY (account_id, rfc_id)
) STRICT, WITHOUT ROWID;

-- The canonical message: bodies, queue rows and the cache hang on it.  orphan:
-- it is in no mailbox now; counts the complete passes that have not found it.
CREATE TABLE message (
	id              INTEGER PRIMARY KEY AUTOINCREMENT,
	account_id      INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
	conversation_id INTEGER NOT NULL,
	canonical       TEXT,
	rfc_id          TEXT,
	subject         TEXT NOT NULL,
	from_name       TEXT NOT NULL,
	from_addr       TEXT NOT NULL,
	to_text         TEXT NOT NULL,
	cc_text         TEXT NOT NULL,
	sent_at         INTEGER NOT NULL,
	received_at     INTEGER NOT NULL,
	size            INTEGER NOT NULL,
	attachment      INTEGER NOT NULL,
	orphan          INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX message_canonical ON message (account_id, canonical) WHERE canonical IS NOT NULL;
CREATE INDEX message_conversation ON message (conversation_id);
CREATE INDEX message_orphan ON message (account_id, rfc_id) WHERE orphan > 0;

-- A message in a mailbox.  server_*: as the server has it.  flags, shown,
-- pending: as the reader wants it, written by rebase.c only.  uid NULL: the
-- reader moved it here and the server has not confirmed.  The rest are sort
-- keys; age is the date negated, so that text orders list the newest first.
CREATE TABLE location (
	id           INTEGER PRIMARY KEY AUTOINCREMENT,
	message_id   INTEGER NOT NULL REFERENCES message(id) ON DELETE CASCADE,
	mailbox_id   INTEGER NOT NULL REFERENCES mailbox(id) ON DELETE CASCADE,
	uid          INTEGER,
	server_flags INTEGER NOT NULL,
	keywords     TEXT,
	flags        INTEGER NOT NULL,
	shown        INTEGER NOT NULL,
	pending      INTEGER NOT NULL DEFAULT 0,
	passes       INTEGER NOT NULL DEFAULT 0,
	date         INTEGER NOT NULL,
	age          INTEGER NOT NULL,
	size         INTEGER NOT NULL,
	sender       TEXT NOT NULL,
	subject      TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX location_uid ON location (mailbox_id, uid) WHERE uid IS NOT NULL;
CREATE INDEX location_message ON location (message_id);
CREATE INDEX location_awaited ON location (mailbox_id, size) WHERE uid IS NULL;
CREATE INDEX location_by_date ON location (mailbox_id, date) WHERE shown = 1;
CREATE INDEX location_by_size ON location (mailbox_id, size, date) WHERE shown = 1;
CREATE INDEX location_by_sender ON location (mailbox_id, sender, age) WHERE shown = 1;
CREATE INDEX location_by_subject ON location (mailbox_id, subject, age) WHERE shown = 1;
CREATE INDEX location_unread ON location (mailbox_id, date) WHERE shown = 1 AND (flags & 1) = 0;

CREATE TABLE body (
	message_id   INTEGER PRIMARY KEY REFERENCES message(id) ON DELETE CASCADE,
	stored_bytes INTEGER NOT NULL,
	fetched_at   INTEGER NOT NULL,
	used_at      INTEGER NOT NULL
) STRICT;

-- The cache ledger (L-25, L-67): one body row per message, made with it.
CREATE TABLE cache_object (
	message_id     INTEGER NOT NULL REFERENCES message(id) ON DELETE CASCADE,
	layer          TEXT NOT NULL,
	object_id      TEXT NOT NULL,
	state          TEXT NOT NULL,
	fetch_unit     TEXT,
	value_bytes    INTEGER NOT NULL DEFAULT 0,
	fetch_bytes    INTEGER NOT NULL DEFAULT 0,
	stored_bytes   INTEGER NOT NULL DEFAULT 0,
	priority       REAL NOT NULL DEFAULT 0,
	reason         TEXT,
	last_scored_at INTEGER,
	owner          TEXT,
	started_at     INTEGER,
	attempts       INTEGER NOT NULL DEFAULT 0,
	next_try_at    INTEGER,
	last_error     TEXT,
	PRIMARY KEY (message_id, layer, object_id)
) STRICT, WITHOUT ROWID;

-- The queue: one wish about one message in one mailbox, as a wanted end state.
-- base_flags is what the reader saw; mark is noted before the first try.
CREATE TABLE mutation (
	id                 INTEGER PRIMARY KEY AUTOINCREMENT,
	account_id         INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
	message_id         INTEGER NOT NULL,
	verb               TEXT NOT NULL,
	source_location_id INTEGER NOT NULL,
	target_location_id INTEGER,
	source_id          INTEGER NOT NULL,
	target_id          INTEGER,
	uidvalidity        INTEGER NOT NULL DEFAULT 0,
	add_flags          INTEGER NOT NULL DEFAULT 0,
	remove_flags       INTEGER NOT NULL DEFAULT 0,
	base_flags         INTEGER NOT NULL DEFAULT 0,
	status             TEXT NOT NULL,
	uncertain          INTEGER NOT NULL DEFAULT 0,
	attempts           INTEGER NOT NULL DEFAULT 0,
	next_at            INTEGER NOT NULL DEFAULT 0,
	mark               TEXT NOT NULL DEFAULT '',
	answer             TEXT NOT NULL DEFAULT '',
	created_at         INTEGER NOT NULL,
	updated_at         INTEGER NOT NULL
) STRICT;
CREATE INDEX mutation_open ON mutation (account_id, id) WHERE status IN ('queued', 'leased');
CREATE INDEX mutation_of_message ON mutation (message_id, id) WHERE status IN ('queued', 'leased');
CREATE INDEX mutation_visible ON mutation (account_id, id)
	WHERE status IN ('queued', 'leased', 'conflict', 'failed');

-- The history behind undo: a step is what one key did.
CREATE TABLE undo_step (
	id     INTEGER PRIMARY KEY AUTOINCREMENT,
	at     INTEGER NOT NULL,
	verb   TEXT NOT NULL,
	undone INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE undo_item (
	step_id      INTEGER NOT NULL REFERENCES undo_step(id) ON DELETE CASCADE,
	message_id   INTEGER NOT NULL,
	source_id    INTEGER NOT NULL,
	target_id    INTEGER,
	add_flags    INTEGER NOT NULL DEFAULT 0,
	remove_flags INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (step_id, message_id, source_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE event_log (
	seq        INTEGER PRIMARY KEY AUTOINCREMENT,
	at         INTEGER NOT NULL,
	topic      TEXT NOT NULL,
	account_id INTEGER NOT NULL,
	mailbox_id INTEGER NOT NULL,
	message_id INTEGER NOT NULL,
	count      INTEGER NOT NULL
) STRICT;

-- Senders that a server accepted: hints for compose only (L-66).
CREATE TABLE sender_address (
	account_id   INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
	address      TEXT NOT NULL,
	name         TEXT NOT NULL DEFAULT '',
	last_used_at INTEGER NOT NULL,
	PRIMARY KEY (account_id, address)
) STRICT, WITHOUT ROWID;
