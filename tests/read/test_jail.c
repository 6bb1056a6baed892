/* Each door is tried from inside, in a process of its own. */
#include "test_read.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "mime/charset.h"
#include "mime/warm.h"
#include "read/jail.h"
#include "read/reader.h"

enum { OPENED = 0 }; /* what a deed returns when nothing held it back; else errno */

/* --- what is tried -------------------------------------------------------------------- */

static int outcome(long r)
{
	return r < 0 ? errno : OPENED;
}

static int open_file(void)
{
	return outcome(open("/etc/passwd", O_RDONLY));
}

static int open_at(void)
{
	return outcome(openat(AT_FDCWD, ".", O_RDONLY | O_DIRECTORY));
}

static int make_file(void)
{
	return outcome(open("/tmp/tern-was-here", O_WRONLY | O_CREAT, 0600));
}

static int remove_file(void)
{
	return outcome(unlink("/tmp/tern-was-not-here"));
}

static int make_socket(void)
{
	return outcome(socket(AF_INET, SOCK_STREAM, 0));
}

static int make_local_socket(void)
{
	return outcome(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int run_program(void)
{
	char *const argv[] = { (char *)"true", NULL };

	return outcome(execv("/bin/true", argv));
}

static int split(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return outcome(pid);
}

static int trace_parent(void)
{
	return outcome(syscall(SYS_ptrace, 16, getppid(), NULL, NULL));
}

static int kill_parent(void)
{
	return outcome(kill(getppid(), 0));
}

static int map_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? errno : OPENED;
}

static int make_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? 255 : outcome(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

static int raise_limit(void)
{
	struct rlimit r = { 1 << 20, 1 << 20 };

	return outcome(setrlimit(RLIMIT_FSIZE, &r));
}

static int make_memory_file(void)
{
	return outcome(memfd_create("x", 0));
}

static int become_dumpable(void)
{
	return outcome(syscall(SYS_prctl, 4, 1, 0, 0, 0));
}

/* A handler would outlive the limit of CPU, and a frame of one is a way to set all registers. */
static int catch_signal(void)
{
	return signal(SIGPROF, SIG_IGN) == SIG_ERR ? errno : OPENED;
}

/* By this a descriptor could be given away. */
static int send_message(void)
{
	struct msghdr nothing = { 0 };

	return outcome(sendmsg(0, &nothing, 0));
}

static int look_at_limits(void)
{
	struct rlimit r;

	return outcome(getrlimit(RLIMIT_NOFILE, &r));
}

static int look_at_machine(void)
{
	struct utsname name;

	return outcome(uname(&name));
}

static int wait_long(void)
{
	return outcome(poll(NULL, 0, 1));
}

/* --- what must go on ------------------------------------------------------------------- */

/* Every charset that the C library has still converts; 0, or the number of those that do not. */
static int convert_all(void)
{
	int lost = 0;

	for (size_t i = 0; warm_charsets[i]; i++) {
		GIConv cd = g_iconv_open("UTF-8", warm_charsets[i]);

		lost += cd == (GIConv)-1;
		if (cd != (GIConv)-1)
			g_iconv_close(cd);
	}
	return lost;
}

static int convert_text(void)
{
	static const struct {
		const char *charset, *bytes, *text;
	} rows[] = {
		{ "ISO-2022-JP", "\x1b$BF|K\\\x1b(B", "日本" }, { "Shift_JIS", "\x93\xfa\x96\x7b", "日本" },
		{ "EUC-JP", "\xc6\xfc\xcb\xdc", "日本" }, { "GB18030", "\xc4\xe3\xba\xc3", "你好" },
		{ "Big5", "\xa7\x41\xa6\x6e", "你好" }, { "EUC-KR", "\xc7\xd1\xb1\xdb", "한글" },
		{ "ISO-2022-KR", "\x1b$)C\x0e\x47\x51\x31\x5b\x0f", "한글" },
		{ "KOI8-R", "\xf0\xd2\xc9", "При" }, { "KOI8-U", "\xa4\xa6", "єі" },
		{ "windows-1251", "\xcf\xf0\xe8", "При" }, { "windows-1250", "\x9c", "ś" },
		{ "windows-1255", "\xf9\xec", "של" }, { "windows-1256", "\xe3", "م" },
		{ "windows-1258", "\xd0", "Đ" }, { "ISO-8859-2", "\xb6", "ś" },
		{ "ISO-8859-7", "\xe1", "α" }, { "ISO-8859-15", "\xa4", "€" },
		{ "UTF-7", "+ZeVnLA-", "日本" }, { "UTF-16LE", "a\0b\0", "ab" },
		{ "TIS-620", "\xa1", "ก" }, { "macintosh", "\x8e", "é" }, { "IBM437", "\x82", "é" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GString) out = g_string_new(NULL);
		size_t len = strcmp(rows[i].charset, "UTF-16LE") == 0 ? 4 : strlen(rows[i].bytes);

		if (!charset_append(out, rows[i].charset, rows[i].bytes, len) ||
			strcmp(out->str, rows[i].text) != 0)
			return (int)i + 1;
	}
	return 0;
}

/* The descriptors that it has are what it is for. */
static int use_files(void)
{
	int fd = -1;

	for (fd = 3; fd < 20 && lseek(fd, 0, SEEK_END) != 5; fd++)
		;
	if (fd == 20 || write(fd, "world", 5) != 5)
		return 255;
	return 0;
}

static int use_memory(void)
{
	char *p = malloc(100 << 20);

	if (!p)
		return ENOMEM;
	memset(p, 1, 1 << 20);
	p[(100 << 20) - 1] = 1;
	return p[12] == 1 ? 0 : 255;
}

static int use_too_much_memory(void)
{
	char *volatile p = malloc((size_t)READER_MEMORY + 1);

	return p ? OPENED : ENOMEM;
}

static int end_itself(void)
{
	abort();
}

/* --- the tests ------------------------------------------------------------------------- */

/* The exit status, or 1000 + the signal. */
static int in_jail(int (*deed)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		mime_warm();
		if (jail_enter(READER_MEMORY) != 0)
			_exit(254);
		_exit(deed());
	}
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

enum { KILLED = 1000 + SIGSYS };

static const struct {
	int (*deed)(void);
	int result;
	bool plain; /* not where sanitizers are */
} doors[] = {
	{ open_file, EPERM }, { open_at, EPERM }, { make_file, EPERM }, { remove_file, EPERM },
	{ make_socket, KILLED }, { make_local_socket, KILLED }, { run_program, KILLED },
	{ split, EPERM }, { trace_parent, KILLED }, { kill_parent, EPERM }, { map_code, EPERM },
	{ make_code, EPERM }, { raise_limit, EPERM }, { make_memory_file, EPERM },
	{ become_dumpable, EPERM }, { send_message, EPERM }, { catch_signal, EPERM, true },
	{ look_at_limits, EPERM, true }, { look_at_machine, EPERM, true }, { wait_long, EPERM, true },
	{ use_too_much_memory, ENOMEM, true },
	{ end_itself, 1000 + SIGABRT },
	{ convert_all, 0 }, { convert_text, 0 }, { use_memory, 0 },
};

START_TEST(nothing_leads_out_and_reading_goes_on)
{
	if (doors[_i].plain && JAIL_SANITIZED)
		return;
	ck_assert_int_eq(in_jail(doors[_i].deed), doors[_i].result);
}
END_TEST

START_TEST(open_files_stay_open)
{
	AUTO(fd_close) int fd = file_of("hello", 5);
	g_autoptr(GByteArray) all = NULL;

	ck_assert_int_lt(fd, 20);
	ck_assert_int_eq(in_jail(use_files), 0);
	all = bytes_of(fd);
	ck_assert_int_eq(all->len, 10);
}
END_TEST

START_TEST(this_system_has_the_charsets_of_mail)
{
	ck_assert_int_eq(mime_warm(), 0);
}
END_TEST

TCase *jail_cases(void)
{
	TCase *t = tcase_create("jail");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, nothing_leads_out_and_reading_goes_on, 0, G_N_ELEMENTS(doors));
	tcase_add_test(t, open_files_stay_open);
	tcase_add_test(t, this_system_has_the_charsets_of_mail);
	return t;
}
