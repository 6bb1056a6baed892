#!/bin/sh
# embed.sh NAME FILE...: writes a C header with one string constant per file.
# NAME is "schema" (constants schema_<file>) or the constant's own name when
# there is a single file.  Used by the build for texts that the program carries.
set -eu
name=$1
shift
echo "/* Made by src/embed.sh; do not edit. */"
for f in "$@"; do
	id=$name
	if [ $# -gt 1 ] || [ "$name" = schema ]; then
		id=${name}_$(basename "$f" | sed 's/\.[^.]*$//; s/[^A-Za-z0-9]/_/g')
	fi
	echo "static const char $id[] ="
	sed 's/\\/\\\\/g; s/"/\\"/g; s/	/\\t/g; s/^/"/; s/$/\\n"/' "$f"
	echo ";"
done
