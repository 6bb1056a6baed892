#!/bin/sh
# The walls: a room of src/ includes only the rooms that tests/lint/doors
# names, and a library's headers only where tests/lint/headers allows it.
. "$(dirname "$0")/lib.sh"
set -f

while IFS=: read -r room doors; do
	case $room in '' | \#*) continue ;; esac
	[ -d "src/$room" ] || finding "$room is in the list of doors, but src/$room is not there"
	found=$(grep -rnE '^#[ 	]*include "[a-z]+/' "src/$room" |
		awk -v ok=" $room $doors " -F'"' \
			'{ split($2, p, "/"); if (!index(ok, " " p[1] " ")) print }')
	[ -z "$found" ] || finding "$room/ goes through a wall:
$found"
done <"$lint/doors"

for dir in $(find src -mindepth 1 -maxdepth 1 -type d | sort); do
	grep -q "^${dir#src/}:" "$lint/doors" || finding "$dir is not in tests/lint/doors"
done

while IFS=: read -r headers files; do
	case $headers in '' | \#*) continue ;; esac
	for file in $(grep -rlE "^#[ 	]*include [<\"]($headers)[>\"]" src); do
		# shellcheck disable=SC2086
		matches "$file" $files || finding "$file may not include $headers"
	done
done <"$lint/headers"
exit $rc
