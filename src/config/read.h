/* Inside of config/ only: what config.c asks of accounts.c. */
#ifndef TERN_CONFIG_READ_H
#define TERN_CONFIG_READ_H

#include "config/config.h"

/* Adds the accounts of accounts.conf, then of accounts.d in the order of file names. */
int accounts_load(const struct places *p, struct config *c, struct err *err);

#endif
