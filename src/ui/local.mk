# The files of this room.
libtern_a_SOURCES += \
	src/ui/activity.c src/ui/activity.h \
	src/ui/ask.c src/ui/ask.h \
	src/ui/canvas.c src/ui/canvas.h \
	src/ui/carry.c src/ui/carry.h \
	src/ui/cmd_app.c \
	src/ui/cmd_link.c \
	src/ui/cmd_mailbox.c \
	src/ui/cmd_mark.c \
	src/ui/cmd_message.c \
	src/ui/cmd_move.c \
	src/ui/cmd_part.c \
	src/ui/cmd_queue.c \
	src/ui/cmd_reading.c \
	src/ui/cmd_tree.c \
	src/ui/command.c src/ui/command.h \
	src/ui/copy.c src/ui/copy.h \
	src/ui/coverage.c src/ui/coverage.h \
	src/ui/deed.c src/ui/deed.h \
	src/ui/deed_words.c \
	src/ui/errand.c src/ui/errand.h \
	src/ui/events.c \
	src/ui/filter.c src/ui/filter.h \
	src/ui/find.c src/ui/find.h \
	src/ui/flow.c src/ui/flow.h \
	src/ui/format.c \
	src/ui/frame.c \
	src/ui/hint.c src/ui/hint.h \
	src/ui/hyperlink.c src/ui/hyperlink.h \
	src/ui/key.c src/ui/key.h \
	src/ui/keymap.c src/ui/keymap.h \
	src/ui/known.c src/ui/known.h \
	src/ui/link.c src/ui/link.h \
	src/ui/linkhint.c src/ui/linkhint.h \
	src/ui/list.c src/ui/list.h \
	src/ui/loop.c \
	src/ui/marks.c src/ui/marks.h \
	src/ui/opener.c src/ui/opener.h \
	src/ui/page.c src/ui/page.h \
	src/ui/page_draw.c \
	src/ui/pager.c src/ui/pager.h \
	src/ui/priv.h \
	src/ui/prompt.c src/ui/prompt.h \
	src/ui/reading.c src/ui/reading.h \
	src/ui/seal_words.c src/ui/seal_words.h \
	src/ui/search.c src/ui/search.h \
	src/ui/seen.c src/ui/seen.h \
	src/ui/sidebar.c src/ui/sidebar.h \
	src/ui/status.c src/ui/status.h \
	src/ui/term.c src/ui/term.h \
	src/ui/theme.c src/ui/theme.h \
	src/ui/ui.c src/ui/ui.h \
	src/ui/unsubscribe.c src/ui/unsubscribe.h \
	src/ui/view.c src/ui/view.h \
	src/ui/view_activity.c \
	src/ui/view_help.c \
	src/ui/view_hints.c \
	src/ui/view_history.c \
	src/ui/view_links.c \
	src/ui/view_main.c \
	src/ui/view_message.c src/ui/view_message.h \
	src/ui/view_parts.c \
	src/ui/view_picker.c \
	src/ui/view_source.c \
	src/ui/view_text.c \
	src/ui/view_welcome.c

# The shipped keys become one C string.
BUILT_SOURCES += src/ui/default-keys.h
CLEANFILES += src/ui/default-keys.h
EXTRA_DIST += src/ui/default.keys
src/ui/default-keys.h: src/ui/default.keys src/embed.sh
	$(AM_V_GEN)$(MKDIR_P) src/ui && cd $(srcdir) && \
	sh src/embed.sh default_keys src/ui/default.keys >$(abs_top_builddir)/$@.tmp && \
	mv $(abs_top_builddir)/$@.tmp $(abs_top_builddir)/$@
src/ui/libtern_a-keymap.$(OBJEXT): src/ui/default-keys.h
