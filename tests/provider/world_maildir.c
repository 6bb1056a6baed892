/* A tree of folders, changed as a delivery agent and another mail program do it. */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "provider/world.h"

/* What a file says and where it is. */
struct file {
	char *path, *sub, *name; /* sub: "cur" or "new" */
	char *id;		 /* NULL: none */
};

static const struct {
	char letter;
	const char *word;
} letters[] = {
	{ 'D', "\\Draft" }, { 'F', "\\Flagged" }, { 'P', "$Forwarded" },
	{ 'R', "\\Answered" }, { 'S', "\\Seen" }, { 'T', "\\Deleted" },
};

static int begin(void)
{
	return 0;
}

static void end(void)
{
}

/* The folder of a mailbox, with a sub-folder if sub is given. */
static char *folder_of(struct world *w, const char *box, const char *sub)
{
	g_autofree char *dotted = g_strdup_printf(".%s", box);

	g_strdelimit(dotted, "/", '.');
	return g_build_filename(w->root, strcmp(box, "INBOX") ? dotted : ".", sub, NULL);
}

static void make(struct world *w, const char *box)
{
	static const char *const subs[] = { "tmp", "new", "cur" };

	for (size_t i = 0; i < G_N_ELEMENTS(subs); i++) {
		g_autofree char *dir = folder_of(w, box, subs[i]);

		ck_assert_int_eq(g_mkdir_with_parents(dir, 0700), 0);
	}
}

static void remove_tree(const char *dir)
{
	const char *argv[] = { "rm", "-rf", dir, NULL };

	ck_assert(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
		NULL, NULL, NULL));
}

static struct account *open_maildir(struct world *w, int serial)
{
	static const char *const boxes[] = { "INBOX", "Archive", "Drafts", "Junk", "Sent", "Trash" };
	struct account *a = g_new0(struct account, 1);

	(void)serial;
	w->root = g_dir_make_tmp("tern-world-XXXXXX", NULL);
	ck_assert_ptr_nonnull(w->root);
	w->away = g_strconcat(w->root, ".away", NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(boxes); i++)
		make(w, boxes[i]);
	a->name = g_strdup("maildir");
	a->type = g_strdup("maildir");
	a->path = g_strdup(w->root);
	a->two_way = true;
	return a;
}

static void close_maildir(struct world *w)
{
	remove_tree(w->root);
	g_free(w->root);
	g_free(w->away);
}

static void remove_box(struct world *w, const char *box)
{
	g_autofree char *dir = folder_of(w, box, NULL);

	remove_tree(dir);
}

static void rename_path(const char *from, const char *to)
{
	ck_assert_msg(rename(from, to) == 0, "%s -> %s: %s", from, to, g_strerror(errno));
}

static void rename_box(struct world *w, const char *box, const char *to)
{
	g_autofree char *a = folder_of(w, box, NULL), *b = folder_of(w, to, NULL);

	rename_path(a, b);
}

static void deliver(struct world *w, const char *box, const char *mail, size_t len)
{
	static int count;
	g_autofree char *tmp = folder_of(w, box, "tmp"), *new = folder_of(w, box, "new");
	g_autofree char *name = g_strdup_printf("1700000000.M%dP%d.world", ++count, (int)getpid());
	g_autofree char *from = g_build_filename(tmp, name, NULL);
	g_autofree char *to = g_build_filename(new, name, NULL);

	ck_assert(g_file_set_contents(from, mail, (gssize)len, NULL));
	rename_path(from, to);
}

static void fill(struct world *w, const char *box, int n)
{
	g_autofree char *dir = folder_of(w, box, NULL);
	g_autofree char *command = g_strdup_printf("python3 '%s/mail.py' maildir '%s' %d >/dev/null",
		TEST_SUPPORT, dir, n);

	ck_assert_int_eq(system(command), 0);
}

/* --- looking ------------------------------------------------------------------------ */

static void file_free(gpointer p)
{
	struct file *f = p;

	g_free(f->path);
	g_free(f->sub);
	g_free(f->name);
	g_free(f->id);
	g_free(f);
}

static char *id_in(const char *path)
{
	g_autofree char *mail = NULL;
	char *end, *at;

	ck_assert(g_file_get_contents(path, &mail, NULL, NULL));
	end = strstr(mail, "\n\n");
	if (end)
		*end = '\0';
	at = strcasestr(mail, "\nMessage-ID:");
	if (!at)
		return NULL;
	at = strchr(at, '<');
	return at ? g_strndup(at, strcspn(at, ">") + 1) : NULL;
}

static void list_sub(struct world *w, const char *box, const char *sub, GPtrArray *out)
{
	g_autofree char *dir = folder_of(w, box, sub);
	DIR *d = opendir(dir);
	struct dirent *e;

	ck_assert_msg(d != NULL, "%s: %s", dir, g_strerror(errno));
	while ((e = readdir(d))) {
		struct file *f;

		if (*e->d_name == '.')
			continue;
		f = g_new0(struct file, 1);
		f->path = g_build_filename(dir, e->d_name, NULL);
		f->sub = g_strdup(sub);
		f->name = g_strdup(e->d_name);
		f->id = id_in(f->path);
		g_ptr_array_add(out, f);
	}
	closedir(d);
}

