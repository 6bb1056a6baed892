# Each room's tests list themselves in tests/ROOM/local.mk.
include tests/base/local.mk
include tests/mime/local.mk
include tests/net/local.mk
include tests/config/local.mk
include tests/store/local.mk
include tests/provider/local.mk
include tests/sync/local.mk
include tests/ui/local.mk
include tests/cli/local.mk
include tests/lint/local.mk
