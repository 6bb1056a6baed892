/*
 * The outline of a message file without building it: part headers are read,
 * bodies are only searched for boundaries.  One small buffer, no recursion,
 * every count bounded.  It answers two questions: is there an attachment (for
 * a list row), and up to which byte may the real parser be let loose.
 */
#ifndef TERN_MIME_STRUCTURE_H
#define TERN_MIME_STRUCTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
	STRUCTURE_DEPTH_MAX = 64,
	STRUCTURE_GROUPS_MAX = 200, /* colons in one address field: GMime recurses on groups */
};

/* What surrounds a part. */
enum part_parent { PARENT_NONE, PARENT_MIXED, PARENT_ALTERNATIVE, PARENT_RELATED, PARENT_OTHER };

/* What a part's header says, as far as "is it an attachment" needs it. */
struct part_facts {
	const char *type;        /* "text/plain", lower case */
	enum part_parent parent;
	int index;               /* among its siblings */
	bool attached;           /* Content-Disposition: attachment */
	bool named;              /* has a file name */
	bool has_id;             /* has a Content-ID */
};

/* The one rule for rows and documents. */
bool part_is_attachment(const struct part_facts *f);

enum part_parent part_parent_of(const char *multipart_type);

struct structure_limits {
	int64_t bytes;        /* looked at in all */
	int64_t header_bytes; /* of one header block */
	int header_lines;     /* in all blocks together */
	int parts;
	bool stop_at_attachment;
};

struct structure {
	bool has_attachment;
	int parts;
	bool cut;         /* a limit was reached before the outline was complete ... */
	int64_t end;      /* ... and so many bytes from the beginning are within the limits */
};

int structure_scan(int fd, const struct structure_limits *limits, struct structure *out,
	struct err *err);

/* The same for bytes in memory. */
void structure_scan_bytes(const char *s, size_t len, const struct structure_limits *limits,
	struct structure *out);

#endif
