#!/bin/sh
# Files have at most 800 lines, functions at most 70; the median function is told.
. "$(dirname "$0")/lib.sh"

for file in $(sources) $(find tests -name '*.[ch]' 2>/dev/null | sort); do
	lines=$(wc -l <"$file")
	[ "$lines" -le 800 ] || finding "$file has $lines lines: look for its second noun"
done

# A function begins with "{" in the first column and ends with "}" there.
lengths=$(for file in $(sources); do
	awk -v file="$file" '
		/^[A-Za-z].*\(/ && !/;[ \t]*$/ { head = $0; sub(/\(.*/, "", head); sub(/.*[ *]/, "", head) }
		/^\{/ { start = NR }
		/^\}[ \t]*$/ { if (start) print NR - start - 1, file ":" start, head; start = 0 }' "$file"
done | sort -n)
[ -n "$lengths" ] || finding "no functions were found"
long=$(printf '%s\n' "$lengths" | awk '$1 > 70')
[ -z "$long" ] || finding "functions of over 70 lines:
$long"
printf '%s\n' "$lengths" |
	awk '{ n[NR] = $1 } END { printf "%d functions, median %d lines, 95 %% have at most %d\n",
		NR, n[int((NR + 1) / 2)], n[int(NR * 0.95)] }'
exit $rc
