/* The server in memory that the fake provider speaks for. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "model/flags.h"
#include "support/fake_priv.h"

struct fake_world *fake_world;

void fake_lock(void)
{
	pthread_mutex_lock(&fake_world->lock);
}

void fake_unlock(void)
{
	pthread_mutex_unlock(&fake_world->lock);
}

void fake_world_new(void)
{
	pthread_mutexattr_t attr;

	fake_world = mmap(NULL, sizeof *fake_world, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (fake_world == MAP_FAILED)
		abort();
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&fake_world->lock, &attr);
	pthread_mutexattr_destroy(&attr);
	fake_world->next_serial = 1;
}

void fake_world_free(void)
{
	munmap(fake_world, sizeof *fake_world);
	fake_world = NULL;
}

struct fake_account *fake_account_add(const char *name)
{
	struct fake_account *a = &fake_world->accounts[fake_world->n_accounts++];

	g_strlcpy(a->name, name, sizeof a->name);
	a->slice = 100;
	a->tells_uid = true;
	return a;
}

struct fake_box *fake_box_add(struct fake_account *a, const char *path, enum mailbox_role role)
{
	struct fake_box *b = &a->boxes[a->n_boxes];

	g_strlcpy(b->path, path, sizeof b->path);
	b->role = role;
	b->uidvalidity = 1001 + (uint32_t)a->n_boxes;
	b->uidnext = 1;
	__atomic_store_n(&a->n_boxes, a->n_boxes + 1, __ATOMIC_SEQ_CST); /* now it may be found */
	return b;
}

uint64_t fake_put(struct fake_box *b, int serial, unsigned flags)
{
	if (b->n == FAKE_MESSAGES)
		abort();
	b->m[b->n++] = (struct fake_message){ .uid = b->uidnext, .serial = serial, .flags = flags,
		.here = true, .modseq = ++b->modseq };
	b->generation++;
	return b->uidnext++;
}

int fake_deliver(struct fake_box *b, int n)
{
	int first;

	fake_lock();
	first = fake_world->next_serial;
	fake_world->next_serial += n;
	for (int i = 0; i < n; i++)
		fake_put(b, first + i, 0);
	fake_unlock();
	return first;
}

struct fake_message *fake_by_serial(struct fake_box *b, int serial)
{
	for (size_t i = b->n; i > 0; i--)
		if (b->m[i - 1].here && b->m[i - 1].serial == serial)
			return &b->m[i - 1];
	return NULL;
}

