/* What the files of this test share. */
#ifndef TERN_TESTS_READ_TEST_READ_H
#define TERN_TESTS_READ_TEST_READ_H

#include <check.h>

#include "mime/document.h"

/* A file without a name that holds these bytes. */
int file_of(const char *bytes, size_t len);
/* All bytes of the file from its beginning. */
GByteArray *bytes_of(int fd);
/* Every mail of tests/data/mime, as paths. */
GPtrArray *corpus(void);
/* A message with an attachment of so many bytes (they count up), base64. */
int large_mail(size_t attachment);

/* Plays a child that is not as it should be (test_play.c): never returns. */
_Noreturn void play(const char *word);
#define PLAY "--play-"

TCase *jail_cases(void);
TCase *wire_cases(void);
TCase *reader_cases(void);
TCase *failure_cases(void);
TCase *export_cases(void);
TCase *htmlfilter_cases(void);

#endif
