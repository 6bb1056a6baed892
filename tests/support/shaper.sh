#!/bin/bash
# shaper.sh - a private Dovecot with imapshape.py in front of it, for tests
#
# usage: shaper.sh start DIR PROFILE [LINES]
#                                start, print KEY=VALUE lines, return when the
#                                server greets
#        shaper.sh stop DIR      stop both (fine if they are not running)
#
# PROFILE is B, C, D or DROP, LINES is for DROP: see imapshape.py.
# Keys printed: PID HOST IMAP_PORT (shaped, in the clear) BACKEND_PORT (Dovecot
# itself, in the clear) LOG. Users, passwords and what stays at a second start
# are as with dovecot.sh, which runs in DIR/backend.
#
# exit: 0 done, 1 failure, 2 usage, 77 no Dovecot 2.3 on this machine
#
# SPDX-License-Identifier: GPL-3.0-or-later
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/support/server.bash
. "$here/server.bash"

begin "$@"
case $1 in
start) [ $# = 3 ] || [ $# = 4 ] || usage ;;
stop)
	stop_group
	exec "$here/dovecot.sh" stop "$D/backend"
	;;
*) usage ;;
esac
! running >/dev/null || fail "already running in $D"

chmod 755 "$D"
backend=$("$here/dovecot.sh" start "$D/backend") || exit
backend=$(sed -n 's/^IMAP_PORT=//p' <<< "$backend")
port=$(ports 1)
setsid python3 "$here/imapshape.py" --backend "127.0.0.1:$backend" --profile "$3" \
	--port "$port" ${4:+--lines "$4"} </dev/null >"$D/log" 2>&1 &
note_pid $!
started $! "$port" "$D/log"
tell PID $! HOST 127.0.0.1 IMAP_PORT "$port" BACKEND_PORT "$backend" LOG "$D/log"
