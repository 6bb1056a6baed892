#!/bin/sh
# Functions that nobody calls, or only the files that tests/lint/banned names.
. "$(dirname "$0")/lib.sh"
set -f

all=$(grep -vE '^(#|$)' "$lint/banned" | cut -d: -f1 | tr '\n' '|')
for file in $(sources); do
	for name in $(code_of "$file" | grep -oE "(^|[^A-Za-z0-9_>.])(${all%|})\(" |
		sed -E 's/^[^a-z]//; s/\($//' | sort -u); do
		allowed=$(sed -n "s/^$name://p" "$lint/banned")
		# shellcheck disable=SC2086
		matches "$file" $allowed || finding "$file calls $name"
	done
done
exit $rc
