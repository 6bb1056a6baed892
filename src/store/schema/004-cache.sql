-- What the reader will open next: signals, scores, claims; what was left out of
-- a body; what is to be readable offline.  doc/STORE, "The cache".

-- holes: contents that were left at the server, "at bytes" a line (model/hole.h);
-- NULL = the message is whole.
ALTER TABLE body ADD COLUMN holes TEXT;

-- protected rows are neither evicted nor expire.
ALTER TABLE cache_object ADD COLUMN utility REAL NOT NULL DEFAULT 0;
CREATE INDEX cache_wanted ON cache_object (priority DESC, message_id)
	WHERE state IN ('wanted', 'failed', 'evicted') AND fetch_bytes > 0;
CREATE INDEX cache_evictable ON cache_object (priority, message_id) WHERE state = 'cached';
CREATE INDEX cache_claimed ON cache_object (started_at) WHERE state = 'fetching';
CREATE INDEX cache_stale ON cache_object (last_scored_at, message_id);

-- Decayed counts and when they were right, unix seconds; search_*: of the last
-- visible search that it was a hit of.
CREATE TABLE cache_signal (
	message_id   INTEGER PRIMARY KEY REFERENCES message(id) ON DELETE CASCADE,
	pinned       INTEGER NOT NULL DEFAULT 0,
	boost        REAL NOT NULL DEFAULT 0,
	boost_at     INTEGER NOT NULL DEFAULT 0,
	thread       REAL NOT NULL DEFAULT 0,
	thread_at    INTEGER NOT NULL DEFAULT 0,
	behaviour    REAL NOT NULL DEFAULT 0,
	behaviour_at INTEGER NOT NULL DEFAULT 0,
	search_n     INTEGER NOT NULL DEFAULT 0,
	search_of    INTEGER NOT NULL DEFAULT 0,
	search_rank  INTEGER NOT NULL DEFAULT -1
) STRICT;
CREATE TABLE cache_rescore (
	message_id INTEGER PRIMARY KEY REFERENCES message(id) ON DELETE CASCADE,
	priority   REAL NOT NULL,
	queued_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX cache_rescore_order ON cache_rescore (priority DESC, queued_at, message_id);
-- How often mail of this sender was opened, decayed.
CREATE TABLE cache_sender (
	account_id INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
	address    TEXT NOT NULL,
	opened     REAL NOT NULL DEFAULT 0,
	at         INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (account_id, address)
) STRICT, WITHOUT ROWID;
-- Kept counters, one row: bytes in use; mails opened, and of those from the cache.
CREATE TABLE cache_total (
	id     INTEGER PRIMARY KEY CHECK (id = 1),
	bytes  INTEGER NOT NULL DEFAULT 0,
	opens  INTEGER NOT NULL DEFAULT 0,
	hits   INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO cache_total (id, bytes) SELECT 1, coalesce(sum(stored_bytes), 0) FROM body;

-- What of a mailbox is to be readable without a network: enum offline_policy.
CREATE TABLE mailbox_offline (
	mailbox_id INTEGER PRIMARY KEY REFERENCES mailbox(id) ON DELETE CASCADE,
	policy     INTEGER NOT NULL,
	days       INTEGER NOT NULL DEFAULT 0,
	cap        INTEGER NOT NULL DEFAULT 0
) STRICT;