/* Uids only ever grow. */
struct fake_message *fake_by_uid(struct fake_box *b, uint64_t uid)
{
	size_t low = 0, high = b->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (b->m[mid].uid == uid)
			return b->m[mid].here ? &b->m[mid] : NULL;
		if (b->m[mid].uid < uid)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static bool is_in(const char *word, char **list)
{
	return g_strv_contains((const char *const *)list, word);
}

void fake_change(struct fake_box *b, struct fake_message *m, unsigned add, unsigned remove,
	const char *add_words, const char *remove_words)
{
	g_autofree char *all = g_strdup_printf("%s %s", m->keywords, add_words ? add_words : "");
	g_autofree char *sorted = flags_keywords_normalize(all);
	g_auto(GStrv) have = g_strsplit(sorted, " ", 0);
	g_auto(GStrv) off = g_strsplit(remove_words ? remove_words : "", " ", 0);

	*m->keywords = '\0';
	for (char **w = have; *w; w++) {
		if (!**w || is_in(*w, off))
			continue;
		if (*m->keywords)
			g_strlcat(m->keywords, " ", sizeof m->keywords);
		if (g_strlcat(m->keywords, *w, sizeof m->keywords) >= sizeof m->keywords)
			abort();
	}
	m->flags = (m->flags | add) & ~remove;
	m->modseq = ++b->modseq;
	b->generation++;
}

void fake_expunge(struct fake_box *b, int serial)
{
	fake_lock();
	fake_by_serial(b, serial)->here = false;
	b->generation++;
	fake_unlock();
}

void fake_move(struct fake_box *from, int serial, struct fake_box *to)
{
	struct fake_message *m;

	fake_lock();
	m = fake_by_serial(from, serial);
	fake_put(to, serial, m->flags);
	g_strlcpy(to->m[to->n - 1].keywords, m->keywords, FAKE_KEYWORDS);
	m->here = false;
	from->generation++;
	fake_unlock();
}

void fake_set_flags(struct fake_box *b, int serial, unsigned flags)
{
	fake_lock();
	fake_change(b, fake_by_serial(b, serial), flags, ~flags, NULL, NULL);
	fake_unlock();
}

bool fake_expunge_if_here(struct fake_box *b, int serial)
{
	struct fake_message *m;

	fake_lock();
	m = fake_by_serial(b, serial);
	if (m)
		m->here = false;
	b->generation++;
	fake_unlock();
	return m;
}

void fake_flag_if_here(struct fake_box *b, int serial, unsigned add)
{
	struct fake_message *m;

	fake_lock();
	m = fake_by_serial(b, serial);
	if (m)
		fake_change(b, m, add, 0, NULL, NULL);
	fake_unlock();
}

void fake_lose(struct fake_account *a, int times)
{
	fake_lock();
	a->lose_answer = times;
	fake_unlock();
}

void fake_slow(struct fake_account *a, int slice, int ms)
{
	fake_lock();
	a->slice = slice;
	a->slow_ms = ms;
	fake_unlock();
}

void fake_slow_bodies(struct fake_account *a, int ms)
{
	fake_lock();
	a->body_ms = ms;
	fake_unlock();
}

void fake_lie(struct fake_account *a, int times, int kind)
{
	fake_lock();
	*(kind == FAKE_EMPTY ? &a->lie_empty : kind == FAKE_VOID ? &a->lie_void : &a->lie_boxes) =
		times;
	fake_unlock();
}

void fake_renumber(struct fake_box *b)
{
	size_t n = 0;

	fake_lock();
	b->uidvalidity += 7;
	b->uidnext = 1;
	for (size_t i = 0; i < b->n; i++) {
		if (!b->m[i].here)
			continue;
		b->m[n] = b->m[i];
		b->m[n].uid = b->uidnext++;
		b->m[n++].modseq = ++b->modseq;
	}
	b->n = n;
	b->generation++;
	fake_unlock();
}

static void fail(struct fake_account *a, enum fake_call call, enum err_code code, int times, bool beside)
{
	fake_lock();
	a->call[call].code = code;
	a->call[call].times = times;
	a->call[call].beside = beside;
	fake_unlock();
}

void fake_fail(struct fake_account *a, enum fake_call call, enum err_code code, int times)
{
	fail(a, call, code, times, false);
}

void fake_fail_beside(struct fake_account *a, enum fake_call call, enum err_code code, int times)
{
	fail(a, call, code, times, true);
}

void fake_block(struct fake_account *a, enum fake_call call, bool on)
{
	fake_lock();
	a->call[call].block = on;
	fake_unlock();
}

int fake_read(const int *counter)
{
	int n;

	fake_lock();
	n = *counter;
	fake_unlock();
	return n;
}

int fake_count(struct fake_account *a, enum fake_call call)
{
	return fake_read(&a->call[call].count);
}

int fake_copies(struct fake_box *b, int serial, unsigned *flags)
{
	int n = 0;

	fake_lock();
	for (size_t i = 0; i < b->n; i++) {
		if (!b->m[i].here || b->m[i].serial != serial)
			continue;
		n++;
		if (flags)
			*flags = b->m[i].flags;
	}
	fake_unlock();
	return n;
}

int fake_total(struct fake_box *b)
{
	int n = 0;

	fake_lock();
	for (size_t i = 0; i < b->n; i++)
		n += b->m[i].here;
	fake_unlock();
	return n;
}

bool fake_was_asked(struct fake_box *b, struct fake_account *a, unsigned flags)
{
	bool yes;

	fake_lock();
	yes = (a->last_flags[b - a->boxes] & flags) == flags;
	fake_unlock();
	return yes;
}

int fake_box_appears(struct fake_account *a, const char *path)
{
	int i;

	fake_lock();
	fake_box_add(a, path, ROLE_NONE);
	a->tree_generation++;
	i = (int)a->n_boxes - 1;
	fake_unlock();
	return i;
}

void fake_deafen(struct fake_account *a)
{
	fake_lock();
	a->push_deaf = true;
	fake_unlock();
}

bool fake_was_ever_asked(struct fake_account *a, unsigned flag)
{
	bool yes;

	fake_lock();
	yes = a->flags_seen & flag;
	fake_unlock();
	return yes;
}

/* Reads one number of the account. */
static int number(const int *of)
{
	int n;

	fake_lock();
	n = *of;
	fake_unlock();
	return n;
}

int fake_boxes(struct fake_account *a)
{
	return (int)__atomic_load_n(&a->n_boxes, __ATOMIC_SEQ_CST);
}

int fake_reported(struct fake_account *a)
{
	return number(&a->reported);
}

int fake_connected(struct fake_account *a)
{
	return number(&a->connected);
}

int fake_serial(void)
{
	int serial;

	fake_lock();
	serial = fake_world->next_serial++;
	fake_unlock();
	return serial;
}

void fake_words(struct fake_box *b, int serial, const char *add, const char *remove)
{
	fake_lock();
	fake_change(b, fake_by_serial(b, serial), 0, 0, add, remove);
	fake_unlock();
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char *fake_picture(struct fake_box *b, int serial)
{
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);

	fake_lock();
	for (size_t i = 0; i < b->n; i++)
		if (b->m[i].here && b->m[i].serial == serial)
			g_ptr_array_add(lines,
				g_strdup_printf("%u %s", b->m[i].flags, b->m[i].keywords));
	fake_unlock();
	g_ptr_array_sort(lines, by_text);
	g_ptr_array_add(lines, NULL);
	return g_strjoinv("\n", (char **)lines->pdata);
}

void fake_count_anew(struct fake_account *a)
{
	fake_lock();
	memset(a->batches, 0, sizeof a->batches);
	memset(a->items, 0, sizeof a->items);
	fake_unlock();
}

void fake_empty(struct fake_box *b)
{
	fake_lock();
	b->n = 0;
	b->generation++;
	fake_unlock();
}