static GPtrArray *list(struct world *w, const char *box)
{
	GPtrArray *files = g_ptr_array_new_with_free_func(file_free);

	list_sub(w, box, "new", files);
	list_sub(w, box, "cur", files);
	return files;
}

static struct file *find(GPtrArray *files, const char *key)
{
	g_autofree char *id = g_strdup_printf("<%s%s>", key, WORLD_DOMAIN);

	for (guint i = 0; i < files->len; i++) {
		struct file *f = g_ptr_array_index(files, i);

		if (g_strcmp0(f->id, id) == 0)
			return f;
	}
	ck_abort_msg("there is no message %s", key);
	return NULL;
}

static const char *letters_of(const struct file *f)
{
	const char *info = strstr(f->name, ":2,");

	return info ? info + 3 : "";
}

static void picture_folder(struct world *w, const char *box, GPtrArray *lines)
{
	g_autoptr(GPtrArray) files = list(w, box);

	picture_box(lines, box);
	for (guint i = 0; i < files->len; i++) {
		const struct file *f = g_ptr_array_index(files, i);
		GString *words = g_string_new(NULL);

		for (size_t k = 0; k < G_N_ELEMENTS(letters); k++)
			if (strchr(letters_of(f), letters[k].letter))
				g_string_append_printf(words, "%s ", letters[k].word);
		picture_message(lines, box, f->id, words->str);
		g_string_free(words, TRUE);
	}
}

static void picture(struct world *w, GPtrArray *lines)
{
	DIR *d = opendir(w->root);
	struct dirent *e;

	ck_assert_ptr_nonnull(d);
	picture_folder(w, "INBOX", lines);
	while ((e = readdir(d))) {
		g_autofree char *box = g_strdup(e->d_name + 1);

		if (*e->d_name != '.' || strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		picture_folder(w, g_strdelimit(box, ".", '/'), lines);
	}
	closedir(d);
}

/* --- changing ----------------------------------------------------------------------- */

/* To cur/ of a mailbox, with these letters. */
static void place(struct world *w, const struct file *f, const char *box, const char *set)
{
	g_autofree char *cur = folder_of(w, box, "cur");
	g_autofree char *base = g_strndup(f->name, strcspn(f->name, ":"));
	g_autofree char *name = g_strdup_printf("%s:2,%s", base, set);
	g_autofree char *to = g_build_filename(cur, name, NULL);

	rename_path(f->path, to);
}

static void flag(struct world *w, const char *box, const char *key, const char *changes)
{
	g_autoptr(GPtrArray) files = list(w, box);
	g_auto(GStrv) words = g_strsplit(changes, " ", 0);
	struct file *f = find(files, key);
	char set[G_N_ELEMENTS(letters) + 1] = "";
	size_t n = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(letters); i++) {
		bool on = strchr(letters_of(f), letters[i].letter) != NULL;

		for (char **c = words; *c; c++)
			if (g_ascii_strcasecmp(*c + 1, letters[i].word) == 0)
				on = **c == '+';
		if (on)
			set[n++] = letters[i].letter;
	}
	place(w, f, box, set);
}

static void expunge(struct world *w, const char *box, const char *key)
{
	g_autoptr(GPtrArray) files = list(w, box);

	ck_assert_int_eq(unlink(find(files, key)->path), 0);
}

static void move(struct world *w, const char *box, const char *key, const char *target)
{
	g_autoptr(GPtrArray) files = list(w, box);
	struct file *f = find(files, key);

	place(w, f, target, letters_of(f));
}

/* As after a copy by a program that gives names of its own. */
static void renumber(struct world *w, const char *box)
{
	g_autoptr(GPtrArray) files = list(w, box);

	for (guint i = 0; i < files->len; i++) {
		struct file *f = g_ptr_array_index(files, i);
		g_autofree char *dir = g_path_get_dirname(f->path);
		g_autofree char *name = g_strconcat("again.", f->name, NULL);
		g_autofree char *to = g_build_filename(dir, name, NULL);

		rename_path(f->path, to);
	}
}

static void vanish(struct world *w)
{
	rename_path(w->root, w->away);
}

static void come_back(struct world *w)
{
	rename_path(w->away, w->root);
}

const struct world_ops world_maildir = {
	.name = "maildir",
	.eol = "\n",
	.can = CAN_EMPTY,
	.begin = begin,
	.end = end,
	.open = open_maildir,
	.close = close_maildir,
	.make = make,
	.remove = remove_box,
	.rename = rename_box,
	.deliver = deliver,
	.fill = fill,
	.flag = flag,
	.expunge = expunge,
	.move = move,
	.renumber = renumber,
	.vanish = vanish,
	.come_back = come_back,
	.picture = picture,
};
