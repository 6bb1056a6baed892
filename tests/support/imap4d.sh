#!/bin/bash
# imap4d.sh - a private GNU Mailutils imap4d 3.15 on loopback, for tests
#
# usage: imap4d.sh start DIR   start, print KEY=VALUE lines, return when the
#                              server greets
#        imap4d.sh stop DIR    stop it (fine if it is not running)
#
# Keys printed: PID HOST IMAP_PORT (in the clear) MAIL LOG.
# User: alice@localhost; password: secret. MAIL/alice/INBOX is her inbox, an mbox
# file, and her other mailboxes are files beside it. The mail and, if it is free,
# the port stay when it is started again in the same DIR.
#
# A very plain server: IMAP4rev1 with IDLE, LITERAL+, NAMESPACE and UNSELECT;
# no UIDPLUS, MOVE, CONDSTORE, SPECIAL-USE. The separator of INBOX is NIL, an
# APPEND needs a From field, UID EXPUNGE is BAD.
#
# Taken from the packages of servers.sh; needs root, as it takes the user's id.
#
# exit: 0 done, 1 failure, 2 usage, 77 imap4d is not there, or not root
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
root=$(unpacked debian)
[ "$(id -u)" = 0 ] || skip "needs root, to take the user's id"

home=$D/mail/alice
port=$(ports 1)
mkdir -p "$D/pw" "$home"
echo "alice:$(openssl passwd -6 secret):65534:65534:Alice:$home:/bin/sh" > "$D/pw/localhost"
touch "$home/INBOX"
chown -R 65534:65534 "$home"
chmod 755 "$D"
cat > "$D/imap4d.conf" <<END
mode daemon;
foreground yes;
tls-mode no;
virtdomain {
  passwd-dir "$D/pw";
};
auth {
  authentication generic;
  authorization virtdomain;
};
mailbox {
  mailbox-pattern "mbox:$home/INBOX";
};
logging {
  syslog no;
};
server 127.0.0.1:$port {
  tls-mode no;
};
END
LD_LIBRARY_PATH=$(library_path "$root") setsid "$root/usr/sbin/imap4d" --no-site-config \
	"--config-file=$D/imap4d.conf" </dev/null >"$D/log" 2>&1 &
note_pid $!
started $! "$port" "$D/log"
tell PID $! HOST 127.0.0.1 IMAP_PORT "$port" MAIL "$D/mail" LOG "$D/log"
