#include "model/cache.h"
