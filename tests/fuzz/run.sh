#!/bin/sh
# Builds the libFuzzer targets of this folder and runs each for a while, as many
# at a time as there are processors.
#
# usage: run.sh [TARGET...]      without one: all that are in this folder
#
# `make fuzz` calls it, with TOP_SRCDIR, TOP_BUILDDIR and the flags of the
# libraries in FUZZ_CPPFLAGS and FUZZ_LIBS.  Also heard:
#   FUZZ_SECONDS  for each target (60)
#   FUZZ_SEED     a number makes runs alike, from the seeds alone; without it every
#                 run is another one and begins with what the ones before found
#
# Everything is made in TOP_BUILDDIR/fuzz: the objects with the fuzzer's eyes in
# them, corpus/TARGET that grows from run to run, and found/, the inputs that
# broke something (run the target with such a file as its only argument).
# Ends with "N passed, N failed".  exit: 0 well, 1 something was found,
# 77 no clang with libFuzzer.
: "${TOP_SRCDIR:=$(cd "$(dirname "$0")/../.." && pwd)}" "${TOP_BUILDDIR:=.}"
: "${FUZZ_SECONDS:=60}" "${FUZZ_SEED:=0}" "${FUZZ_CPPFLAGS=}" "${FUZZ_LIBS=}"
export TOP_SRCDIR TOP_BUILDDIR FUZZ_CPPFLAGS
set -eu
dir=$TOP_BUILDDIR/fuzz
sanitize=address,undefined
rooms="base model mime read net config provider"

# compile FLAG FILE OBJECT
compile() {
	# shellcheck disable=SC2086
	clang -c -g -O1 -std=gnu11 -pthread -fno-omit-frame-pointer "-fsanitize=$1,$sanitize" \
		-fno-sanitize-recover=undefined -D_GNU_SOURCE -DHAVE_CONFIG_H '-DLOCALEDIR="/"' \
		'-DPKGDATADIR="/"' '-DG_LOG_DOMAIN="tern"' "-I$TOP_BUILDDIR" \
		"-I$TOP_BUILDDIR/src" "-I$TOP_SRCDIR/src" $FUZZ_CPPFLAGS -o "$3" "$2"
}

object_of() {
	printf '%s/objects/%s.o' "$dir" "$(printf '%s' "${1#"$TOP_SRCDIR/src/"}" | tr / -)"
}

works() {
	mkdir -p "$dir"
	printf 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n);\n%s\n' \
		'int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return d && n > 9; }' \
		>"$dir/probe.c"
	clang "-fsanitize=fuzzer,$sanitize" -o "$dir/probe" "$dir/probe.c" 2>/dev/null &&
		timeout 20 "$dir/probe" -runs=1 >/dev/null 2>&1
}

build_library() {
	[ -z "$(find "$TOP_SRCDIR/src" "$0" -newer "$dir/libfuzz.a" 2>&1)" ] && return
	rm -rf "$dir/objects" "$dir/libfuzz.a"
	mkdir -p "$dir/objects"
	for room in $rooms; do
		find "$TOP_SRCDIR/src/$room" -name '*.c'
	done | sort | xargs -P "$(nproc)" -n 6 timeout 300 sh "$0" --compile
	ar rcs "$dir/libfuzz.a" "$dir/objects"/*.o
}

# build TARGET
build() {
	compile fuzzer "$TOP_SRCDIR/tests/fuzz/fuzz_$1.c" "$dir/fuzz_$1.o"
	# shellcheck disable=SC2086
	clang -g "-fsanitize=fuzzer,$sanitize" -pthread -o "$dir/fuzz_$1" "$dir/fuzz_$1.o" \
		"$dir/libfuzz.a" $FUZZ_LIBS
}

seeds_of() {
	case $1 in
	imap) echo "$TOP_SRCDIR/tests/data/imap-responses" ;;
	quote) echo "$TOP_SRCDIR/tests/data/reply-quotes" ;;
	authres | line | url | wire) echo "$TOP_SRCDIR/tests/fuzz/seeds-$1" ;;
	calendar) echo "$TOP_SRCDIR/tests/data/mime/calendar" ;;
	tnef) echo "$TOP_SRCDIR/tests/data/mime/tnef/datafiles" ;;
	html) echo "$TOP_SRCDIR/tests/data/html-to-text/inscriptis $TOP_SRCDIR/tests/data/html-hostile/bleach" ;;
	*) echo "$TOP_SRCDIR/tests/data/mime" ;;
	esac
}

# run TARGET: true if nothing was found
run() {
	corpus=$dir/corpus/$1
	[ "$FUZZ_SEED" = 0 ] || { corpus=$dir/corpus/$1-once && rm -rf "$corpus"; }
	mkdir -p "$corpus" "$dir/found"
	result=0
	words=
	case $1 in
	imap | line) words=-dict=$TOP_SRCDIR/tests/fuzz/imap.dict ;;
	authres | html) words=-dict=$TOP_SRCDIR/tests/fuzz/$1.dict ;;
	esac
	# shellcheck disable=SC2046,SC2086 # no word, or one; one folder, or two
	G_DEBUG=gc-friendly timeout $((FUZZ_SECONDS + 120)) "$dir/fuzz_$1" $words -seed="$FUZZ_SEED" \
		-max_total_time="$FUZZ_SECONDS" -max_len=16384 -timeout=20 -rss_limit_mb=2048 \
		-print_final_stats=1 -artifact_prefix="$dir/found/$1-" \
		"$corpus" $(seeds_of "$1") >"$dir/$1.log" 2>&1 </dev/null || result=$?
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$dir/$1.log")
	coverage=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$dir/$1.log" | tail -n 1)
	if [ "$result" = 0 ]; then
		echo "fuzz_$1: ${runs:-0} executions, $coverage places reached, nothing found"
	else
		echo "fuzz_$1: FAILED after ${runs:-?} executions"
		grep -vE '^#|^(INFO|NEW|REDUCE)' "$dir/$1.log" | tail -n 60
	fi
	return $result
}

case ${1:-} in
--compile)
	shift
	for file in "$@"; do
		compile fuzzer-no-link "$file" "$(object_of "$file")"
	done
	exit ;;
--target)
	build "$2" && run "$2" || echo "$2" >>"$dir/failed"
	exit ;;
esac

works || { echo "clang with libFuzzer is not here: skipped"; exit 77; }
build_library
# shellcheck disable=SC2046 # one word each
[ $# -gt 0 ] || set -- $(find "$TOP_SRCDIR/tests/fuzz" -name 'fuzz_*.c' | sed 's@.*/fuzz_@@; s@\.c$@@' | sort)
: >"$dir/failed"
printf '%s\n' "$@" | xargs -P "$(nproc)" -n 1 sh "$0" --target || echo xargs >>"$dir/failed"
failed=$(wc -l <"$dir/failed")
echo "$(($# - failed)) passed, $failed failed"
[ "$failed" = 0 ]
