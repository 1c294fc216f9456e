#!/usr/bin/env python3
"""Reads what REM wrote with the `cloudevents` SDK of Python.

usage: cloud_events.py DIRECTORY

`structured.jsonl` has one event a line, `batch.json` is one document, `binary.jsonl` has one message a line: its headers,
and its body in hexadecimal digits. Says how many were valid; ends with 1 if one was not, or there were none.
"""
import base64
import json
import re
import sys
from pathlib import Path

from cloudevents.core.bindings.http import HTTPMessage, from_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
FORMAT = JSONFormat()


def attributes(members):
    """What the standard says of attributes and the SDK lets pass."""
    if members.get("specversion") != "1.0":
        raise ValueError(f"specversion {members.get('specversion')!r}")
    # The SDK fills in what is missing.
    for name in ("id", "source", "type"):
        if not (isinstance(members.get(name), str) and members[name]):
            raise ValueError(f"missing or empty {name}")
    if "time" in members and not (isinstance(members["time"], str) and RFC3339.fullmatch(members["time"])):
        raise ValueError(f"time is not RFC 3339: {members['time']!r}")
    for name, value in members.items():
        if name in ("data", "data_base64"):
            continue
        if not re.fullmatch(r"[a-z0-9]{1,20}", name):
            raise ValueError(f"attribute name {name!r}")
        if isinstance(value, str):
            if any(ord(c) < 0x20 or 0x7F <= ord(c) <= 0x9F for c in value):
                raise ValueError(f"attribute {name} holds a control character")
        elif not (isinstance(value, bool) or isinstance(value, int) and -(2**31) <= value < 2**31):
            raise ValueError(f"attribute {name} is a {type(value).__name__}")


def structured(document):
    members = json.loads(document)
    if not isinstance(members, dict):
        raise ValueError("not a JSON object")
    attributes(members)
    event = FORMAT.read(CloudEvent, document)
    for name in ("id", "source", "type", "subject", "dataschema", "datacontenttype"):
        if event.get_attributes().get(name) != members.get(name):
            raise ValueError(f"{name} changed in decoding")
    if "data" in members and event.get_data() != members["data"]:
        raise ValueError("data changed in decoding")
    if "data_base64" in members and event.get_data() != base64.b64decode(members["data_base64"], validate=True):
        raise ValueError("data_base64 changed in decoding")
    return event


def binary(line):
    message = json.loads(line)
    body = bytes.fromhex(message["body"])
    event = from_binary(HTTPMessage(headers=message["headers"], body=body), FORMAT, CloudEvent)
    members = {name: value for name, value in event.get_attributes().items() if name != "time"}
    attributes(members)
    return event


def same(one, other):
    """A message and a document of one event: what headers say is text."""
    def texts(event):
        return {
            name: str(value).lower() if isinstance(value, bool) else str(value)
            for name, value in event.get_attributes().items()
            if name != "remmeta"  # in headers it names the types that they do not have
        }

    if texts(one) != texts(other):
        raise ValueError(f"the headers say {texts(one)}, the document {texts(other)}")
    data = (one.get_data(), other.get_data())
    if data[0] != data[1] and data != (b"", None) and data != ("", None):
        raise ValueError(f"the body says {data[0]!r}, the document {data[1]!r}")


def main(directory):
    counts = {"valid": 0, "invalid": 0}

    def check(where, read, document):
        try:
            event = read(document)
            counts["valid"] += 1
            return event
        except Exception as error:  # whatever the SDK raises is a finding
            counts["invalid"] += 1
            print(f"{where}: {type(error).__name__}: {str(error)[:300]}", file=sys.stderr)

    lines = (directory / "structured.jsonl").read_bytes().splitlines()
    events = [check(f"structured {at}", structured, line) for at, line in enumerate(lines, 1)]
    # This SDK reads no batches; one is an array of documents.
    batch = directory / "batch.json"
    if batch.exists():
        for at, document in enumerate(json.loads(batch.read_bytes()), 1):
            check(f"batch {at}", structured, json.dumps(document).encode())
    messages = directory / "binary.jsonl"
    if messages.exists():
        for at, line in enumerate(messages.read_bytes().splitlines(), 1):
            message = check(f"binary {at}", binary, line)
            if message is not None and events[at - 1] is not None:
                check(f"binary {at}, compared", lambda message: same(message, events[at - 1]), message)
    print(f"{counts['valid']} valid, {counts['invalid']} invalid")
    return 1 if counts["invalid"] or not counts["valid"] else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
