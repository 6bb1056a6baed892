# shellcheck shell=bash
# server.bash - what the scripts that start a private server have in common; to
# be read by them, not run. They have `set -eu`, $here (the folder of this file)
# and a usage in the first comment of their own.
#
# Afterwards there are
#   servers     the folder of servers.sh
#   begin       makes $D of the DIR of the command line, refuses awkward names
#   ports N     N free ports; the same as at the last start in $D if still free
#   tell        prints KEY=VALUE, quoted for the shell
#   ...and the functions below.
#
# SPDX-License-Identifier: GPL-3.0-or-later
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
servers=${TERN_TEST_SERVERS:-$here/../../build/servers}
name=$(basename "$0")

usage() {
	awk '/^# usage:/ { on = 1 } on && /^#$/ { exit } on { sub(/^# ?/, ""); print }' "$0" >&2
	exit 2
}

fail() {
	echo "$name: $*" >&2
	exit 1
}

skip() {
	echo "$name: $*" >&2
	exit 77
}

# begin COMMAND DIR
begin() {
	[ $# -ge 2 ] || usage
	case $2 in
	*[%#\$\"]* | *$'\n'*) fail "unsuitable directory name: $2" ;;
	esac
	[ "$1" != start ] || mkdir -p "$2"
	D=$(cd "$2" 2>/dev/null && pwd) || { [ "$1" = stop ] && exit 0 || fail "no such directory"; }
}

# The folder of an unpacked server, or this test is skipped.
unpacked() {
	[ -e "$servers/$1/complete" ] ||
		skip "not there: run tests/support/servers.sh fetch, or contrib/check"
	(cd "$servers/$1" && pwd)
}

# library_path ROOT: prints where the libraries below ROOT lie, for LD_LIBRARY_PATH
library_path() {
	local folder
	for folder in "$1"/usr/lib/*-linux-gnu "$1"/lib/*-linux-gnu "$1/usr/lib"; do
		[ ! -d "$folder" ] || printf '%s:' "$folder"
	done
}

ports() {
	local old
	old=$(cat "$D/ports" 2>/dev/null) || old=
	# shellcheck disable=SC2086 # words
	python3 - "$1" $old <<-'END' | tee "$D/ports"
	import socket, sys
	def bind(port):
	    s = socket.socket()
	    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
	    s.bind(("127.0.0.1", port))
	    return s
	n = int(sys.argv[1])
	try:
	    held = [bind(int(p)) for p in sys.argv[2:2 + n]]
	except OSError:
	    held = []
	held += [bind(0) for _ in range(n - len(held))]
	print(*[s.getsockname()[1] for s in held])
	END
}

# True when an IMAP server greets at this port. /dev/tcp is bash's own.
greets() {
	local line
	{
		exec 3<>"/dev/tcp/127.0.0.1/$1"
	} 2>/dev/null || return 1
	read -r -t 2 line <&3 || line=
	exec 3<&- 3>&-
	[ "${line:0:4}" = "* OK" ]
}

# started PID PORT LOG...: waits for the greeting; ends with the logs if PID dies first
started() {
	local i pid=$1 port=$2
	shift 2
	for i in {1..300}; do
		! greets "$port" || return 0
		kill -0 "$pid" 2>/dev/null || break
		sleep .02
	done
	tail -n 20 "$@" >&2 2>/dev/null || :
	fail "the server does not start"
}

# note_pid PID: keeps it with its birth, as a pid file may be older than a reboot
note_pid() {
	echo "$1 $(ps -o lstart= -p "$1")" > "$D/pid"
}

# The pid that was noted, if that process still runs.
running() {
	local pid birth
	[ -s "$D/pid" ] || return 1
	read -r pid birth < "$D/pid"
	case $(ps -o stat= -p "$pid" 2>/dev/null) in
	Z* | '') return 1 ;;
	esac
	# shellcheck disable=SC2046,SC2086 # blanks do not count
	[ "$(echo $(ps -o lstart= -p "$pid"))" = "$(echo $birth)" ] && echo "$pid"
}

# stop_group: ends the process group whose leader's pid is in $D/pid
stop_group() {
	local pid i
	if pid=$(running); then
		kill -- "-$pid" 2>/dev/null || kill "$pid" 2>/dev/null || :
		for i in {1..100}; do
			running >/dev/null || break
			[ "$i" -lt 60 ] || kill -9 -- "-$pid" 2>/dev/null || :
			sleep .02
		done
		! running >/dev/null || fail "process $pid does not end"
	fi
	rm -f "$D/pid"
}

# tell KEY VALUE ...
tell() {
	while [ $# -ge 2 ]; do
		printf '%s=%q\n' "$1" "$2"
		shift 2
	done
}
