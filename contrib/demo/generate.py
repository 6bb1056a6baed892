#!/usr/bin/env python3
# generate.py - write the demo mailbox
# SPDX-License-Identifier: GPL-3.0-or-later
#
# usage: generate.py [FILE]      (without FILE: demo.mbox beside this file)
#
# The outcome depends on nothing but the files in this directory: no
# clock, no random numbers, no network.

import os
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import build            # noqa: E402
import story_people     # noqa: E402,F401
import story_town       # noqa: E402,F401
import story_work       # noqa: E402,F401
import story_tongues    # noqa: E402,F401
import story_shapes     # noqa: E402,F401
import story_lists      # noqa: E402,F401
import story_folders    # noqa: E402,F401


def main():
    path = sys.argv[1] if len(sys.argv) > 1 \
        else os.path.join(HERE, 'demo.mbox')
    data = build.mbox()
    if path == '-':
        sys.stdout.buffer.write(data)
    else:
        with open(path, 'wb') as f:
            f.write(data)
        print('%s: %d messages, %d bytes' %
              (os.path.basename(path), len(build.messages), len(data)))


if __name__ == '__main__':
    main()
