#!/bin/sh
# `tern attachments`: hostile names and types, nothing replaced, exit codes.
. "$(dirname "$0")/lib.sh"

mail=$dir/Mail
mkdir -p "$mail/cur" "$mail/new" "$mail/tmp" "$dir/saved"
cat >"$mail/cur/1.a:2,S" <<'MAIL'
From: Eve <eve@example.org>
To: robin@example.org
Subject: files
Date: Fri, 02 Jan 2026 10:00:00 +0100
Message-ID: <1@example.org>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

The text.
--b
Content-Type: image/png;$(touch PROOF)
Content-Disposition: attachment; filename="; touch PROOF"
Content-Transfer-Encoding: base64

AAEC/w==
--b
Content-Type: text/x-note
Content-Disposition: attachment; filename="../../.bashrc"

note
--b
Content-Type: application/octet-stream
Content-Disposition: attachment; filename="-rf"

x
--b--
MAIL
letter "$mail" '2.b:2,S' '2026-01-03 10:00' 'Ben <ben@example.org>' 'none'
t account add post --type maildir --path "$mail"
t sync
one=$("$tern" --home "$home" list --json | grep '"subject":"files"' | field id)
two=$("$tern" --home "$home" list --json | grep '"subject":"none"' | field id)

t attachments "$one"; is_code list 0; has 'a safe name' "$out" '  bashrc'; lacks 'no path' "$out" '..'
t attachments "$one" --json; is_code 'list --json' 0
is 'numbers of parts' "$(printf '%s\n' "$out" | field part | tr '\n' ' ')" '3 4 5 '
is 'names here' "$(printf '%s\n' "$out" | field saved_as | tr '\n' ' ')" '"; touch PROOF" "bashrc" "rf" '
t attachments "$one" --save "$dir/saved"; is_code save 0; has 'is told' "$talk" "$dir/saved/bashrc"
t attachments "$one" --save "$dir/saved" --json; is_code 'save again' 0
has 'nothing is replaced' "$out" "$dir/saved/bashrc (2)"
is 'all are there' "$(find "$dir/saved" -type f | wc -l)" 6
is 'only their owner reads them' "$(stat -c %a "$dir/saved/rf")" 600
is 'the bytes' "$(od -An -tx1 "$dir/saved/; touch PROOF")" ' 00 01 02 ff'
is 'nothing was run' "$(find "$dir" . -maxdepth 2 -name PROOF | wc -l)" 0
is 'one part to a pipe' "$("$tern" --home "$home" attachments "$one" --part 4 --output -)" note
t attachments "$one" --part 2 --output "$dir/text"; is_code 'any part' 0
is 'the text' "$(cat "$dir/text")" 'The text.'
ln -s "$dir/text" "$dir/saved/link"
t attachments "$one" --part 4 --output "$dir/saved/link"; is_code 'a link in the way' 0
is 'it was not followed' "$(cat "$dir/text")" 'The text.'
is 'it got another name' "$(cat "$dir/saved/link (2)")" note
t attachments "$one" --part 9 --output -; is_code 'no such part' 3
t attachments "$one" --part 3; is_code 'where to?' 2
t attachments "$one" --part 3 --output x --save y; is_code 'both' 2
t attachments "$one" --save "$dir/nowhere"; is_code 'no such folder' 3; has 'which' "$talk" "$dir/nowhere"
t attachments "$two"; is_code 'none there' 3
t attachments 4711; is_code 'no message' 3
finish
