#!/bin/sh
# tern in a real terminal, against a real server: what somebody sees and does on a
# first day, what the server has afterwards, without the network, after a crash, and
# that no byte of a mail reaches the terminal unwashed.
: "${TOP_SRCDIR:=$(cd "$(dirname "$0")/../.." && pwd)}" "${TOP_BUILDDIR:=.}"
tern=$TOP_BUILDDIR/tern
support=$TOP_SRCDIR/tests/support
[ -x "$tern" ] && command -v tmux >/dev/null && command -v python3 >/dev/null || exit 77
tern=$(cd "$(dirname "$tern")" && pwd)/tern
export LC_ALL=C.UTF-8 TZ=UTC
unset TERN_DEMO NO_COLOR TMUX XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME

name=tern-test-$$
dir=$(mktemp -d "${TMPDIR:-/tmp}/tern-term.XXXXXX") || exit 99
chmod 755 "$dir"
refuser=
tm() { timeout 20 tmux -u -L "$name" -f /dev/null "$@"; }
clean_up() {
	tm kill-server 2>/dev/null
	[ -z "$refuser" ] || kill "$refuser" 2>/dev/null
	timeout 60 "$support/dovecot.sh" stop "$dir/server"
	rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 99' INT TERM
failed=0 passed=0
home=$dir/home

timeout 60 "$support/dovecot.sh" start "$dir/server" >"$dir/server.env" || exit $?
. "$dir/server.env"

ok() { passed=$((passed + 1)); }
bad() {
	failed=$((failed + 1))
	printf 'FAILED: %s\n--- screen\n%s\n---\n' "$1" "$(screen 2>&1)" >&2
}
is() { if [ "$2" = "$3" ]; then ok; else bad "$1: '$3' expected, got '$2'"; fi; }

# --- the terminal -----------------------------------------------------------------

screen() { tm capture-pane -p; }
line() { screen | sed -n "$1p"; }
keys() { tm send-keys "$@"; }

# until TEST-COMMAND...: true as soon as it is, false after ten seconds
until_true() {
	for _ in $(seq 100); do
		"$@" && return 0
		sleep .1
	done
	return 1
}
has() { case $(screen) in *"$1"*) return 0 ;; esac; return 1; }
lacks() { ! has "$1"; }
shows() { if until_true has "$2"; then ok; else bad "$1: '$2' expected"; fi; }
hides() { if until_true lacks "$2"; then ok; else bad "$1: '$2' not expected"; fi; }
row_of() { screen | grep -F "$1" | head -n 1; }
row_has() { case $(row_of "$1") in *"$2"*) return 0 ;; esac; return 1; }
marks() { if until_true row_has "$2" "$3"; then ok; else bad "$1: '$3' expected in the row of $2"; fi; }
flag() { tm display-message -p "#{$1}"; }

# start NAME=VALUE...: tern in the shell of the terminal, which tells its process id
start() {
	rm -f "$dir/pid"
	keys "env $* sh -c 'echo \$\$ >$dir/pid; exec $tern --home $home'" Enter
	until_true test -s "$dir/pid"
}
gone() { ! kill -0 "$(cat "$dir/pid")" 2>/dev/null; }
quit() {
	keys q
	if until_true gone; then ok; else bad "$1: q ends tern"; fi
}

# --- the server -------------------------------------------------------------------

# letter NUMBER WORD FLAGS
letter() {
	box=$MAIL/alice/Maildir/cur
	mkdir -p "$box" "$MAIL/alice/Maildir/new" "$MAIL/alice/Maildir/tmp"
	printf 'From: Ana <ana@example.org>\nTo: alice@example.org\nSubject: letter %s\nDate: Fri, 02 Jan 2026 10:0%s:00 +0000\nMessage-ID: <%s@example.org>\n\nThe text of %s.\n' \
		"$2" "$1" "$2" "$2" >"$box/176700000$1.$2:2,$3"
	touch -d "2026-01-02 10:0$1" "$box/176700000$1.$2:2,$3"
}
imap() {
	timeout 20 "$support/imapcheck.py" --host localhost --port "$IMAPS_PORT" --ca "$CA" --user alice "$@"
}
# at_server WORD: where the letter is, and its flags
at_server() {
	imap dump | python3 -c 'import json, sys
for line in sys.stdin:
    box = json.loads(line)
    for m in box["messages"]:
        if m["message_id"].strip("<>") == sys.argv[1] + "@example.org":
            print(box["name"], *sorted(m["flags"]))' "$1"
}
has_at_server() { [ "$(at_server "$1")" = "$2" ]; }
server_has() {
	if until_true has_at_server "$1" "$2"; then ok; else
		bad "the server has $1 as '$2', got '$(at_server "$1")'"
	fi
}

n=0
for word in one two three four five six seven eight; do
	n=$((n + 1))
	letter $n $word "$([ $word = five ] && echo S)"
done
"$support/dovecot.sh" own "$dir/server"

# a machine without pseudo-terminals cannot show a screen
tm new-session -d -x 80 -y 24 "env PS1='\$ ' ENV= sh" || exit 77
tm set-option -g status off
tm resize-window -x 80 -y 24

