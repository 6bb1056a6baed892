#!/bin/sh
# The command line as scripts see it: output, exit codes and what reaches the
# mail store, on a Maildir made here and on the demo mailbox.
. "$(dirname "$0")/lib.sh"

# --- without any account ---------------------------------------------------
t --help && has 'help' "$out" 'tern list'
t version && is_code version 0 && has version "$out" 'tern '
t version --json && has 'version json' "$out" '{"version":'
t; is_code 'no command without a terminal' 2; has 'usage' "$talk" 'tern list'; is 'no data' "$out" ''
t lits; is_code 'unknown command' 2; has 'suggestion' "$talk" '"list"'
t list --limti 3; is_code 'unknown option' 2; has 'suggestion' "$talk" '--limit'
t list --help; is_code 'help of a command' 0; has 'help of a command' "$out" '--mailbox M'
t list; is_code 'no account' 3
t show 1; is_code 'no message' 3
t account add x --type imap --host mail.example.org --user u --password-command c --tls plain
is_code 'plain to another host' 2; has 'plain' "$talk" 'this computer'
t account add 'a b' --type maildir --path /m; is_code 'bad name' 2
t account remove nobody; is_code 'unknown account' 3

# --- the manual --------------------------------------------------------------
t help --manual; is_code 'manual' 0
printf '%s\n' "$out" | sed '/^\.\\" options of tern.conf$/,$d' >"$dir/commands"
awk 'NR == FNR { want[n++] = $0; next }
	$0 == want[at] { if (++at == n) found = 1; next } { at = ($0 == want[0]) }
	END { exit !found }' "$dir/commands" "$TOP_SRCDIR/doc/tern.1"
code=$?; is_code 'doc/tern.1 has the text of the table (tern help --manual)' 0

# --- a Maildir ---------------------------------------------------------------
mail=$dir/Mail
letter "$mail" '1.a:2,' '2026-01-02 10:00' 'Ana <ana@example.org>' 'one'
letter "$mail" '2.b:2,S' '2026-01-03 10:00' 'Ben <ben@example.org>' 'two'
letter "$mail" '3.c:2,FS' '2026-01-04 10:00' 'Cy <cy@example.org>' "$(printf 'three \033[31mred\033[0m')"
letter "$mail/.Archive" '4.d:2,S' '2026-01-01 10:00' 'Di <di@example.org>' 'old'
mkdir -p "$mail/.Trash/cur" "$mail/.Trash/new" "$mail/.Trash/tmp"

t account add post --type maildir --path "$mail"; is_code 'account add' 0
is 'mode of the account file' "$(stat -c %a "$dir/home/config/accounts.d/post.conf")" 600
is 'mode of the folder' "$(stat -c %a "$dir/home/config/accounts.d")" 700
t account add post --type maildir --path "$mail"; is_code 'taken name' 2
t account list --json; is_code 'account list' 0; has 'account list' "$out" '"account":"post"'
t account check post; is_code 'account check' 0
t sync; is_code sync 0; is 'sync is quiet' "$talk" ''
t sync; is_code 'sync again' 0
t sync --account nobody; is_code 'sync of nobody' 3
t mailboxes --json; is_code mailboxes 0
is 'unread of the inbox' "$(printf '%s\n' "$out" | grep '"role":"inbox"' | field unread)" 1

# --- mailboxes, their coverage and roles (M-64, L-64) ----------------------------
has 'a mailbox is complete' "$out" '"state":"complete"'
t mailboxes; has 'coverage in words' "$out" 'complete'
t mailbox role Archive junk --json; is_code 'mailbox role' 0
has 'the role is ours' "$out" '"role":"junk","own_role":true'
t mailboxes; has 'and is marked' "$out" 'junk (yours)'
t sync; t mailboxes --json; has 'a sync leaves it alone' "$out" '"role":"junk","own_role":true'
t mailbox role Archive none --json; has 'no role' "$out" '"role":"none","own_role":true'
t mailbox role Archive auto --json; has 'the own role again' "$out" '"role":"archive","own_role":false'
t mailbox role Archive shelf; is_code 'no such role' 2; has 'roles are named' "$talk" 'trash'
t mailbox role Nowhere junk; is_code 'no such mailbox' 3
t mailbox; is_code 'mailbox alone' 2; has 'what can be done' "$talk" 'unsubscribe'

