-- Wishes of every kind, held and taken back one by one.

-- keywords as a wish; held: the reader keeps it back; reviews: how often it met
-- a change and was judged anew; step_id: the step of the history that made it.
ALTER TABLE mutation ADD COLUMN add_keywords TEXT NOT NULL DEFAULT '';
ALTER TABLE mutation ADD COLUMN remove_keywords TEXT NOT NULL DEFAULT '';
ALTER TABLE mutation ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mutation ADD COLUMN reviews INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mutation ADD COLUMN step_id INTEGER NOT NULL DEFAULT 0;
-- ready: nothing but its time keeps the row from leaving; written by
-- queue_ready only.  The two indexes find the next row to leave and those like
-- it however long the queue is.
ALTER TABLE mutation ADD COLUMN ready INTEGER NOT NULL DEFAULT 0;
UPDATE mutation SET ready = 1 WHERE status = 'queued' AND NOT EXISTS
	(SELECT 1 FROM mutation e WHERE e.message_id = mutation.message_id AND e.id < mutation.id
	 AND e.status IN ('queued', 'leased'))
	AND EXISTS (SELECT 1 FROM location l WHERE l.id = mutation.source_location_id
	 AND l.uid IS NOT NULL);
CREATE INDEX mutation_due ON mutation (account_id, next_at, id)
	WHERE status = 'queued' AND ready = 1;
CREATE INDEX mutation_like ON mutation (account_id, verb, source_id, target_id, add_flags,
	remove_flags, id) WHERE status = 'queued' AND ready = 1;

-- modseq: newest mod-sequence known of this one, 0 = that of the cursor.
-- shown_keywords: as the reader wants them, NULL = as the server has them.
-- removed: we removed it and the server could only mark it \Deleted.
-- lost: 1 = its number is void and a wish is about it: it waits to be found
-- again; 2 = found, and waits until it is sure to be the only one.
ALTER TABLE location ADD COLUMN modseq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE location ADD COLUMN shown_keywords TEXT;
ALTER TABLE location ADD COLUMN removed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE location ADD COLUMN lost INTEGER NOT NULL DEFAULT 0;
CREATE INDEX location_lost ON location (mailbox_id, size) WHERE lost > 0;

-- What the server does not let the reader do there: enum mailbox_denied.
ALTER TABLE mailbox ADD COLUMN denied INTEGER NOT NULL DEFAULT 0;
-- two_way = off: no new wish is taken.
ALTER TABLE account ADD COLUMN read_only INTEGER NOT NULL DEFAULT 0;

-- A line of the history tells by itself what it was.  undone: 0, or rising in
-- the order in which steps were undone; redo takes the highest, if newest_id is
-- still the newest step.  undo_item.undone: this one was (others were elsewhere).
ALTER TABLE undo_step ADD COLUMN newest_id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE undo_step ADD COLUMN account_id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE undo_step ADD COLUMN messages INTEGER NOT NULL DEFAULT 0;
ALTER TABLE undo_step ADD COLUMN source_id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE undo_step ADD COLUMN target_id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE undo_step ADD COLUMN add_flags INTEGER NOT NULL DEFAULT 0;
ALTER TABLE undo_step ADD COLUMN remove_flags INTEGER NOT NULL DEFAULT 0;
ALTER TABLE undo_step ADD COLUMN add_keywords TEXT NOT NULL DEFAULT '';
ALTER TABLE undo_step ADD COLUMN remove_keywords TEXT NOT NULL DEFAULT '';
ALTER TABLE undo_step ADD COLUMN subject TEXT NOT NULL DEFAULT '';
ALTER TABLE undo_item ADD COLUMN add_keywords TEXT NOT NULL DEFAULT '';
ALTER TABLE undo_item ADD COLUMN remove_keywords TEXT NOT NULL DEFAULT '';
ALTER TABLE undo_item ADD COLUMN undone INTEGER NOT NULL DEFAULT 0;
-- gave_way: the row of a copy or an append that had not left and gave way to
-- this deletion, or to this newer version of a draft; undo brings it back.
-- replaces: the older version of a draft, a message.  0 = none.
ALTER TABLE undo_item ADD COLUMN gave_way INTEGER NOT NULL DEFAULT 0;
ALTER TABLE undo_item ADD COLUMN replaces INTEGER NOT NULL DEFAULT 0;
CREATE INDEX undo_item_message ON undo_item (message_id);
CREATE INDEX undo_step_undone ON undo_step (undone) WHERE undone > 0;

-- A step about more messages than one transaction should hold: the rest of it.
-- kind: want, undo, redo (of the step's items).  It is about the places in
-- `ids` (64-bit little-endian, ascending), or, as long as ids is NULL, about
-- those of a mailbox that existed when it was made (id <= last_id).  at: all
-- up to here are done.
CREATE TABLE bulk (
	id              INTEGER PRIMARY KEY AUTOINCREMENT,
	step_id         INTEGER NOT NULL REFERENCES undo_step(id) ON DELETE CASCADE,
	account_id      INTEGER NOT NULL,
	kind            TEXT NOT NULL,
	verb            TEXT NOT NULL,
	add_flags       INTEGER NOT NULL DEFAULT 0,
	remove_flags    INTEGER NOT NULL DEFAULT 0,
	add_keywords    TEXT NOT NULL DEFAULT '',
	remove_keywords TEXT NOT NULL DEFAULT '',
	target_id       INTEGER NOT NULL DEFAULT 0,
	role            INTEGER NOT NULL DEFAULT -1,
	mailbox_id      INTEGER NOT NULL DEFAULT 0,
	unread          INTEGER NOT NULL DEFAULT 0,
	last_id         INTEGER NOT NULL DEFAULT 0,
	at              INTEGER NOT NULL DEFAULT 0,
	done            INTEGER NOT NULL DEFAULT 0,
	total           INTEGER NOT NULL DEFAULT 0,
	ids             BLOB -- the last: what is behind it costs reading it
) STRICT;
-- Places of a large step that had their turn early: the reader acted on them.
CREATE TABLE bulk_done (
	bulk_id     INTEGER NOT NULL REFERENCES bulk(id) ON DELETE CASCADE,
	location_id INTEGER NOT NULL,
	PRIMARY KEY (bulk_id, location_id)
) STRICT, WITHOUT ROWID;

-- The changes of a step, together; with all that tells groups of them apart,
-- so that people see a long queue at once.
CREATE INDEX mutation_of_step ON mutation (step_id, status, verb, source_id, target_id, add_flags,
	remove_flags, add_keywords, remove_keywords, held, uncertain, id, next_at, attempts,
	account_id) WHERE status IN ('queued', 'leased', 'conflict', 'failed');

-- after_id: the row that must be done before this one may leave (an older draft
-- goes when the newer one is proven to be there); 0 = none.
ALTER TABLE mutation ADD COLUMN after_id INTEGER NOT NULL DEFAULT 0;
CREATE INDEX mutation_after ON mutation (after_id) WHERE after_id > 0;
