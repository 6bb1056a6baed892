#!/bin/sh
# The short form of cachesim: ours beats what is simpler, and the store does as the sums say.
set -eu
dir=$(mktemp -d "${TMPDIR:-/tmp}/tern-cachesim-XXXXXX")
trap 'rm -rf "$dir"' EXIT
"$TOP_BUILDDIR/tests/bench/cachesim" -n 20000 -t 300 --check
"$TOP_BUILDDIR/tests/bench/cachesim" -n 4000 -b 5 -t 7200 --store "$dir/store" --check