# --- wishes about mailboxes ------------------------------------------------------
t mailbox create Work/Plans; is_code 'create is queued' 75; has 'queued' "$talk" 'tern push'
t queue; has 'the queue has it' "$out" 'create Work/Plans'
id=$(printf '%s\n' "$out" | sed -n 's/^\(m[0-9]*\) .*/\1/p')
t queue --json; has 'as json' "$out" '"kind":"mailbox"'; has 'as json' "$out" '"name":"Work/Plans"'
t queue drop x7; is_code 'no number' 2; has 'what is one' "$talk" 'such as 17 or m3'
t queue drop "$id"; is_code drop 0
t queue; is 'nothing is queued' "$out" ''
t queue drop "$id"; is_code 'drop again' 3
t mailbox create Archive; is_code 'a taken name' 2
t mailbox create a//b; is_code 'an empty level' 2
t mailbox rename Archive Old; is_code rename 75
t mailbox subscribe Archive; is_code subscribe 75
t queue; has 'renames are in words' "$out" 'rename .Archive -> Old'
for id in $(printf '%s\n' "$out" | sed -n 's/^\(m[0-9]*\) .*/\1/p'); do t queue drop "$id"; done
# a Maildir's mailboxes are not ours to change: the wish ends with words
t mailbox create Work/Plans --push --json; is_code 'create --push' 1
has 'create json' "$out" '"verb":"create"'; has 'and why not' "$talk" 'cannot change its mailboxes'
t queue; has 'it failed' "$out" 'refused'; has 'how to get rid of it' "$talk" 'tern queue drop m'
t queue drop "$(printf '%s\n' "$out" | sed -n 's/^\(m[0-9]*\) .*/\1/p')"; is_code 'out of sight' 0
t mailbox rename inbox Else; is_code 'the inbox keeps its name' 2
t mailbox delete inbox --yes; is_code 'the inbox stays' 2
t mailbox delete Archive; is_code 'messages are in it' 2; has 'how many' "$talk" 'holds 1 message'
is 'nothing was queued' "$(t queue; printf %s "$out")" ''
t mailbox subscribe Nowhere; is_code 'subscribe to nothing' 3
t mailbox create X --account nobody; is_code 'no such account' 3
t jobs --account nobody; is_code 'jobs of nobody' 3

# --- jobs (M-28) and whole messages ------------------------------------------------
t jobs --json; is_code jobs 0; has 'the pass is a job' "$out" '"job":"incremental","cadence_s":180'
has 'which went well' "$out" '"ok":true'
t jobs --account post; is_code 'jobs in columns' 0; has 'with a head' "$out" 'account'
lacks 'of this account alone' "$out" '(all)'
t sync --bodies --json; is_code 'sync --bodies' 0; has 'bodies are counted' "$out" '"bodies":'
t sync --full; is_code 'sync --full' 0

t list --json; is_code list 0
is 'all, newest first' "$(printf '%s\n' "$out" | field message_id | tr '\n' ' ')" \
	'"3.c@example.org" "2.b@example.org" "1.a@example.org" "4.d@example.org" '
is 'keys' "$(printf '%s\n' "$out" | head -1 | grep -oE '[{,]"[a-z_]+":' | tr -d '{,":' | tr '\n' ' ')" \
	'id account mailboxes uid message_id thread from to subject date received size flags tags attachments pending cursor '
