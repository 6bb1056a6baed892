-- What the engine needs to know of accounts and mailboxes, and its jobs.

-- A lease has a term, in milliseconds of the boot clock (never the wall clock).
ALTER TABLE lease ADD COLUMN until_ms INTEGER NOT NULL DEFAULT 0;

-- What the provider remembers of the account's server; only it can read that.
ALTER TABLE account ADD COLUMN memory TEXT;

-- object_id: the server's lasting id.  state: enum mailbox_state; fetched and
-- backfilled_at tell how far the history is.  claimed_by: who brings it in now.
ALTER TABLE mailbox ADD COLUMN object_id TEXT;
ALTER TABLE mailbox ADD COLUMN state INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mailbox ADD COLUMN fetched INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mailbox ADD COLUMN backfilled_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mailbox ADD COLUMN backfill_turn INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mailbox ADD COLUMN claimed_by TEXT;
CREATE UNIQUE INDEX mailbox_object ON mailbox (account_id, object_id) WHERE object_id IS NOT NULL;
UPDATE mailbox SET state = CASE WHEN complete THEN 4 WHEN cursor <> '' THEN 2 ELSE 0 END,
	fetched = known,
	backfilled_at = CASE WHEN complete THEN CAST(strftime('%s', 'now') AS INTEGER) ELSE 0 END;

-- The first words of a message, where the server tells them.
ALTER TABLE message ADD COLUMN preview TEXT NOT NULL DEFAULT '';

-- Small bodies lie together in packs: DIR/bodies/packs/ID.pack, written once.
-- pack 0: a file of its own.  at: where it begins in its pack.
CREATE TABLE body_pack (
	id    INTEGER PRIMARY KEY AUTOINCREMENT,
	bytes INTEGER NOT NULL
) STRICT;
ALTER TABLE body ADD COLUMN pack INTEGER NOT NULL DEFAULT 0;
ALTER TABLE body ADD COLUMN at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX body_of_pack ON body (pack) WHERE pack > 0;

-- Wishes about the tree of mailboxes, in the order in which they were made.
CREATE TABLE tree_wish (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	account_id INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
	verb       TEXT NOT NULL,
	path       TEXT NOT NULL,
	name       TEXT,
	status     TEXT NOT NULL,
	attempts   INTEGER NOT NULL DEFAULT 0,
	next_at    INTEGER NOT NULL DEFAULT 0,
	answer     TEXT NOT NULL DEFAULT '',
	created_at INTEGER NOT NULL
) STRICT;

-- The jobs of every account (0 = of the whole program): cadence, last run, next run.
CREATE TABLE job (
	account_id  INTEGER NOT NULL,
	name        TEXT NOT NULL,
	cadence_s   INTEGER NOT NULL,
	last_start  INTEGER NOT NULL DEFAULT 0,
	last_end    INTEGER NOT NULL DEFAULT 0,
	next_at     INTEGER NOT NULL DEFAULT 0,
	result_code INTEGER NOT NULL DEFAULT 0,
	result_text TEXT NOT NULL DEFAULT '',
	words       TEXT NOT NULL DEFAULT '',
	runs        INTEGER NOT NULL DEFAULT 0,
	failures    INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (account_id, name)
) STRICT, WITHOUT ROWID;
