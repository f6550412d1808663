#!/usr/bin/env python3
"""Verifies a journal by docs/spec/journal.md, sharing no code with claviger. Usage: verify-journal.py HOME/journal"""

import hashlib
import json
import pathlib
import re
import struct
import sys

HEADER, HEAD, CHAIN, MOST = 53, 18, 32, 8 * 1024 * 1024


def fail(file, offset, why):
    sys.exit(f"{file}: byte {offset}: {why}")


def record(data, at, number, chain):
    """(kind, payload, next offset, chain value) of the record at `at`; None where no whole record that fits stands there."""
    if len(data) < at + 4:
        return None
    length = struct.unpack_from("<I", data, at)[0]
    end = at + 4 + length
    if not HEAD + CHAIN <= length <= MOST or end > len(data):
        return None
    body = data[at + 4:end - CHAIN]
    value = hashlib.sha256(chain + hashlib.sha256(b"\0" + body).digest()).digest()
    version, kind, seq = struct.unpack_from("<BBQ", body)
    if version != 1 or seq != number or value != data[end - CHAIN:end]:
        return None
    return kind, body[HEAD:], end, value


def header(file, data):
    if len(data) < HEADER or data[:4] not in (b"CLVA", b"CLVJ", b"CLVR") or data[4] != 1:
        fail(file, 0, "not a segment")
    return struct.unpack_from("<QQ", data, 5), data[21:HEADER]


def void_before(file, data):
    """From where the segment before does not count, if this one begins with a note."""
    (number, first), chain = header(file, data)
    found = record(data, HEADER, first, chain)
    if not found or found[0] != 0:
        return None
    note = json.loads(found[1])
    if note["segment"] != number - 1:
        fail(file, HEADER, "a note about another segment")
    return note["from"]


def verify(folder):
    names = sorted(p.name for p in folder.iterdir() if p.name != "reserve.clvj" and not p.name.startswith("."))
    files = [folder / f"{n:08}.clvj" for n in range(1, len(names) + 1)]
    if sorted(f.name for f in files) != names or not all(re.fullmatch(r"\d{8,}\.clvj", n) for n in names):
        sys.exit(f"{folder}: a segment is missing, or something else is there: {names}")
    data = [f.read_bytes() for f in files]
    number, chain = 1, bytes(CHAIN)
    for i, (file, bytes_) in enumerate(zip(files, data)):
        if header(file, bytes_) != ((i + 1, number), chain):
            fail(file, 0, "does not continue the segment before")
        until = void_before(files[i + 1], data[i + 1]) if i + 1 < len(files) else None
        if i == 0:
            void_before(file, bytes_)
        at = HEADER
        while at != until and (found := record(bytes_, at, number, chain)):
            if found[0] == 0 and at != HEADER:
                fail(file, at, "a note in the middle")
            at, chain, number = found[2], found[3], number + 1
        if until is not None:
            if at != until:
                fail(file, at, "the note after it says otherwise")
        elif bytes_[at:].strip(b"\0") or (bytes_[at:] and bytes_[:4] == b"CLVJ"):
            fail(file, at, "changed, cut or torn")
    return number - 1, len(files), chain.hex()


if __name__ == "__main__":
    records, segments, chain = verify(pathlib.Path(sys.argv[1]))
    print(json.dumps({"records": records, "segments": segments, "chain": chain}))
