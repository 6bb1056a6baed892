/* The cases of the mime room; test_mime.c runs them all. */
#ifndef TERN_TEST_MIME_H
#define TERN_TEST_MIME_H

#include <stddef.h>

#include <check.h>

#include "mime/document.h"

TCase *text_cases(void);
TCase *document_cases(void);
TCase *hostile_cases(void);
TCase *html_cases(void);
TCase *html_bombs(void);
TCase *summary_cases(void);
TCase *corpus_cases(void);
TCase *sender_cases(void);
TCase *quote_cases(void);
TCase *shape_cases(void);
TCase *encoded_cases(void);

/* A memory file that holds these bytes. */
int file_of(const char *bytes, size_t len);

/* The document of these bytes, checked for what every document promises. */
struct document *document_of(const char *bytes, size_t len);
void check_document(const struct document *d);

#endif