is 'no uid in a Maildir' "$(printf '%s\n' "$out" | head -1 | field uid)" null
is 'date' "$(printf '%s\n' "$out" | head -1 | field date)" '"2026-01-02T09:00:00Z"'
is 'received' "$(printf '%s\n' "$out" | head -1 | field received)" '"2026-01-04T10:00:00Z"'
is 'flags' "$(printf '%s\n' "$out" | head -1 | field flags)" '["\\Seen","\\Flagged"]'
is 'mailboxes of the last' "$(printf '%s\n' "$out" | tail -1 | field mailboxes)" '["Archive"]'
one=$(printf '%s\n' "$out" | grep '"1.a@example.org"' | field id)
two=$(printf '%s\n' "$out" | grep '"2.b@example.org"' | field id)
three=$(printf '%s\n' "$out" | grep '"3.c@example.org"' | field id)
if command -v python3 >/dev/null; then
	python3 -c 'import json, sys; [json.loads(l) for l in sys.stdin]' <"$dir/out"
	code=$?; is_code 'every line is JSON' 0
fi

t list --mailbox inbox; is_code 'list as text' 0
lacks 'no escape reaches the terminal' "$out" "$(printf '\033')"
is 'three in the inbox' "$(printf '%s\n' "$out" | wc -l)" 3
t list --mailbox nowhere; is_code 'unknown mailbox' 3
t list --limit 0; is_code 'limit 0' 2
t list --after garbage; is_code 'bad cursor' 2

# pages of one, one after the other, give the whole list
seen= after=
for _ in 1 2 3 4; do
	# shellcheck disable=SC2086
	t list --limit 1 --json $after
	seen="$seen$(printf '%s\n' "$out" | field message_id) "
	after="--after $(printf '%s\n' "$out" | field cursor | tr -d '"')"
done
is 'pages' "$seen" '"3.c@example.org" "2.b@example.org" "1.a@example.org" "4.d@example.org" '
# shellcheck disable=SC2086
t list --limit 1 $after; is_code 'behind the last page' 3
t list --limit 2; has 'more' "$talk" 'more: --after '

# --- show ----------------------------------------------------------------------
t show "$one"; is_code show 0; has 'show' "$out" 'Subject: one'; has 'show' "$out" 'Hello from 1.a.'
t show "$one" --raw; is_code 'show --raw' 0
cmp -s "$dir/out" "$mail/cur/1.a:2,"; code=$?; is_code 'raw bytes are exact' 0
t show "$three"; lacks 'no escape from the subject' "$out" "$(printf '\033')"
t show "$one" --text; lacks 'text only' "$out" 'Subject'
t show "$one" --parts; has 'parts' "$out" 'text/plain'
t show "$one" --json; has 'show json' "$out" '"text":"Hello from 1.a.'
t show 99999; is_code 'show of nothing' 3
t show x; is_code 'show of nonsense' 2

# --- changes ---------------------------------------------------------------------
t read "$one"; is_code 'read is queued' 75; has 'queued' "$talk" 'queued'
t read "$one"; is_code 'read again changes nothing' 0
t queue --json; has 'queue' "$out" '"verb":'
t list --mailbox inbox --json
is 'pending' "$(printf '%s\n' "$out" | grep '"1.a@example.org"' | field pending)" true
t push; is_code push 0
t queue; is 'nothing is queued' "$out" ''
is 'the flag is in the Maildir' "$(ls "$mail/cur" | grep '^1.a')" '1.a:2,S'
t unread "$one" --push; is_code 'unread --push' 0
t undo; is_code 'undo of what was sent is queued' 75
t push; is_code push 0
is 'undone' "$(ls "$mail/cur" | grep '^1.a')" '1.a:2,S'
t flag "$one" "$two" --push; is_code 'flag two' 0
is 'both are flagged' "$(ls "$mail/cur" | grep -c F)" 3
t unflag "$one" --push; is_code unflag 0
t flag 99999; is_code 'flag of nothing' 3
t flag "$one" 99999; is_code 'one of two is unknown' 3
t queue; is 'nothing was queued for either' "$out" ''
t move "$two" --to Archive --push; is_code move 0
is 'moved' "$(ls "$mail/.Archive/cur" | wc -l)" 2
t move "$two" --to Nowhere; is_code 'move to nowhere' 3
t move "$two"; is_code 'move without a target' 2
t delete "$three" --push --json; is_code delete 0; has 'delete json' "$out" '"changed":1'
is 'in the trash' "$(ls "$mail/.Trash/cur" | wc -l)" 1
t archive "$one" --push; is_code archive 0
t sync; is_code 'sync at the end' 0
t list --mailbox inbox; is_code 'the inbox is empty' 3

