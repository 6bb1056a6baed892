# shellcheck shell=sh
# Shared by the scripts that run the whole program; to be read, not run.
# Afterwards there are $tern, $dir (removed at the end), $home and the checks.
: "${TOP_SRCDIR:=$(cd "$(dirname "$0")/../.." && pwd)}" "${TOP_BUILDDIR:=.}"
tern=$TOP_BUILDDIR/tern
[ -x "$tern" ] || exit 77
export LC_ALL=C.UTF-8 TZ=UTC
unset TERN_DEMO XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME

dir=$(mktemp -d "${TMPDIR:-/tmp}/tern-cli.XXXXXX") || exit 99
cleanup() { :; } # a script's own, before the folder goes
trap 'cleanup; rm -rf "$dir"' EXIT
trap 'exit 99' INT TERM
home=$dir/home
failed=0 passed=0

# t ARGS...: runs tern, keeps $out, $talk and $code
t() {
	timeout 60 "$tern" --home "$home" "$@" >"$dir/out" 2>"$dir/talk" </dev/null
	code=$?
	out=$(cat "$dir/out") talk=$(cat "$dir/talk")
}

ok() {
	passed=$((passed + 1))
}

bad() {
	failed=$((failed + 1))
	printf 'FAILED: %s (exit %s)\n--- out\n%s\n--- talk\n%s\n' "$1" "$code" "$out" "$talk" >&2
}

is_code() { if [ "$code" = "$2" ]; then ok; else bad "$1: exit $2 expected"; fi; }
is() { if [ "$2" = "$3" ]; then ok; else bad "$1: '$3' expected, got '$2'"; fi; }
has() { case $2 in *"$3"*) ok ;; *) bad "$1: '$3' expected" ;; esac; }
lacks() { case $2 in *"$3"*) bad "$1: '$3' not expected" ;; *) ok ;; esac; }

# field KEY: the values of a key in lines of JSON, one a line
field() {
	sed -nE "s/.*[{,]\"$1\":(\"([^\"\\]|\\\\.)*\"|\[[^]]*\]|[^,}]*).*/\1/p"
}

# letter FOLDER-DIR NAME MTIME FROM SUBJECT: one message in the Maildir
letter() {
	mkdir -p "$1/cur" "$1/new" "$1/tmp"
	printf 'From: %s\nTo: Robin <robin@example.org>\nSubject: %s\nDate: Fri, 02 Jan 2026 10:00:00 +0100\nMessage-ID: <%s@example.org>\n\nHello from %s.\n' \
		"$4" "$5" "${2%%:*}" "${2%%:*}" >"$1/cur/$2"
	touch -d "$3" "$1/cur/$2"
}

# The last line of a script.
finish() {
	echo "$passed passed, $failed failed"
	[ "$failed" = 0 ]
}
