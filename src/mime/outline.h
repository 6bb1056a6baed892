/*
 * The parts of a parsed message as one array, depth first: what document.c
 * and body.c walk instead of recursing into the tree.  Nodes borrow from the
 * GMime message, which must outlive them; what a part was unpacked into
 * (winmail.dat, uuencoded files, a message that was encoded) stands below it
 * like any other part.
 */
#ifndef TERN_MIME_OUTLINE_H
#define TERN_MIME_OUTLINE_H

#include <stdbool.h>

#include <gmime/gmime.h>

#include "mime/structure.h"
#include "model/hole.h"

enum { OUTLINE_TYPE_MAX = 128 };

enum outline_has {
	HAS_PLAIN = 1 << 0, /* text that is shown as it is, here or below */
	HAS_HTML = 1 << 1,
};

struct node {
	GMimeObject *object;
	GMimeMessage *message;   /* of a message inside, else NULL */
	char type[OUTLINE_TYPE_MAX];
	char *filename;          /* decoded (name.h); may be NULL */
	int parent;              /* -1 for the root */
	int depth, index, n_children;
	enum part_parent in;     /* what the parent is */
	unsigned has;            /* enum outline_has */
	bool attachment;
	bool shown;              /* set by body_render: its text is shown */
	bool armor, armor_whole; /* set by body_render: inline PGP, and nothing else in the text */
	bool missing;            /* set by outline_holes */
	GMimeMultipart *made;    /* what was unpacked from the part (unpack.h): its children */
	GMimeMessage *opened;    /* the message that was encoded as a whole (unpack.h), also in message */
	bool apart;              /* lies in something of these two: is not in the file as it stands */
	uint64_t size;           /* decoded bytes, or an estimate */
};

/* GArray of struct node, which frees what it made; *cut is set if a limit left parts out. */
GArray *outline_build(GMimeObject *root, int depth_max, int parts_max, bool *cut);

/* Marks the parts whose contents were left at the server. */
void outline_holes(GArray *nodes, const struct body_hole *holes, size_t n_holes);

/* The index behind the last part below node i. */
int outline_end(GArray *nodes, int i);

static inline struct node *outline_node(GArray *nodes, int i)
{
	return &g_array_index(nodes, struct node, i);
}

#endif
