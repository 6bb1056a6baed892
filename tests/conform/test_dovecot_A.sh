#!/bin/sh
# The table of scenarios of conform.py at this server (M-79, C-11).
exec "$(dirname "$0")/conform.py" dovecot-A
