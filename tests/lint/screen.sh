#!/bin/sh
# One way to the terminal: only src/ui/term.c calls curses' output functions,
# and it paints nothing but the cells of a canvas, which only takes text that
# went through the clean-up of base/text.h.  In the command line, outside text
# passes text_clean; nothing but cli/ and main.c writes to standard output.
. "$(dirname "$0")/lib.sh"
set -f

curses='(mv)?w?(add|ins)n?(ch|str|wstr)|(mv)?w?(add|ins)chn?str|(mv)?w?(add|ins)_wch(n?str)?|(mv)?w?printw|vw_?printw|putp|tputs|tparm|initscr|newterm|doupdate|wrefresh|wnoutrefresh'
output='printf|puts|putchar|fputs|fprintf|fwrite|putc|fputc|vfprintf|perror|g_print|g_printerr'
for file in $(sources); do
	found=$(code_of "$file" | grep -nE "(^|[^A-Za-z0-9_])($curses)\(")
	case $file in
	src/ui/term.c)
		# wide cells only: a string function would take text as it came
		found=$(code_of "$file" | grep -nE "(^|[^A-Za-z0-9_])(mv)?w?((add|ins)n?(str|wstr)|printw)\(") ;;
	esac
	[ -z "$found" ] || finding "$file talks to curses: $found"

	matches "$file" 'src/cli/*' src/main.c src/ui/term.c && continue
	found=$(code_of "$file" | grep -nE "(^|[^A-Za-z0-9_])($output)\(" |
		grep -E 'printf\("|[( ](stdout|stderr)|puts\(|putchar\(|perror\(|g_print')
	case $file in src/config/options.c) found= ;; esac # prints a manual into a file it is given
	[ -z "$found" ] || finding "$file writes past the screen: $found"
done
exit $rc
