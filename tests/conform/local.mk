# The same scenarios against every IMAP server, one test for each.
dist_check_SCRIPTS += tests/conform/test_dovecot_A.sh tests/conform/test_courier.sh \
	tests/conform/test_cyrus.sh tests/conform/test_imap4d.sh tests/conform/test_hoodiecrow.sh \
	tests/conform/test_shaper_B.sh tests/conform/test_shaper_C.sh \
	tests/conform/test_shaper_D.sh tests/conform/test_shaper_DROP.sh
EXTRA_DIST += tests/conform/conform.py tests/conform/servers.py
