#!/bin/bash
# dovecot.sh - a private Dovecot 2.3 on loopback, for tests and benchmarks
#
# usage: dovecot.sh start DIR [--port N]   start, print KEY=VALUE lines, return
#                                          when the server greets
#        dovecot.sh stop DIR               stop it (fine if it is not running)
#        dovecot.sh own DIR                give files put below MAIL to the
#                                          user who reads them (does nothing
#                                          unless root)
#        dovecot.sh adm DIR ARGUMENTS...   doveadm against this server
#
# Keys printed, quoted for the shell, so that eval "$(dovecot.sh start DIR)" works:
#   PID                      of the master process
#   CA                       file with the authority to trust
#   HOST IMAP_PORT           IMAP in the clear, STARTTLS offered, login allowed
#   HOST IMAPS_PORT          IMAP over TLS
#   TLSONLY_HOST TLSONLY_PORT  IMAP that has LOGINDISABLED before STARTTLS
#   MAIL                     MAIL/USER/Maildir is where the mail lies
#   LOG                      the server's log
# Users: alice bob carol dave erin; password: secret.
#
# Ports are free ones the script finds; the same again at a second start in the
# same DIR as long as they are free, so a client's settings survive a restart of
# the server. With --port N they are N, N+1 and N+2. Mail and UIDs stay as well.
#
# Environment, all optional:
#   CERT KEY        another certificate (see certs.sh), e.g. an expired one;
#                   absolute file names
#   ACL             if set, offer ACL (RFC 4314), and what others gave a user
#                   rights to below shared/OTHER/
#   COMPRESS        if set, offer COMPRESS=DEFLATE
#   MECHANISMS      how one may log in, instead of "plain login"; e.g. "plain
#                   scram-sha-1 scram-sha-256 xoauth2 oauthbearer". For the last
#                   two the token tok-alice is alice's (see introspect.py)
#   CAPABILITY      replaces the list the server announces. The commands still
#                   work: use ../faults/imapfault.py to have them refused too
#   MAIL_LOCATION   instead of maildir:~/Maildir
#   MAIL_UID MAIL_GID  owner of the mail if started as root (65534, nobody);
#                   Dovecot does not touch mail as user 0
#
# All is kept in DIR, which may contain spaces but not % # $ " or a line break.
# Only if DIR is so long that a socket's name would not fit into the 108 bytes
# the kernel has for it, the sockets go to a directory in TMPDIR that stop
# removes. Run as root, the directories above DIR must be passable for MAIL_UID.
# 127.0.0.2 must be a loopback address, as on Linux.
#
# exit: 0 done, 1 failure, 2 usage, 77 no Dovecot 2.3 on this machine
#
# SPDX-License-Identifier: GPL-3.0-or-later
set -eu
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

usage() {
	sed -n '4,10s/^# \{0,1\}//p' "$0" >&2
	exit 2
}
fail() {
	echo "dovecot.sh: $*" >&2
	exit 1
}

[ $# -ge 2 ] || usage
command=$1
case $2 in
*[%#\$\"]* | *$'\n'*) fail "unsuitable directory name: $2" ;;
esac
[ "$command" = start ] && mkdir -p "$2"
D=$(cd "$2" 2>/dev/null && pwd) || D=
shift 2
here=$(cd "$(dirname "$0")" && pwd)

# The pid of our master, if it runs. A pid file may be older than a reboot, so
# the process must also have been started with our configuration.
running() {
	local pid
	[ -n "$D" ] && [ -s "$D/pid" ] || return 1
	read -r pid < "$D/pid"
	case $(ps -o stat= -o args= -p "$pid" 2>/dev/null) in
	Z*) return 1 ;;
	*"$D/dovecot.conf"*) echo "$pid" ;;
	*) return 1 ;;
	esac
}

# True if tokens are among the mechanisms.
with_tokens() {
	case " ${MECHANISMS:-} " in
	*" xoauth2 "* | *" oauthbearer "*) ;;
	*) return 1 ;;
	esac
}

# Starts introspect.py, whose port goes to $D/introspect.
start_introspection() {
	local i
	setsid python3 "$here/introspect.py" </dev/null >"$D/introspect" 2>&1 &
	echo $! > "$D/introspect.pid"
	for i in {1..200}; do
		! grep -q '^PORT=' "$D/introspect" || return 0
		sleep .02
	done
	fail "introspect.py does not start"
}

stop_introspection() {
	local pid
	[ -s "$D/introspect.pid" ] || return 0
	read -r pid < "$D/introspect.pid"
	case $(ps -o args= -p "$pid" 2>/dev/null) in
	*introspect.py*) kill "$pid" 2>/dev/null || : ;;
	esac
	rm -f "$D/introspect.pid"
}

