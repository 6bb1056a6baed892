#!/bin/sh
# certs.sh - make a private certificate authority and certificates, for tests only
#
# usage: certs.sh DIR
#
#   ca.pem              the authority a client under test is told to trust
#   other-ca.pem        another authority, which it is not told about
#   server.pem .key     good: localhost, 127.0.0.1, 127.0.0.2 and ::1
#   wronghost.pem .key  signed by ca.pem, but for other.example
#   expired.pem .key    signed by ca.pem, ended in 2021
#   future.pem .key     signed by ca.pem, begins in 2090
#   selfsigned.pem .key right name, signed by nobody
#   otherca.pem .key    right name, signed by other-ca.pem
#
# (127.0.0.2 is where dovecot.sh puts the server that insists on STARTTLS.)
# A directory that is complete already is left as it is.
#
# exit: 0 made or already there, 1 failure (see DIR/openssl.log), 2 usage,
#       77 no openssl
#
# SPDX-License-Identifier: GPL-3.0-or-later
set -eu

[ $# -eq 1 ] || { echo "usage: certs.sh DIR" >&2; exit 2; }
command -v openssl >/dev/null || { echo "certs.sh: no openssl" >&2; exit 77; }

mkdir -p "$1"
cd "$1"
[ -e complete ] && exit 0
umask 077
: > openssl.log
trap '[ -e complete ] || { echo "certs.sh: failed:" >&2; cat openssl.log >&2; }' EXIT

quietly() {
	"$@" >>openssl.log 2>&1
}

# authority FILE CN: make FILE.pem and FILE.key
authority() {
	quietly openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
		-nodes -keyout "$1.key" -out "$1.pem" -sha256 -days 7300 \
		-subj "/CN=$2" \
		-addext 'keyUsage=critical,keyCertSign,cRLSign'
}

# leaf NAME AUTHORITY CN SAN BEGIN END: make NAME.pem and NAME.key.
# "openssl ca" is used and not "openssl x509", which cannot date back.
leaf() {
	cat > "$1.ext" <<-END
	subjectAltName=$4
	basicConstraints=CA:FALSE
	keyUsage=digitalSignature
	extendedKeyUsage=serverAuth
	END
	quietly openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$1.key" -out "$1.csr" -subj "/CN=$3"
	quietly openssl ca -batch -config ca.cnf -notext \
		-cert "$2.pem" -keyfile "$2.key" -in "$1.csr" \
		-extfile "$1.ext" -startdate "$5" -enddate "$6" -out "$1.pem"
	rm -f "$1.csr" "$1.ext"
}

cat > ca.cnf <<'END'
[ca]
default_ca = tests
[tests]
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
END
: > index.txt
: > index.txt.attr
echo 1000 > serial

names='DNS:localhost,IP:127.0.0.1,IP:127.0.0.2,IP:::1'
past=20200101000000Z
authority ca 'Tests CA'
authority other-ca 'Other tests CA'
leaf server     ca       localhost     "$names"            $past 20440101000000Z
leaf wronghost  ca       other.example 'DNS:other.example' $past 20440101000000Z
leaf expired    ca       localhost     "$names"            $past 20210101000000Z
leaf future     ca       localhost     "$names"            20900101000000Z 20990101000000Z
leaf otherca    other-ca localhost     "$names"            $past 20440101000000Z
quietly openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	-keyout selfsigned.key -out selfsigned.pem -sha256 -days 7300 \
	-subj /CN=localhost -addext "subjectAltName=$names"

rm -f index.txt* serial* ca.cnf 10*.pem
chmod 644 ./*.pem
: > complete
