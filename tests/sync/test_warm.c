/* Warming and reading offline, with the fake server. */
#include <check.h>
#include <stdlib.h>

#include "sync/rig.h"
#include "sync/suites.h"

TCase *suite_warm(void)
{
	return tcase_create("warm");
}
