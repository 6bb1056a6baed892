# The tests of this room.
include tests/provider/maildir.mk
