libtern_a_SOURCES += \
	src/provider/maildir/apply.c \
	src/provider/maildir/boxes.c \
	src/provider/maildir/changes.c \
	src/provider/maildir/listing.c \
	src/provider/maildir/maildir.c src/provider/maildir/maildir.h \
	src/provider/maildir/names.c \
	src/provider/maildir/put.c \
	src/provider/maildir/tree.c \
	src/provider/maildir/watch.c
