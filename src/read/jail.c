#include "read/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <glib.h>

#include "base/mem.h"

/* --- limits ---------------------------------------------------------------------- */

/* The address space of this process in bytes, 0 = unknown. */
static uint64_t address_space(void)
{
	AUTO(fd_close) int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	char line[200];
	ssize_t n = fd >= 0 ? read(fd, line, sizeof line - 1) : -1;

	if (n <= 0)
		return 0;
	line[n] = '\0';
	return g_ascii_strtoull(line, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* A stricter limit that the program was started with stays: it cannot be raised. */
static int limit(__rlimit_resource_t what, uint64_t most)
{
	struct rlimit r;

	if (getrlimit(what, &r))
		return -errno;
	r.rlim_cur = r.rlim_max = MIN(r.rlim_max, (rlim_t)most);
	return setrlimit(what, &r) ? -errno : 0;
}

static int set_limits(uint64_t memory)
{
	uint64_t has = address_space();
	int r = limit(RLIMIT_CORE, 0);

	if (r == 0)
		r = limit(RLIMIT_NOFILE, JAIL_FILES_MAX);
	if (r == 0)
		r = limit(RLIMIT_FSIZE, (uint64_t)JAIL_FILE_BYTES_MAX);
	if (r == 0)
		r = limit(RLIMIT_NPROC, 0);
	if (r == 0)
		r = limit(RLIMIT_CPU, JAIL_CPU_S_MAX);
	if (r == 0 && !JAIL_SANITIZED)
		r = has ? limit(RLIMIT_AS, has + memory) : -ENOENT;
	return r;
}

static int set_manners(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) ||
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return -errno;
	return 0;
}

/* --- Landlock -------------------------------------------------------------------- */

/* As in newer kernels' linux/landlock.h; how much of it is told depends on the version. */
struct ruleset {
	uint64_t fs, net, scoped;
};

enum {
	FS_BITS_1 = 13,  /* reading, writing, making and removing of all kinds ... */
	FS_BITS_2 = 14,  /* ... linking into another folder */
	FS_BITS_3 = 15,  /* ... truncating */
	FS_BITS_5 = 16,  /* ... ioctl on devices */
	NET_BITS_4 = 2,  /* TCP: bind, connect */
	SCOPE_BITS_6 = 2 /* abstract sockets, signals */
};

int jail_landlock(void)
{
	long v = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return v > 0 ? (int)v : 0;
}

static uint64_t bits(int n)
{
	return (UINT64_C(1) << n) - 1;
}

static int build_landlock(void)
{
	int version = jail_landlock();
	struct ruleset all = { .fs = bits(version >= 5   ? FS_BITS_5
					  : version >= 3 ? FS_BITS_3
					  : version == 2 ? FS_BITS_2
							 : FS_BITS_1),
		.net = bits(NET_BITS_4), .scoped = bits(SCOPE_BITS_6) };
	size_t size = version >= 6   ? sizeof all
		      : version >= 4 ? offsetof(struct ruleset, scoped)
				     : offsetof(struct ruleset, net);
	AUTO(fd_close) int fd = -1;

	if (version == 0)
		return 0;
	fd = (int)syscall(SYS_landlock_create_ruleset, &all, size, 0);
	if (fd < 0 || syscall(SYS_landlock_restrict_self, fd, 0))
		return -errno;
	return 0;
}

/* --- seccomp --------------------------------------------------------------------- */

/* What reading takes: memory, the descriptors that are there, the clock, the end.  A library that calls
 * something else gets an error, which is well: none needs more to read a mail (tests/read tries). */
static const int allowed[] = {
	SCMP_SYS(read), SCMP_SYS(pread64), SCMP_SYS(write), SCMP_SYS(lseek), SCMP_SYS(close),
	SCMP_SYS(fstat), SCMP_SYS(recvmsg),
	SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise),
	SCMP_SYS(futex), /* the C library ends the process if that fails, even for one thread */
	SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(getrandom),
	SCMP_SYS(setitimer), SCMP_SYS(getrusage),
	SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(rt_sigprocmask), /* of abort() */
	SCMP_SYS(exit), SCMP_SYS(exit_group),
};

