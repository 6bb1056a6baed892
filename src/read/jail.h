/*
 * The jail: a process that reads a stranger's bytes gives up everything else.
 *
 * Three walls, each enough against most of what a broken parser can be made
 * to do, so that one may have a hole (or be missing in an old kernel):
 *
 *   limits     no new file beyond a size, no core, few descriptors, no
 *              processes, so many bytes of memory and seconds of CPU, or less where the program was
 *              started with less; ends with its parent; no other process of the same user may
 *              look into it
 *   Landlock   no path of the file system, no TCP, no signal to other
 *              processes (landlock(7); as much as the kernel knows)
 *   seccomp    a list of the system calls that reading needs.  Opening a file
 *              is answered EPERM, because libraries try that in good faith
 *              and go on without; calls that no parser makes and every
 *              intruder wants (execve, socket, connect, ptrace, ...) end the
 *              process.  Nothing that can be executed is mapped any more,
 *              signals go to itself only, fork is refused.
 *
 * Descriptors that are open stay open: they are what the process is meant for.
 * What remains possible is using up CPU and the memory that is allowed, writing
 * to these descriptors, and asking whether a path exists (fstat is newfstatat,
 * and seccomp cannot tell them apart); nobody hears the answer but the parent.
 *
 * Everything that loads files lazily must be loaded before (mime/warm.h).
 */
#ifndef TERN_READ_JAIL_H
#define TERN_READ_JAIL_H

#include <stdint.h>

/* Sanitizers reserve address space by the terabyte: no limit of memory is possible with them. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define JAIL_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define JAIL_SANITIZED 1
#endif
#endif
#ifndef JAIL_SANITIZED
#define JAIL_SANITIZED 0
#endif

enum {
	JAIL_FILES_MAX = 32,          /* descriptors */
	JAIL_CPU_S_MAX = 600,         /* seconds of CPU in all: the end of one that burns them unasked */
};
#define JAIL_FILE_BYTES_MAX (INT64_C(8) << 30) /* what may be written into one file */

/* What the kernel offers: the version of Landlock's interface, 0 = none (for doctor). */
int jail_landlock(void);

/*
 * Closes the doors of this process for ever.  memory: bytes of address space beside what it has
 * now.  Only with one thread.  0, or -errno of a wall that should be there and could not be built:
 * then the process must not read anything.  A kernel without Landlock is no failure.
 */
int jail_enter(uint64_t memory);

#endif
