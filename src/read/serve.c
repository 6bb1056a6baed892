/*
 * The child: goes to jail and answers what it is asked, one message after the
 * other, until the socket ends.  See child.h for what is said.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <glib.h>

#include "base/file.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "mime/export.h"
#include "mime/warm.h"
#include "read/child.h"
#include "read/jail.h"
#include "read/reader.h"
#include "read/wire.h"

/* Bytes of memory that the process ever had. */
static int64_t peak(void)
{
	struct rusage u;

	return getrusage(RUSAGE_SELF, &u) ? 0 : (int64_t)u.ru_maxrss * 1024;
}

/* From now on so much CPU; the end of it is the end of the process.  0 = no limit. */
static void allow_cpu(int ms)
{
	struct itimerval t = { .it_value = { ms / 1000, ms % 1000 * 1000L } };

	setitimer(ITIMER_PROF, &t, NULL);
}

/* The next request and its files; false at the end of the socket. */
static bool receive_request(struct request *q, int *files)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(CHILD_FILES_MAX * sizeof(int))];
	} control;
	struct iovec data = { .iov_base = q, .iov_len = sizeof *q };
	struct msghdr m = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = sizeof control };
	struct cmsghdr *head;
	ssize_t n;

	do
		n = recvmsg(CHILD_FD, &m, MSG_WAITALL | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	head = n == (ssize_t)sizeof *q ? CMSG_FIRSTHDR(&m) : NULL;
	if (!head || head->cmsg_type != SCM_RIGHTS || q->how.n_holes > BODY_HOLES_MAX ||
		head->cmsg_len != CMSG_LEN((size_t)request_files(q->kind) * sizeof(int)))
		return false;
	memcpy(files, CMSG_DATA(head), head->cmsg_len - CMSG_LEN(0));
	q->how.holes = q->holes;
	return true;
}

static int read_document(const struct request *q, const int *files, GByteArray *out,
	struct err *err)
{
	AUTO(document_free) struct document *d = NULL;

	if (document_read(files[0], &q->how, &d, err) < 0)
		return err->code;
	if (!wire_pack(d, out)) {
		g_byte_array_set_size(out, 0);
		return err_set(err, ERR_LIMIT,
			_("This message is too complex to show; it can be saved."));
	}
	return 0;
}

static int work(const struct request *q, const int *files, struct reply *reply, GByteArray *out,
	struct err *err)
{
	switch (q->kind) {
	case REQUEST_DOCUMENT:
		return read_document(q, files, out, err);
	case REQUEST_EXPORT:
		return document_export(files[0], &q->how, q->part, files[1], &reply->bytes, err);
	case REQUEST_EXTRACT:
		return document_extract(files[0], q->part, files[1], files[2], err);
	case REQUEST_TEXT:
		return document_export_text(files[0], &q->how, q->part, files[1], err);
	}
	return err_set(err, ERR_UNSUPPORTED, "%d", q->kind);
}

/* False if the process should end. */
static bool serve(const struct request *q, const int *files, bool last, int64_t at_start)
{
	g_autoptr(GByteArray) out = g_byte_array_new();
	struct reply reply = { .nonce = q->nonce };
	struct err err = { 0 };

	allow_cpu(q->cpu_ms);
	errno = 0;
	reply.code = work(q, files, &reply, out, &err);
	reply.error = reply.code < 0 ? errno : 0;
	reply.len = out->len;
	reply.leaving = last || peak() - at_start > CHILD_GROWN;
	if (fd_write_all(CHILD_FD, &reply, sizeof reply) < 0 ||
		fd_write_all(CHILD_FD, out->data, out->len) < 0)
		return false;
	allow_cpu(0);
	return !reply.leaving;
}

static bool is_socket(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

/* In jail, or not: the program is told. */
static bool enter(void)
{
	struct setup setup;
	struct reply reply = { 0 };

	if (recv(CHILD_FD, &setup, sizeof setup, MSG_WAITALL) != (ssize_t)sizeof setup)
		return false;
	reply.code = jail_enter(setup.memory);
	return fd_write_all(CHILD_FD, &reply, sizeof reply) == 0 && reply.code == 0;
}

_Noreturn void reader_child(void)
{
	g_autofree struct request *q = g_new0(struct request, 1);
	int64_t at_start;
	bool more;

	if (!is_socket(CHILD_FD))
		_exit(2);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a part that is too large is an error of write */
	mime_warm();
	more = enter();
	at_start = peak();
	for (int i = 1; more && i <= CHILD_ANSWERS_MAX; i++) {
		int files[CHILD_FILES_MAX] = { -1, -1, -1 };

		more = receive_request(q, files) &&
		       serve(q, files, i == CHILD_ANSWERS_MAX, at_start);
		for (int f = 0; f < CHILD_FILES_MAX; f++)
			fd_close(&files[f]);
	}
	_exit(0);
}
