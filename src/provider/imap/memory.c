#include "provider/imap/memory.h"

#include <glib.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "provider/imap/imap.h"

enum {
	MEMORY_VERSION = 1,
	PROBE_JITTER = 10, /* percent of EVIDENCE_PROBE_S, either way */
};

const char *evidence_name(enum evidence_kind kind)
{
	static const char *const names[] = { "modseq-stuck", "modseq-back", "validity-back",
		"idle-silent", "bad-feature" };

	G_STATIC_ASSERT(G_N_ELEMENTS(names) == EVIDENCE_KINDS);
	return names[kind];
}

void memory_release(struct memory *m)
{
	g_free(m->before);
	g_free(m->after);
	g_free(m->server);
	g_free(m->enabled);
	*m = (struct memory){ .connections = CONNECTIONS_MAX };
}

static char *text_of(const json_t *root, const char *key)
{
	const char *text = json_string_value(json_object_get(root, key));

	/* a cut may fall inside a character */
	return text ? g_utf8_make_valid(text, (gssize)strnlen(text, MEMORY_WORDS_MAX)) : NULL;
}

static int64_t number_of(const json_t *root, const char *key)
{
	return json_integer_value(json_object_get(root, key));
}

static void read_evidence(struct evidence *e, const json_t *all)
{
	for (int kind = 0; kind < EVIDENCE_KINDS; kind++) {
		const json_t *one = json_object_get(all, evidence_name((enum evidence_kind)kind));
		int64_t n = json_integer_value(json_array_get(one, 0));

		e->count[kind] = (int)CLAMP(n, 0, INT32_MAX);
		e->first_at[kind] = json_integer_value(json_array_get(one, 1));
	}
}

void memory_read(struct memory *m, const char *text)
{
	json_t *root = text ? json_loads(text, 0, NULL) : NULL;
	const char *letter;

	memory_release(m);
	if (number_of(root, "v") == MEMORY_VERSION) {
		m->before = text_of(root, "before");
		m->after = text_of(root, "after");
		m->told = json_is_true(json_object_get(root, "told"));
		m->server = text_of(root, "server");
		m->enabled = text_of(root, "enabled");
		letter = json_string_value(json_object_get(root, "class"));
		m->letter = letter && *letter >= 'A' && *letter <= 'D' ? *letter : '\0';
		m->connections = (int)CLAMP(number_of(root, "connections"), 1, CONNECTIONS_MAX);
		m->stumbles = (int)CLAMP(number_of(root, "stumbles"), 0, MEMORY_STUMBLES_MAX);
		m->deaf = json_is_true(json_object_get(root, "deaf"));
		m->slice = (int)CLAMP(number_of(root, "slice"), 0, IMAP_FETCH_BATCH);
		m->evidence.probed_at = number_of(root, "probed");
		read_evidence(&m->evidence, json_object_get(root, "evidence"));
	}
	json_decref(root);
}

static json_t *write_evidence(const struct evidence *e)
{
	json_t *all = json_object();

	for (int kind = 0; kind < EVIDENCE_KINDS; kind++)
		if (e->count[kind])
			json_object_set_new(all, evidence_name((enum evidence_kind)kind),
				json_pack("[i, I]", e->count[kind], (json_int_t)e->first_at[kind]));
	return all;
}

char *memory_write(const struct memory *m)
{
	const char letter[] = { m->letter, '\0' };
	json_t *root = json_pack(
		"{s:i, s:s*, s:s*, s:b, s:s*, s:s*, s:s, s:i, s:i, s:b, s:i, s:I, s:o}", "v",
		MEMORY_VERSION, "before", m->before, "after", m->after, "told", m->told, "server",
		m->server, "enabled", m->enabled, "class", letter, "connections", m->connections,
		"stumbles", m->stumbles, "deaf", m->deaf, "slice", m->slice, "probed",
		(json_int_t)m->evidence.probed_at, "evidence", write_evidence(&m->evidence));
	char *dump = root ? json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	char *text = g_strdup(dump ? dump : "");

	free(dump);
	json_decref(root);
	return text;
}

/* Fixed for an account, so that the accounts of a person are not probed all at once. */
static int64_t probe_after_s(const char *account)
{
	int64_t span = (int64_t)EVIDENCE_PROBE_S * PROBE_JITTER / 100;

	return EVIDENCE_PROBE_S - span + (int64_t)g_str_hash(account) % (2 * span + 1);
}

void imap_recall(struct imap *i)
{
	const char *account = i->base.account->name;
	int64_t now = clock_unix();
	struct memory *m = &i->known;

	memory_read(m, i->base.memory);
	i->evidence = m->evidence;
	if (now - m->evidence.probed_at >= probe_after_s(account) || now < m->evidence.probed_at) {
		if (m->evidence.probed_at)
			log_event(LOG_INFO, "imap-probe", "s:s, s:b", "account", account,
				"forgiven", imap_distrusted(i));
		m->evidence = (struct evidence){ .probed_at = now };
		m->connections = CONNECTIONS_MAX;
		m->stumbles = m->slice = 0;
		m->deaf = false;
	}
	i->evidence = m->evidence;
}

void imap_keep(struct imap *i)
{
	i->known.evidence = i->evidence;
	if (i->known.after)
		i->known.letter = imap_letter(i);
	provider_remember(&i->base, memory_write(&i->known));
}
