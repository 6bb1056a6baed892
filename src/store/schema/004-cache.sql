-- What the reader will open next: signals, scores, claims; what was left out of
-- a body; what is to be readable offline.  doc/STORE, "The cache".

-- holes: contents that were left at the server, "at bytes" a line (model/hole.h);
-- NULL = the message is whole.
ALTER TABLE body ADD COLUMN holes TEXT;

-- last_scored_at 0: never.  kept: it was about to be evicted and is protected;
-- until it is scored again nobody looks at it for that.  next_try_at: when a
-- failed or evicted row is wanted again, NULL = not by itself.
ALTER TABLE cache_object ADD COLUMN account_id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE cache_object ADD COLUMN utility REAL NOT NULL DEFAULT 0;
ALTER TABLE cache_object ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;
UPDATE cache_object SET last_scored_at = 0, stored_bytes = 0,
	account_id = (SELECT account_id FROM message m WHERE m.id = message_id);
UPDATE cache_object SET state = 'wanted' WHERE state <> 'cached';
UPDATE cache_object SET stored_bytes =
	ifnull((SELECT stored_bytes FROM body b WHERE b.message_id = cache_object.message_id), 0)
	WHERE state = 'cached';
CREATE INDEX cache_wanted ON cache_object (account_id, priority DESC, message_id)
	WHERE state = 'wanted' AND fetch_bytes > 0;
CREATE INDEX cache_evictable ON cache_object (priority, message_id)
	WHERE state = 'cached' AND kept = 0;
CREATE INDEX cache_claimed ON cache_object (started_at, fetch_bytes) WHERE state = 'fetching';
CREATE INDEX cache_waiting ON cache_object (next_try_at) WHERE next_try_at IS NOT NULL;
CREATE INDEX cache_stale ON cache_object (account_id, last_scored_at, message_id);
-- Is this one a message that no server has?
CREATE INDEX mutation_append ON mutation (message_id) WHERE verb = 'append';
-- What nobody used for long.
CREATE INDEX body_used ON body (used_at);

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
	search_rank  INTEGER NOT NULL DEFAULT -1,
	search_at    INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE cache_rescore (
	message_id INTEGER PRIMARY KEY REFERENCES message(id) ON DELETE CASCADE,
	account_id INTEGER NOT NULL,
	priority   REAL NOT NULL,
	queued_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX cache_rescore_order ON cache_rescore (account_id, priority DESC, queued_at, message_id);
-- An older store: its newest messages are scored before the rest (CACHE_STRUCTURAL).
INSERT INTO cache_rescore (message_id, account_id, priority, queued_at)
	SELECT id, account_id, 50, 0 FROM message ORDER BY received_at DESC LIMIT 2000;
-- How often mail of this sender was opened, decayed.
CREATE TABLE cache_sender (
	account_id INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
	address    TEXT NOT NULL,
	opened     REAL NOT NULL DEFAULT 0,
	at         INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (account_id, address)
) STRICT, WITHOUT ROWID;
-- Kept counters, one row: bytes in use; mails opened, and of those from the
-- cache; hard and days: the cap and the days of keeping that were last told.
CREATE TABLE cache_total (
	id     INTEGER PRIMARY KEY CHECK (id = 1),
	bytes  INTEGER NOT NULL DEFAULT 0,
	opens  INTEGER NOT NULL DEFAULT 0,
	hits   INTEGER NOT NULL DEFAULT 0,
	soft   INTEGER NOT NULL DEFAULT 0,
	hard   INTEGER NOT NULL DEFAULT 0,
	days   INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO cache_total (id, bytes) SELECT 1, coalesce(sum(stored_bytes), 0) FROM body;
-- Whoever adds or removes a body, also by removing its message or account, keeps the sum.
CREATE TRIGGER body_enters AFTER INSERT ON body BEGIN
	UPDATE cache_total SET bytes = bytes + new.stored_bytes;
END;
CREATE TRIGGER body_leaves AFTER DELETE ON body BEGIN
	UPDATE cache_total SET bytes = bytes - old.stored_bytes;
END;
CREATE TRIGGER body_changes AFTER UPDATE OF stored_bytes ON body BEGIN
	UPDATE cache_total SET bytes = bytes - old.stored_bytes + new.stored_bytes;
END;

-- What of a mailbox is to be readable without a network: enum offline_policy.
-- since: messages from this date on are protected; follows from policy, days
-- and cap, and is brought up to date by the worker.
CREATE TABLE mailbox_offline (
	mailbox_id INTEGER PRIMARY KEY REFERENCES mailbox(id) ON DELETE CASCADE,
	policy     INTEGER NOT NULL,
	days       INTEGER NOT NULL DEFAULT 0,
	cap        INTEGER NOT NULL DEFAULT 0,
	since      INTEGER NOT NULL DEFAULT 0
) STRICT;
