# Shared by the lint scripts: where the sources are, and how a finding is told.
: "${TOP_SRCDIR:=$(cd "$(dirname "$0")/../.." && pwd)}"
export LC_ALL=C
lint=$TOP_SRCDIR/tests/lint
cd "$TOP_SRCDIR" || exit 99
rc=0

finding() {
	printf '%s: %s\n' "$(basename "$0")" "$*"
	rc=1
}

# matches FILE PATTERN...: true if one of the shell patterns fits the file
matches() {
	matched=$1
	shift
	for pattern in "$@"; do
		# shellcheck disable=SC2254
		case $matched in
		$pattern) return 0 ;;
		esac
	done
	return 1
}

# The sources without comments and the insides of strings, so that words in them are no findings.
code_of() {
	sed -E -e 's/\\"//g' -e 's/"[^"]*"/""/g' -e 's@/\*.*\*/@@' -e 's@^[ 	]*/?\*.*@@' "$1"
}

sources() {
	find src -name '*.[ch]' | sort
}
