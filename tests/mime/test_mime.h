/* The cases of the mime room; test_mime.c runs them all. */
#ifndef TERN_TEST_MIME_H
#define TERN_TEST_MIME_H

#include <check.h>

TCase *text_cases(void);

#endif