# --- the rest --------------------------------------------------------------------
t events --after-seq 0; is_code events 0; has 'events' "$out" '{"seq":'
last=$(printf '%s\n' "$out" | tail -1 | field seq)
t events --after-seq "$last"; is 'no event twice' "$out" ''
t dump; is_code dump 0; has 'dump' "$out" '{"'
t doctor --json; has 'doctor' "$out" '"check":"store","ok":true'
lacks 'the doctor names no folder of the reader' "$out" "$mail"
timeout 20 "$tern" --home "$dir/home" events --follow 2>"$dir/talk" | head -1 >"$dir/out" &
pid=$!
t flag "$one" --push
wait $pid; code=$?; is_code 'follow ends with its reader' 0

printf '[tern]\ncolour = maybe\ncolor = maybe\n' >"$dir/home/config/tern.conf"
t list; is_code 'a wrong value' 2; has 'with its line' "$talk" 'tern.conf:3: [tern] color'
t doctor; has 'the doctor runs all the same' "$out" 'configuration'
printf '[tern]\ncolour = maybe\n' >"$dir/home/config/tern.conf"
t mailboxes; is_code 'an unknown key' 0; has 'is a warning' "$talk" 'did you mean "color"?'
rm "$dir/home/config/tern.conf"

# an account that fails does not stop the others
t account add aaa --type maildir --path "$dir/missing"; is_code 'account add' 0
t sync --json; is_code 'one account fails' 1
is 'the other does not' "$(printf '%s\n' "$out" | grep '"post"' | field ok)" true
t mailbox create X; is_code 'which of two accounts' 2; has 'how to say it' "$talk" '--account A'
t jobs --account aaa --json; has 'its job failed' "$out" '"ok":false'
t doctor; is_code 'the doctor finds it' 1; has 'the doctor names the job' "$out" 'job incremental, failed in 1 of 1 runs'
t account remove aaa; is_code 'account remove' 0
t account remove post; is_code 'account remove' 0
is 'the mail stays' "$(ls "$mail/.Archive/cur" | wc -l)" 3

# --- the demo mailbox ----------------------------------------------------------
if [ -f "$TOP_SRCDIR/contrib/demo/demo.mbox" ]; then
	t demo --mbox "$TOP_SRCDIR/contrib/demo/demo.mbox"; is_code demo 0
	t demo --mbox "$TOP_SRCDIR/contrib/demo/demo.mbox"; is_code 'demo again' 0
	t sync; is_code 'sync of the demo' 0
	t list --mailbox inbox --limit 1 --json
	age=$(($(date +%s) - $(date -d "$(printf '%s\n' "$out" | field received | tr -d '"')" +%s)))
	if [ "$age" -ge 0 ] && [ "$age" -le 90000 ]; then ok; else bad "newest is $age s old"; fi
	t list --limit 1000 --json
	is 'every message is there' "$(printf '%s\n' "$out" | field id | sort -u | wc -l)" \
		"$(grep -ac '^From ' "$TOP_SRCDIR/contrib/demo/demo.mbox")"
	wrong=0
	for id in $(printf '%s\n' "$out" | field id); do
		t show "$id"
		[ "$code" = 0 ] && ! grep -q "$(printf '[\001-\010\013-\037\177]')" "$dir/out" ||
			wrong=$((wrong + 1))
	done
	is 'every message can be shown, cleaned' "$wrong" 0
fi

finish
