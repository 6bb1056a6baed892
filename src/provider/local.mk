libtern_a_SOURCES += \
	src/provider/merge.c src/provider/merge.h \
	src/provider/provider.h \
	src/provider/registry.c
