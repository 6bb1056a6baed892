#!/usr/bin/env python3
"""What Python's email package makes of the messages in tests/data/mime/cpython.

usage: cpython_oracle.py FOLDER >FOLDER/expected.json

The result is kept beside the messages, so that the tests are the same with
every Python; set_cpython.c compares tern's reading with it.
"""
import email
import email.policy
import json
import pathlib
import sys


def content(part):
    """The decoded bytes of a leaf, as Latin-1; text without its line ends' form."""
    data = part.get_payload(decode=True)
    if data is None:
        return None
    return data.replace(b"\r", b"").rstrip().decode("latin-1")


def filename(part):
    try:
        return part.get_filename()
    except (ValueError, KeyError, AttributeError, TypeError):
        return None


def subject(message):
    try:
        return message["subject"]
    except (ValueError, IndexError, AttributeError):
        return None


def reading(path):
    with open(path, "rb") as f:
        message = email.message_from_binary_file(f, policy=email.policy.default)
    parts = []
    for part in message.walk():
        parts.append({
            "type": part.get_content_type(),
            "name": filename(part),
            "content": None if part.is_multipart() else content(part),
        })
    # message/rfc822: walk() also gives the message inside as a part of its own,
    # which is the part that tern lists below it
    return {"subject": subject(message), "parts": parts}


def main():
    folder = pathlib.Path(sys.argv[1])
    result = {p.name: reading(p) for p in sorted(folder.glob("msg_*.txt"))}
    json.dump(result, sys.stdout, indent=1, ensure_ascii=True)
    print()


main()
