libtern_a_SOURCES += \
	src/cli/args.c \
	src/cli/carry.c \
	src/cli/cli.c src/cli/cli.h src/cli/command.h \
	src/cli/cmd_account.c \
	src/cli/cmd_append.c \
	src/cli/cmd_attachments.c \
	src/cli/cmd_cache.c \
	src/cli/cmd_change.c \
	src/cli/cmd_demo.c \
	src/cli/cmd_doctor.c \
	src/cli/cmd_events.c \
	src/cli/cmd_jobs.c \
	src/cli/cmd_list.c \
	src/cli/cmd_mailbox.c \
	src/cli/cmd_queue.c \
	src/cli/cmd_show.c \
	src/cli/cmd_sync.c \
	src/cli/cmd_undo.c \
	src/cli/common.c \
	src/cli/cursor.c src/cli/cursor.h \
	src/cli/demo.c src/cli/demo.h \
	src/cli/out.c
