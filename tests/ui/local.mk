check_PROGRAMS += tests/ui/test_ui
tests_ui_test_ui_SOURCES = tests/ui/test_ui.c tests/ui/test_parts.c tests/ui/test_activity.c \
	tests/ui/test_changes.c tests/ui/test_flow.c tests/ui/test_hyperlink.c \
	tests/ui/test_links.c tests/ui/test_marks.c tests/ui/test_reading.c tests/ui/test_seen.c tests/ui/test_spool.c \
	tests/ui/screen.c \
	tests/ui/screen.h tests/support/rig.c tests/support/rig.h
tests_ui_test_ui_CFLAGS = $(test_cflags)
tests_ui_test_ui_CPPFLAGS = $(test_cppflags) -DTEST_GOLDEN='"$(abs_top_srcdir)/tests/ui/golden"' \
	-DTEST_MANUAL='"$(abs_top_srcdir)/doc/tern-keys.7"'
tests_ui_test_ui_LDADD = $(test_ldadd)
check_PROGRAMS += tests/ui/test_attach
tests_ui_test_attach_SOURCES = tests/ui/test_attach.c tests/ui/screen.c tests/ui/screen.h \
	tests/support/rig.c tests/support/rig.h
tests_ui_test_attach_CFLAGS = $(test_cflags)
tests_ui_test_attach_CPPFLAGS = $(tests_ui_test_ui_CPPFLAGS)
tests_ui_test_attach_LDADD = $(test_ldadd)
EXTRA_DIST += tests/ui/golden
dist_check_SCRIPTS += tests/ui/test_terminal.sh
# The short form; make ptyproof is the long one.
dist_check_SCRIPTS += tests/ui/ptyproof.py
