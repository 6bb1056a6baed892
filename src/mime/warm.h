/*
 * Everything that reading a message loads lazily, loaded at once.
 *
 * The C library opens a file for a charset, a catalogue of messages or a time
 * zone when it first meets one.  Where mail is read (read/jail.h) no file can
 * be opened, so all of them are loaded before the door is closed and stay.
 */
#ifndef TERN_MIME_WARM_H
#define TERN_MIME_WARM_H

/* The charsets that mail is written in, by names that iconv knows; ends with NULL. */
extern const char *const warm_charsets[];

/* Once, before other threads; returns how many charsets the C library does not have. */
int mime_warm(void);

#endif
