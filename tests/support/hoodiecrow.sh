#!/bin/bash
# hoodiecrow.sh - a private hoodiecrow-imap 2.1 on loopback, for tests
#
# usage: hoodiecrow.sh start DIR   start, print KEY=VALUE lines, return when the
#                                  server greets
#        hoodiecrow.sh stop DIR    stop it (fine if it is not running)
#
# Keys printed: PID HOST IMAP_PORT (in the clear) LOG.
# User: alice; password: secret. hoodiecrow keeps mail in memory; hoodiecrow.js
# writes it to DIR when it is stopped and reads it when it is started again.
#
# A server that lies by nature: with CONDSTORE it forgets MODSEQ in some
# answers, and a mailbox made anew may have its old UIDVALIDITY. It has Gmail's
# X-GM-EXT-1. What else it offers is a list of plugins:
#   PLUGINS   (environment) instead of those of hoodiecrow.js, e.g. "IDLE MOVE"
#
# Taken from the folder of servers.sh; needs node.
#
# exit: 0 done, 1 failure, 2 usage, 77 hoodiecrow or node is not there
#
# SPDX-License-Identifier: GPL-3.0-or-later
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/support/server.bash
. "$here/server.bash"

begin "$@"
case $1 in
start) ;;
stop)
	stop_group
	exit 0
	;;
*) usage ;;
esac
! running >/dev/null || fail "already running in $D"
command -v node >/dev/null || skip "no node"
root=$(unpacked hoodiecrow)

port=$(ports 1)
NODE_PATH=$root/node_modules setsid node "$here/hoodiecrow/hoodiecrow.js" "$port" \
	"$D/storage.json" </dev/null >"$D/log" 2>&1 &
note_pid $!
started $! "$port" "$D/log"
tell PID $! HOST 127.0.0.1 IMAP_PORT "$port" LOG "$D/log"
