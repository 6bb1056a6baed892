# Rules of the house, checked by scripts over the sources.
dist_check_SCRIPTS += tests/lint/doors.sh tests/lint/banned.sh tests/lint/screen.sh \
	tests/lint/length.sh tests/lint/potfiles.sh tests/lint/symbols.sh \
	tests/lint/options.sh
EXTRA_DIST += tests/lint/lib.sh tests/lint/doors tests/lint/headers tests/lint/banned \
	tests/lint/findings .clang-tidy

# Folders in EXTRA_DIST bring along what was built in them.
dist-hook:
	find $(distdir)/tests $(distdir)/contrib \( -name '*.o' -o -name .dirstamp -o -name '*.pyc' \) \
		-exec rm -f {} +
	find $(distdir)/tests $(distdir)/contrib -depth \( -name .deps -o -name __pycache__ \) \
		-exec rm -rf {} +