stop() {
	local pid i
	if pid=$(running); then
		kill "$pid" 2>/dev/null || :
		for i in {1..100}; do
			running >/dev/null || break
			[ "$i" -lt 80 ] || kill -9 "$pid" 2>/dev/null || :
			sleep .05
			# With nothing but the log process left, all mail is
			# closed, and the master only sleeps out a second.
			case $(ps -o stat= -o args= --ppid "$pid" 2>/dev/null |
				grep -v '^Z') in
			*$'\n'*) ;;
			*/log) kill -9 "$pid" 2>/dev/null || : ;;
			esac
		done
		! running >/dev/null || fail "process $pid does not end"
	fi
	rm -f "$D/pid"
	stop_introspection
	if [ -L "$D/run" ]; then
		rm -rf "$(readlink "$D/run")"
		rm -f "$D/run"
	fi
}

case $command in
start) ;;
stop)
	[ -z "$D" ] || stop
	exit 0
	;;
own)
	[ -n "$D" ] || fail "no such directory"
	[ "$(id -u)" != 0 ] ||
		chown -R "${MAIL_UID:-65534}:${MAIL_GID:-65534}" "$D/mail"
	exit 0
	;;
adm)
	[ -n "$D" ] || fail "no such directory"
	exec doveadm -c "$D/dovecot.conf" "$@"
	;;
*) usage ;;
esac

port=
while [ $# -gt 0 ]; do
	case $1 in
	--port)
		[ $# -ge 2 ] || usage
		port=$2
		shift 2
		;;
	*) usage ;;
	esac
done

case $(dovecot --version 2>/dev/null) in
2.3.*) ;;
*)
	echo "dovecot.sh: no Dovecot 2.3" >&2
	exit 77
	;;
esac
! running >/dev/null || fail "already running in $D"