/* What the sanitizers do beside. */
static const int for_sanitizers[] = {
	SCMP_SYS(readv), SCMP_SYS(preadv), SCMP_SYS(writev), SCMP_SYS(pwrite64), SCMP_SYS(poll),
	SCMP_SYS(ppoll), SCMP_SYS(mincore), SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity),
	SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(membarrier), SCMP_SYS(clock_getres),
	SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep), SCMP_SYS(restart_syscall), SCMP_SYS(sysinfo),
	SCMP_SYS(uname), SCMP_SYS(getppid), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid),
	SCMP_SYS(getegid), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack),
};

/* No library calls these when it reads a mail: whoever does has taken over, and ends here. */
static const int deadly[] = {
	SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(socket), SCMP_SYS(connect), SCMP_SYS(bind),
	SCMP_SYS(listen), SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(pidfd_getfd),
	SCMP_SYS(bpf), SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd), SCMP_SYS(keyctl),
	SCMP_SYS(add_key), SCMP_SYS(request_key), SCMP_SYS(unshare), SCMP_SYS(setns),
	SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(pivot_root), SCMP_SYS(chroot),
	SCMP_SYS(init_module), SCMP_SYS(finit_module), SCMP_SYS(kexec_load),
	SCMP_SYS(io_uring_setup),
};

static int allow_plain(scmp_filter_ctx f)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < G_N_ELEMENTS(allowed); i++)
		r = seccomp_rule_add(f, SCMP_ACT_ALLOW, allowed[i], 0);
	for (size_t i = 0; JAIL_SANITIZED && r == 0 && i < G_N_ELEMENTS(for_sanitizers); i++)
		r = seccomp_rule_add(f, SCMP_ACT_ALLOW, for_sanitizers[i], 0);
	for (size_t i = 0; r == 0 && i < G_N_ELEMENTS(deadly); i++)
		r = seccomp_rule_add(f, SCMP_ACT_KILL_PROCESS, deadly[i], 0);
	return r;
}

/* Calls that are harmless with some arguments only. */
static int allow_some(scmp_filter_ctx f)
{
	const struct scmp_arg_cmp no_code = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	const struct scmp_arg_cmp myself = SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid());
	int r = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
		SCMP_A1(SCMP_CMP_EQ, F_DUPFD_CLOEXEC));

	if (r == 0)
		r = seccomp_rule_add_array(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, &no_code);
	if (r == 0)
		r = seccomp_rule_add_array(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, &no_code);
	if (r == 0)
		r = seccomp_rule_add_array(f, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, &myself);
	if (r == 0) /* what the C library makes of fstat */
		r = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(newfstatat), 1,
			SCMP_A3(SCMP_CMP_EQ, AT_EMPTY_PATH));
	if (r == 0 && JAIL_SANITIZED) /* getrlimit, not setrlimit */
		r = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 2,
			SCMP_A0(SCMP_CMP_EQ, 0), SCMP_A2(SCMP_CMP_EQ, 0));
	return r;
}

static int build_seccomp(void)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int r = f ? 0 : -ENOMEM;

	if (r == 0) /* another architecture's numbers would mean other calls */
		r = seccomp_attr_set(f, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (r == 0)
		r = allow_plain(f);
	if (r == 0)
		r = allow_some(f);
	if (r == 0)
		r = seccomp_load(f);
	if (f)
		seccomp_release(f);
	return r;
}

int jail_enter(uint64_t memory)
{
	int r = set_manners();

	if (r == 0)
		r = set_limits(memory);
	if (r == 0)
		r = build_landlock();
	if (r == 0)
		r = build_seccomp();
	return r;
}