# --- a first day ------------------------------------------------------------------

keys "stty -a >$dir/stty.before; clear" Enter
start A=1
shows 'an empty home' 'Welcome to tern'
quit 'the first screen'
timeout 30 "$tern" --home "$home" account add work --type imap --host localhost --port "$IMAPS_PORT" \
	--user alice --password-command 'echo secret' --ca-file "$CA" 2>/dev/null
is 'account add' $? 0
start A=1
shows 'the list' 'letter eight'
shows 'the title' 'work / Inbox'
shows 'counters' '7 unread · 8 messages'
keys Enter
shows 'the body is fetched' 'The text of eight.'
shows 'the headers' 'From: Ana <ana@example.org>'
hides 'opening marks read' '● unread'
keys q
shows 'the counter follows' '6 unread'
keys F
shows 'a flag is told' 'Flagged; u undoes it'
marks 'a flag' 'letter eight' '★'
keys d
hides 'deleted' 'letter seven'
keys d
hides 'deleted by mistake' 'letter six'
keys u
shows 'undone' 'letter six'
keys s
shows 'the picker' 'Move to:'
keys -l Arch
shows 'the picker narrows' 'Move to: Arch'
keys Enter
shows 'moved' 'Moved to Archive'
hides 'moved' 'letter six'
keys U
shows 'unread again' 'Marked unread'
marks 'unread again' 'letter five' '●'
hides 'all has left' 'waiting'
quit 'the list'
server_has eight 'INBOX \Flagged \Seen'
server_has seven 'Trash'
server_has six 'Archive'
server_has five 'INBOX'
server_has four 'INBOX'

# --- several at once ----------------------------------------------------------------

start A=1
shows 'the list before marking' 'letter four'
keys g g t Space t
shows 'three are marked' '3 marked: e archive'
marks 'a marked row' 'letter five' '✓'
keys d
shows 'they are deleted' 'Moved to the trash: 3 messages'
hides 'they are deleted' 'letter five'
keys u
shows 'they are back' 'Undone: move of 3 messages'
shows 'they are back' 'letter five'
shows 'it could be done again' '^R does it again'
keys T
keys -l 'is:flagged'
keys Enter
shows 'a query marks' '1 marked:'
marks 'what it found' 'letter eight' '✓'
keys Escape
hides 'no marks' '1 marked'
keys g g 2
shows 'a count' '2 rows:'
keys F
shows 'two are flagged' 'Flagged'
marks 'the second of them' 'letter five' '★'
keys u
keys v j D
shows 'deleting for ever is asked about' 'Delete 2 messages of Inbox for ever?'
keys n
shows 'nothing happened' 'Nothing was changed'
keys Escape
hides 'all has left' 'waiting'
quit 'the list with marks'
server_has eight 'INBOX \Flagged \Seen'
server_has five 'INBOX'
server_has four 'INBOX'

# --- without the network ----------------------------------------------------------

start A=1
shows 'the list again' 'letter four'
sessions=$(ps -o pid= --ppid "$PID") # they may outlive their master for a while
timeout 60 "$support/dovecot.sh" stop "$dir/server"
# shellcheck disable=SC2086
kill -9 $sessions 2>/dev/null
shows 'the server is away' 'offline'
keys j j F
marks 'flagged while offline' 'letter four' '★'
marks 'it waits' 'letter four' '↑'
shows 'it waits' '1 waiting'
shows 'it says why' 'offline'
keys g p
shows 'what waits' 'waiting    star on 1 message: letter four'
shows 'since when' ' old)'
shows 'how the account is' 'Now        offline since'
shows 'the cause' 'Trouble    No connection to localhost'
shows 'the next try' 'Next try   '
keys r
if until_true grep -rqs pause-ended-by-reader "$home"; then ok; else bad 'r ends the pause'; fi
shows 'it still waits' 'waiting    star on 1 message: letter four'
keys q
quit 'offline'
start A=1
shows 'the list without a server' 'letter four'
marks 'still waiting' 'letter four' '↑'
shows 'still waiting' '1 waiting'
keys g p
shows 'still waiting' 'waiting    star on 1 message: letter four'
keys q
timeout 60 "$support/dovecot.sh" start "$dir/server" >"$dir/server.env" || exit 99
. "$dir/server.env"
keys g p
keys r
hides 'it leaves' 'star on 1 message'
shows 'it has left' 'none waits for the server'
keys q
hides 'it has left' '1 waiting'
server_has eight 'INBOX \Flagged \Seen'
server_has five 'INBOX'
server_has four 'INBOX \Flagged'

# --- sizes --------------------------------------------------------------------------

size() {
	tm resize-window -x "$1" -y "$2"
	sleep .3
}
size 40 10
shows 'small' 'letter eight'
shows 'small' '? help'
keys g g Enter
shows 'a message, small' 'The text of eight.'
shows 'a message, small' 'Subject: letter eight'
size 200 60
shows 'a message, large' 'The text of eight.'
shows 'a message, large' 'To: alice@example.org'
keys q
shows 'large' 'letter one'
is 'the hints are on the last line but one' "$(line 59 | cut -c 1-10)" 'Enter open'
size 15 3
shows 'tiny' 'window too'
size 80 24
shows 'as before' 'letter eight'
quit 'after the sizes'

