#!/bin/bash
# peers.sh - configure other mail clients for one account, to be measured
#
# usage: peers.sh PEER DIR --port N --ca FILE|--plain [--host localhost]
#                 [--user alice] [--password secret] [--mailbox INBOX]
#
# PEER is mutt, neomutt, alpine or aerc. Writes its configuration, cache and
# whatever else it keeps below DIR/PEER (nothing outside, HOME is put there) and
# a program DIR/PEER/run that starts it with the mailbox open over IMAPS (mutt and
# neomutt with --plain: in the clear); prints that program's name. To start it with a cold cache, run DIR/PEER/run --cold.
#
# Settings are such that the clients do the same work: no signature, no confirming,
# newest mail first or last as the client has it, header caches on.
#
# Alpine asks for the password at each start; the others know it.
#
# exit: 0 done, 2 usage, 77 PEER is not installed
#
# SPDX-License-Identifier: GPL-3.0-or-later
set -eu

usage() {
	sed -n '4,5s/^# \{0,1\}//p' "$0" >&2
	exit 2
}

[ $# -ge 2 ] || usage
peer=$1
mkdir -p "$2"
dir=$(cd "$2" && pwd)/$peer
shift 2
host=localhost port='' ca='' plain='' user=alice password=secret mailbox=INBOX
while [ $# -gt 0 ]; do
	if [ "$1" = --plain ]; then
		plain=1
		shift
		continue
	fi
	[ $# -ge 2 ] || usage
	case $1 in
	--host) host=$2 ;;
	--port) port=$2 ;;
	--ca) ca=$2 ;;
	--user) user=$2 ;;
	--password) password=$2 ;;
	--mailbox) mailbox=$2 ;;
	*) usage ;;
	esac
	shift 2
done
if [ -z "$port" ] || [ -z "$ca$plain" ]; then
	usage
fi
case $peer in mutt | neomutt | alpine | aerc) ;; *) usage ;; esac
program=$(command -v "$peer") || { echo "peers.sh: no $peer" >&2; exit 77; }

umask 077
mkdir -p "$dir/home" "$dir/cache"

case $peer in
mutt | neomutt)
	mkdir -p "$dir/cache/bodies"
	: > "$dir/certificates"
	if [ -n "$plain" ]; then scheme=imap tls=no; else scheme=imaps tls=yes; fi
	cat > "$dir/rc" <<-END
	set folder="$scheme://$user@$host:$port/"
	set spoolfile="$scheme://$user@$host:$port/$mailbox"
	set imap_user="$user"
	set imap_pass="$password"
	set ssl_ca_certificates_file="$ca"
	set certificate_file="$dir/certificates"
	set ssl_force_tls=$tls
	set ssl_starttls=$tls
	set header_cache="$dir/cache/headers"
	set message_cachedir="$dir/cache/bodies"
	set mbox_type=Maildir
	set record=""
	set postponed=""
	set from="$user@example.com"
	set sort=date-received
	set sleep_time=0
	set mail_check=60
	set timeout=600
	set wait_key=no
	set confirmappend=no
	set quit=yes
	set delete=no
	set move=no
	set mark_old=no
	set read_inc=0
	set net_inc=0
	set pager_stop=yes
	set index_format="%4C %Z %{%b %d} %-20.20L %s"
	bind index j next-entry
	bind index k previous-entry
	set imap_condstore=yes
	set imap_qresync=yes
	END
	arguments="-n -F $(printf %q "$dir/rc")"
	;;
alpine)
	cat > "$dir/rc" <<-END
	personal-name=Test
	user-domain=example.com
	inbox-path={$host:$port/ssl/user="$user"}$mailbox
	last-version-used=9.99.999
	feature-list=quell-full-header-auto-reset,
	 no-quell-ssl-largeblocks,
	 enable-aggregate-command-set,
	 quit-without-confirm,
	 disable-password-file-saving,
	 enable-jump-shortcut
	sort-key=Arrival
	system-certs-file=$ca
	ssl-ciphers=
	END
	arguments="-i -p $(printf %q "$dir/rc")"
	;;
aerc)
	mkdir -p "$dir/home/aerc"
	# The password may have to be escaped; the tests' has none to escape.
	cat > "$dir/home/aerc/accounts.conf" <<-END
	[test]
	source = imaps://$user:$password@$host:$port
	default = $mailbox
	from = $user <$user@example.com>
	cache-headers = true
	check-mail = 0
	END
	chmod 600 "$dir/home/aerc/accounts.conf"
	cat > "$dir/home/aerc/aerc.conf" <<-END
	[general]
	unsafe-accounts-conf = true
	[ui]
	threading-enabled = false
	[filters]
	text/plain = cat
	text/html = cat
	END
	for f in /usr/share/aerc/binds.conf /usr/local/share/aerc/binds.conf; do
		[ ! -f "$f" ] || { cp "$f" "$dir/home/aerc/binds.conf"; break; }
	done
	arguments=
	;;
esac

cat > "$dir/run" <<END
#!/bin/sh
export HOME=$(printf %q "$dir/home")
export XDG_CONFIG_HOME="\$HOME" XDG_CACHE_HOME=$(printf %q "$dir/cache")
export XDG_DATA_HOME="\$HOME/data" XDG_RUNTIME_DIR="\$HOME"
export SSL_CERT_FILE=$(printf %q "$ca") LC_ALL=C.UTF-8
unset MAIL
cd "\$HOME"
if [ "\${1:-}" = --cold ]; then
	shift
	rm -rf "\$XDG_CACHE_HOME"
	mkdir -p "\$XDG_CACHE_HOME/bodies"
fi
exec $program $arguments "\$@"
END
chmod 700 "$dir/run"
printf '%s\n' "$dir/run"
