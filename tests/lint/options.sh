#!/bin/sh
# Every option of the tables in src/config/options.c stands in tern.conf(5), and nothing else does.
. "$(dirname "$0")/lib.sh"

known=$(sed -n 's/^	{ "\([a-z-]*\)", OPTION_.*/\1/p' src/config/options.c | sort -u)
told=$(sed -n 's/^\.BR \([a-z\\-]*\) " = .*/\1/p' doc/tern.conf.5 | sed 's/\\-/-/g' | sort -u)
for name in $known; do
	echo "$told" | grep -qx -- "$name" || finding "$name is not in doc/tern.conf.5"
done
for name in $told; do
	echo "$known" | grep -qx -- "$name" || finding "doc/tern.conf.5 tells of $name, which is no option"
done
[ -n "$known" ] || finding "no option was found"
exit $rc