# --- colours ------------------------------------------------------------------------

colours() { grep -cE "$(printf '\033')"'\[([0-9;]*;)?(3[0-7]|4[0-7]|38|48|9[0-7]|10[0-7])(;[0-9;]*)?m' "$1"; }
for no in '' 1; do
	tm pipe-pane -o "cat >$dir/bytes$no"
	start "NO_COLOR=$no"
	shows 'the list' 'letter eight'
	keys Enter
	shows 'the text' 'The text of eight.'
	keys q q
	until_true gone
	tm pipe-pane
	until_true test -s "$dir/bytes$no"
done
if [ "$(colours "$dir/bytes")" -gt 0 ]; then ok; else bad 'colours without NO_COLOR'; fi
is 'no colours with NO_COLOR' "$(colours "$dir/bytes1")" 0

# --- the terminal is given back -------------------------------------------------------

for signal in SEGV TERM HUP ABRT; do
	keys 'clear' Enter
	start A=1
	shows "before $signal" 'letter eight'
	is "the screen is taken ($signal)" "$(flag alternate_on) $(flag cursor_flag)" '1 0'
	kill -$signal "$(cat "$dir/pid")"
	if until_true gone; then ok; else bad "$signal ends tern"; fi
	rm -f "$dir/stty.after"
	keys "stty -a >$dir/stty.after; echo b'ac'k" Enter
	shows "the shell echoes after $signal" 'back'
	shows "what is typed is seen after $signal" "echo b'ac'k"
	is "the screen is given back ($signal)" \
		"$(flag alternate_on) $(flag cursor_flag) $(flag keypad_flag) $(flag keypad_cursor_flag)" '0 1 0 0'
	until_true test -s "$dir/stty.after"
	is "the line is as before ($signal)" "$(cat "$dir/stty.after")" "$(cat "$dir/stty.before")"
done
tm kill-server

# --- every byte -----------------------------------------------------------------------

# recorded NAME HOME: plays the steps of $dir/steps, judges what was written
recorded() {
	timeout 60 "$support/ptyrecord.py" -- "$tern" --home "$2" <"$dir/steps" >"$dir/judgement" 2>&1
	code=$?
	if [ $code = 0 ]; then ok; elif [ $code != 77 ]; then
		failed=$((failed + 1))
		printf 'FAILED: %s: %s\n' "$1" "$(cat "$dir/judgement")" >&2
	fi
}

steps_of_demo() {
	timeout 30 "$tern" --home "$dir/demo" mailboxes --json | python3 -c 'import json, sys
for line in sys.stdin:
    m = json.loads(line)
    if m["total"]:
        print("keys <enter>J*%d<esc>" % (m["total"] - 1))
    print("keys J")
print("keys ?GgG<esc>c<esc>s<esc>:<tab><tab><esc><esc>q\nend")'
}
timeout 60 "$tern" --home "$dir/demo" demo --mbox "$TOP_SRCDIR/contrib/demo/demo.mbox" >/dev/null 2>&1
timeout 60 "$tern" --home "$dir/demo" sync
steps_of_demo >"$dir/steps"
recorded 'the demo mailbox' "$dir/demo"
is 'every letter of it was opened' \
	"$(find "$dir/demo/data" -path '*bod*' -type f | wc -l)" \
	"$(timeout 30 "$tern" --home "$dir/demo" list --limit 1000 --json | wc -l)"

timeout 30 "$support/hostile.py" maildir "$dir/hostile" 200
timeout 30 "$tern" --home "$dir/evil" account add evil --type maildir --path "$dir/hostile" 2>/dev/null
timeout 60 "$tern" --home "$dir/evil" sync
{
	echo 'keys <enter>'
	for i in $(seq 199 -1 1); do
		echo "wait letter $i begins"
		[ $((i % 10)) != 0 ] || echo 'keys G<space>HGH'
		echo 'keys J'
	done
	printf '%s\n' 'wait letter 0 begins' 'keys <esc>oOo' 'keys FdduUe' 'keys s<esc>c<esc>:go <tab><tab><esc><esc>' \
		'keys JJJJJJJKKKK<enter><esc>q' end
} >"$dir/steps"
recorded '200 hostile messages' "$dir/evil"

"$support/hostile.py" server >"$dir/port" &
refuser=$!
until_true test -s "$dir/port"
timeout 30 "$tern" --home "$dir/evil2" account add evil --type imap --host 127.0.0.1 --port "$(cat "$dir/port")" \
	--tls plain --user alice --password-command 'echo secret' 2>/dev/null
printf '%s\n' 'wait go away' 'keys <esc>' 'wait sign-in refused' 'keys $' 'wait go away' 'keys q' end >"$dir/steps"
recorded 'words of a server' "$dir/evil2"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
