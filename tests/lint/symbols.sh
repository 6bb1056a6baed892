#!/bin/sh
# The program never uses libetpan's own TLS, nor functions that trust too much.
. "$(dirname "$0")/lib.sh"

program=${TOP_BUILDDIR:-.}/tern
[ -x "$program" ] && command -v nm >/dev/null || exit 77
found=$(nm -u "$program" | grep -E ' mail[a-z]*_(ssl|tls)_| mailstream_(ssl|cfstream)|SSL_CTX_set_cert_verify_callback')
[ -z "$found" ] || finding "$program uses:
$found"
nm -D "$program" | grep -qE ' (__stack_chk_fail|__asan_init|__tsan_init)' ||
	finding "$program has no stack protector"
exit $rc