"$here/certs.sh" "$D/tls"
mkdir -p "$D/mail"
[ ! -L "$D/run" ] || stop
if [ ${#D} -gt 75 ]; then
	ln -s "$(mktemp -d "${TMPDIR:-/tmp}/tern-dovecot.XXXXXX")" "$D/run"
	chmod 755 "$D/run/."
	run=$(readlink "$D/run")
else
	mkdir -p "$D/run"
	run=$D/run
fi

if [ "$(id -u)" = 0 ]; then
	uid=${MAIL_UID:-65534} gid=${MAIL_GID:-65534}
	chown "$uid:$gid" "$D/mail"
	chmod 755 "$D"
	if command -v setpriv >/dev/null &&
		! setpriv --reuid "$uid" --regid "$gid" --clear-groups test -x "$D/mail"; then
		fail "user $uid cannot reach $D/mail: make its parents passable"
	fi
	accounts=
else
	uid=$(id -u) gid=$(id -g)
	accounts="default_internal_user = $(id -un)
default_login_user = $(id -un)
default_internal_group = $(id -gn)"
fi

! with_tokens || start_introspection
for user in alice bob carol dave erin; do
	echo "$user:{PLAIN}secret::::::"
done > "$D/passwd"

# Prints three free ports; those given are taken if nobody has them.
ports() {
	python3 - "$@" <<-'END'
	import socket, sys
	def bind(host, port):
	    s = socket.socket()
	    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
	    s.bind((host, port))
	    return s
	hosts = ("127.0.0.1", "127.0.0.1", "127.0.0.2")
	wish = [int(p) for p in sys.argv[1:]] or [0, 0, 0]
	try:
	    held = [bind(h, p) for h, p in zip(hosts, wish)]
	except OSError:
	    held = [bind(h, 0) for h in hosts]
	print(*[s.getsockname()[1] for s in held])
	END
}

write_configuration() {
	local folder
	cat <<-END
	base_dir = $run
	state_dir = $run
	instance_name = tests
	log_path = $D/dovecot.log
	protocols = imap
	listen = 127.0.0.1
	$accounts

	ssl = yes
	ssl_cert = <${CERT:-$D/tls/server.pem}
	ssl_key = <${KEY:-$D/tls/server.key}

	disable_plaintext_auth = no
	auth_mechanisms = ${MECHANISMS:-plain login}
	auth_username_format = %Ln
	auth_failure_delay = 0
	passdb {
	  driver = passwd-file
	  args = $D/passwd
	}
	userdb {
	  driver = passwd-file
	  args = $D/passwd
	}
	END
	if with_tokens; then
		cat <<-END
		passdb {
		  driver = oauth2
		  mechanisms = xoauth2 oauthbearer
		  args = $D/oauth2.conf
		}
		END
		cat > "$D/oauth2.conf" <<-END
		introspection_mode = post
		introspection_url = http://127.0.0.1:$(sed -n 's/^PORT=//p' "$D/introspect")/introspect
		username_attribute = username
		active_attribute = active
		active_value = true
		END
	fi
	cat <<-END

	first_valid_uid = 1
	mail_uid = $uid
	mail_gid = $gid
	mail_home = $D/mail/%u
	mail_location = ${MAIL_LOCATION:-maildir:~/Maildir}
	mail_fsync = never
	mail_max_userip_connections = 100
	mailbox_list_index = yes
	namespace inbox {
	  inbox = yes
	  separator = /
	END
	for folder in Drafts Sent Archive Junk Trash; do
		printf '  mailbox %s {\n    special_use = \\%s\n    auto = subscribe\n  }\n' \
			$folder $folder
	done
	cat <<-END
	}
	END
	if [ -n "${ACL:-}" ]; then
		cat <<-END
		mail_plugins = acl
		plugin {
		  acl = vfile
		  acl_shared_dict = file:$D/mail/shared-mailboxes
		}
		namespace shared {
		  type = shared
		  separator = /
		  prefix = shared/%%u/
		  location = maildir:$D/mail/%%u/Maildir
		  subscriptions = no
		  list = children
		}
		END
	fi
	cat <<-END

	protocol imap {
	  ${CAPABILITY:+imap_capability = $CAPABILITY}
	  mail_plugins = ${ACL:+acl imap_acl} ${COMPRESS:+imap_zlib}
	}

	# No change of root, which takes a root user; and no growing delay after
	# a wrong password.
	service anvil {
	  chroot =
	  unix_listener anvil-auth-penalty {
	    mode = 0
	  }
	}
	service imap-login {
	  chroot =
	  process_limit = 400
	  service_count = 0
	  inet_listener imap {
	    port = $1
	  }
	  inet_listener imaps {
	    port = $2
	    ssl = yes
	  }
	  inet_listener imap-tls-only {
	    address = 127.0.0.2
	    port = $3
	  }
	}
	# One process for one session after the other: a login takes a third of the time.
	service imap {
	  service_count = 100
	}
	service auth {
	  client_limit = 2000
	}
	local 127.0.0.2 {
	  disable_plaintext_auth = yes
	  ssl = required
	}
	END
}

# True when the server greets. /dev/tcp is bash's own.
greets() {
	local line
	{
		exec 3<>"/dev/tcp/127.0.0.1/$1"
	} 2>/dev/null || return 1
	read -r -t 2 line <&3 || line=
	exec 3<&- 3>&-
	[ "${line:0:4}" = "* OK" ]
}

# Somebody may take a port between our finding it free and Dovecot's binding it:
# then try again with others.
try() {
	local i
	write_configuration "$@" > "$D/dovecot.conf"
	rm -f "$run/master.pid"
	setsid dovecot -c "$D/dovecot.conf" -F </dev/null >"$D/output.log" 2>&1 &
	echo $! > "$D/pid"
	for i in {1..200}; do
		if [ -s "$run/master.pid" ] && greets "$1"; then
			# setsid forks if it is a group leader itself
			cat "$run/master.pid" > "$D/pid"
			return 0
		fi
		if ! kill -0 $! 2>/dev/null && [ ! -s "$run/master.pid" ]; then
			return 1
		fi
		sleep .02
	done
	return 1
}

for attempt in 1 2 3; do
	if [ -n "$port" ]; then
		set -- "$port" $((port + 1)) $((port + 2))
	else
		old=$(cat "$D/ports" 2>/dev/null) || old=
		# shellcheck disable=SC2046,SC2086 # three words
		set -- $(ports $old)
	fi
	if try "$@"; then
		echo "$@" > "$D/ports"
		for key in "PID=$(cat "$D/pid")" "CA=$D/tls/ca.pem" HOST=127.0.0.1 \
			"IMAP_PORT=$1" "IMAPS_PORT=$2" TLSONLY_HOST=127.0.0.2 \
			"TLSONLY_PORT=$3" "MAIL=$D/mail" "LOG=$D/dovecot.log"; do
			printf '%s=%q\n' "${key%%=*}" "${key#*=}"
		done
		exit 0
	fi
	cat "$D/output.log" >&2
	tail -n 5 "$D/dovecot.log" >&2 2>/dev/null || :
	stop
	rm -f "$D/ports"
	[ -z "$port" ] || break
	echo "dovecot.sh: attempt $attempt failed" >&2
	[ -d "$run" ] || mkdir -p "$run"
done
fail "Dovecot does not start"
