#!/bin/sh
# `tern cache`, its pins, and `tern offline`: output, exit codes, and what a sync
# of the command line does about a policy (C-28, M-82, L-41).
. "$(dirname "$0")/lib.sh"

t cache; is_code 'no account' 0
t cache --account nobody; is_code 'cache of nobody' 3; has 'which' "$talk" 'nobody'

# --- a Maildir: what is in it is fetched like everything else -----------------
mail=$dir/Mail
letter "$mail" '1.a:2,S' "$(date -d '-2 days' '+%F %R')" 'Ana <ana@example.org>' 'one'
letter "$mail" '2.b:2,S' "$(date -d '-3 days' '+%F %R')" 'Ben <ben@example.org>' 'two'
letter "$mail" '3.c:2,S' "$(date -d '-40 days' '+%F %R')" 'Cy <cy@example.org>' 'three'
letter "$mail/.Lists" '4.d:2,S' "$(date -d '-2 days' '+%F %R')" 'Di <di@example.org>' 'four'
t account add post --type maildir --path "$mail"; is_code 'account add' 0
t sync; is_code sync 0

# counter KEY: one number of the report
counter() { "$tern" --home "$home" cache --json | field "$1" | head -1; }
# here MAILBOX: "here of"
here() { "$tern" --home "$home" offline "$1" --json | sed -nE 's/.*"here":([0-9]+).*"of":([0-9]+).*/\1 \2/p'; }
number() { "$tern" --home "$home" list --limit 100 --json | grep "\"subject\":\"$1\"" | field id; }

t cache; is_code cache 0; has 'bytes' "$out" 'in use'; has 'opens' "$out" '0 of 0 opened'
t cache --json; is_code 'cache --json' 0; has 'an object' "$out" '{"bytes":'
is 'nothing is here' "$(counter cached)" 0
is 'candidates are scored' "$(counter wanted)" 4
t cache --top 1 --json; is 'one candidate' "$(printf '%s' "$out" | grep -o '"subject"' | wc -l)" 1
t cache --top many; is_code 'no number' 2
t cache --account post; is_code 'of one account' 0

# --- opens and hits -----------------------------------------------------------
one=$(number one)
t show "$one"; is_code show 0
is 'an open that was not here' "$(counter opens) $(counter hits)" '1 0'
t show "$one"; is 'and one that was' "$(counter opens) $(counter hits)" '2 1'
is 'it is here' "$(counter cached)" 1

# --- pins ------------------------------------------------------------------------
t cache pin "$one" --json; is_code pin 0; has 'pinned' "$out" '"pinned":true'
[ "$(counter protected_bytes)" -gt 0 ] && ok || bad 'a pinned body is protected'
t cache unpin "$one"; is_code unpin 0
is 'no longer' "$(counter protected_bytes)" 0
t cache pin 4711; is_code 'no message' 3; has 'which one' "$talk" 4711
t cache pin x; is_code 'no number' 2

# --- reading offline ----------------------------------------------------------------
t offline INBOX; is_code 'no policy yet' 0; has 'auto' "$out" auto
t offline Nowhere recent 3; is_code 'no such mailbox' 3
t offline INBOX sometimes; is_code 'no such policy' 2; has 'there are' "$talk" everything
t offline INBOX recent; is_code 'how many days' 2; has 'says so' "$talk" 'recent 30'
t offline INBOX recent -3; is_code 'no days' 2
t offline INBOX everything --cap 5x; is_code 'no size' 2; has 'how to write it' "$talk" 200M
t offline INBOX everything --cap 99999999999999999999G; is_code 'too large a size' 2
t offline INBOX recent 30; is_code recent 0; has 'in words' "$out" '1 of 2'
t sync; is_code 'sync fetches them' 0
is 'all recent ones are here' "$(here INBOX)" '2 2'
is 'and nothing else' "$(counter cached)" 2
t jobs; has 'it is told' "$out" 'Offline: 2 of 2'
t offline INBOX everything; is 'one is missing' "$(here INBOX)" '2 3'
t sync; is 'now it is not' "$(here INBOX)" '3 3'
t offline Lists everything --cap 1; has 'the cap leaves it out' "$out" '1 left out'
t sync; is 'it was not fetched' "$(here Lists)" '0 0'
printf '[tern]\nmetered = yes\n' >"$home/config/tern.conf"
t offline Lists everything; t sync; is_code 'metered' 0
is 'a metered network is spared (M-82)' "$(here Lists)" '0 1'
rm "$home/config/tern.conf"
t sync; is 'and no other' "$(here Lists)" '1 1'
t offline INBOX auto --json; is_code 'auto again' 0; has 'auto' "$out" '"policy":"auto"'

# --- without the mail -----------------------------------------------------------------
mv "$mail" "$mail.away"
for subject in one two three; do
	t show "$(number $subject)"; is_code "show $subject without its server" 0
	has "$subject is whole" "$out" 'Hello from'
done
finish
