"""Run as a Unix user: reads all that this user can, and says where secrets stand.

Standard input: secrets by name, folders to walk, and processes to look into, as JSON. Standard
output: what was found, and where was looked. It is a process of its own, so that what it looks for
is in no other.
"""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

MOST = 64 * 1024 * 1024


def forms(secret: str) -> set[bytes]:
    """A secret as it is, and as it looks encoded, wherever in a longer text it begins."""
    raw = secret.encode()
    encoded = {base64.b64encode(b"x" * skip + raw)[4 if skip else 0 : -4] for skip in range(3)}
    return {raw, quote(secret, safe="").encode(), raw.hex().encode(), *encoded}


def texts(folders: list[str]) -> Iterator[tuple[str, bytes]]:
    """Files below the folders, and what the kernel tells of every process."""
    mine = str(os.getpid())
    names = ("environ", "cmdline", "maps")
    told = [
        Path("/proc") / pid / name
        for pid in os.listdir("/proc")
        if pid.isdigit() and pid != mine
        for name in names
    ]
    files = (Path(at) / name for top in folders for at, _, found in os.walk(top) for name in found)
    for path in (*told, *files):
        try:
            if path.is_fifo() or path.is_socket():
                continue
            with path.open("rb") as file:
                yield str(path), file.read(MOST)
        except OSError:
            continue


def memory(pid: str) -> Iterator[tuple[str, bytes]]:
    """What a process has in memory and may write, where one may look into it."""
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        place, rights, *_ = line.split()
        first, last = (int(end, 16) for end in place.split("-"))
        if not rights.startswith("rw") or last - first > MOST:
            continue
        try:
            with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as file:
                file.seek(first)
                yield f"memory of {pid}", file.read(last - first)
        except (OSError, ValueError):
            continue


def main() -> None:
    """Look, and say what was found."""
    said = json.load(sys.stdin)
    wanted = {name: forms(secret) for name, secret in said["secrets"].items()}
    found: set[tuple[str, str]] = set()
    looked: set[str] = set()
    sources = [texts(said["folders"]), *(memory(str(pid)) for pid in said["processes"])]
    for source in sources:
        for place, text in source:
            looked.add(place)
            found |= {
                (name, place) for name, any_of in wanted.items() if any(map(text.count, any_of))
            }
    print(json.dumps({"found": sorted(found), "looked": sorted(looked)}))


if __name__ == "__main__":
    main()
