/*
 * Migrations are numbered, append-only SQL files.  PRAGMA user_version tells
 * how far a store is; each step runs in one transaction with its number, so
 * that a crash leaves either the old or the new schema.
 */
#include "base/i18n.h"
#include "store/priv.h"
#include "store/schema.h"

static const char *const migrations[] = { schema_001_initial, schema_002_engine,
	schema_003_two_way, schema_004_cache, schema_005_undo_places };

static int upgrade(struct store *s, int64_t to, struct err *err)
{
	g_autofree char *version = g_strdup_printf("PRAGMA user_version=%d", (int)to);
	int64_t now = 0;
	int r = tx_begin(s, TX_DURABLE, err);

	if (r < 0)
		return r;
	/* another process may have done it while we waited */
	r = db_ask(s, err, &now, "PRAGMA user_version", "");
	if (r > 0 && now == to - 1 &&
		(sqlite3_exec(s->db, migrations[to - 1], NULL, NULL, NULL) ||
			sqlite3_exec(s->db, version, NULL, NULL, NULL)))
		r = db_fail(s, err);
	return tx_end(s, r, err);
}

int migrate(struct store *s, struct err *err)
{
	const int64_t newest = G_N_ELEMENTS(migrations);
	int64_t version = 0;
	int r = db_ask(s, err, &version, "PRAGMA user_version", "");

	if (r < 0)
		return r;
	if (version > newest)
		return err_set(err, ERR_STORAGE,
			_("The store in %s was written by a newer tern (schema %d, this one knows %d); "
			  "nothing was touched. Install that version, or use another --home."),
			s->dir, (int)version, (int)newest);
	while (version < newest) {
		r = upgrade(s, ++version, err);
		if (r < 0)
			return r;
	}
	return 0;
}
