-- An item of the history is about one place: of one message a mailbox may hold two.
-- place: where the step found it.  target_place: where the step put it.  Both
-- follow it to the place that stands for it after an undo, a redo or a retry
-- (history_place); 0 = not known, as in the items of before.
CREATE TABLE undo_item_new (
	step_id         INTEGER NOT NULL REFERENCES undo_step(id) ON DELETE CASCADE,
	message_id      INTEGER NOT NULL,
	source_id       INTEGER NOT NULL,
	place           INTEGER NOT NULL DEFAULT 0,
	target_id       INTEGER,
	target_place    INTEGER NOT NULL DEFAULT 0,
	add_flags       INTEGER NOT NULL DEFAULT 0,
	remove_flags    INTEGER NOT NULL DEFAULT 0,
	add_keywords    TEXT NOT NULL DEFAULT '',
	remove_keywords TEXT NOT NULL DEFAULT '',
	undone          INTEGER NOT NULL DEFAULT 0,
	gave_way        INTEGER NOT NULL DEFAULT 0,
	replaces        INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (step_id, message_id, source_id, place)
) STRICT, WITHOUT ROWID;
INSERT INTO undo_item_new (step_id, message_id, source_id, target_id, add_flags, remove_flags,
	add_keywords, remove_keywords, undone, gave_way, replaces)
	SELECT step_id, message_id, source_id, target_id, add_flags, remove_flags,
	add_keywords, remove_keywords, undone, gave_way, replaces FROM undo_item;
DROP TABLE undo_item;
ALTER TABLE undo_item_new RENAME TO undo_item;
CREATE INDEX undo_item_message ON undo_item (message_id);
