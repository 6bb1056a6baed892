#!/bin/sh
# Every source with words for people is listed in po/POTFILES.in, and no other.
# With --write the list is written anew.
. "$(dirname "$0")/lib.sh"

with_words() {
	grep -lE '(^|[^A-Za-z0-9_])(_|N_|ngettext)\("' $(sources) |
		grep -v '^src/base/i18n.h$' | sort
}

if [ "${1:-}" = --write ]; then
	with_words >po/POTFILES.in
	exit
fi
with_words >"${TMPDIR:-/tmp}/tern-potfiles.$$"
missing=$(grep -vE '^(#|$)' po/POTFILES.in | sort | comm -13 - "${TMPDIR:-/tmp}/tern-potfiles.$$")
extra=$(grep -vE '^(#|$)' po/POTFILES.in | sort | comm -23 - "${TMPDIR:-/tmp}/tern-potfiles.$$")
rm -f "${TMPDIR:-/tmp}/tern-potfiles.$$"
[ -z "$missing" ] || finding "po/POTFILES.in lacks:
$missing
(tests/lint/potfiles.sh --write writes it anew)"
[ -z "$extra" ] || finding "po/POTFILES.in lists files without words:
$extra"
# Of a word in several strings gettext knows the macros of <inttypes.h> only.
cut=$(grep -nE '(^|[^A-Za-z0-9_])(_|N_|ngettext)\("[^"]*" *G_[A-Z0-9]+_FORMAT' $(sources))
[ -z "$cut" ] || finding "gettext would cut these words; take PRId64:
$cut"
exit $rc
