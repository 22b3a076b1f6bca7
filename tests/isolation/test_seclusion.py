from __future__ import annotations

import os
import subprocess
import sys

import pytest

LEAVE = """
import ctypes, os, socket, sys
from jupyter_mesh.isolation.seclusion import cut_off_network
if len(sys.argv) > 1:
    os.setgid(int(sys.argv[1])); os.setuid(int(sys.argv[1]))
    # Having changed its user it may not write to its own /proc; one that was started so may.
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # PR_SET_DUMPABLE
before = os.getuid(), os.getgid()
reason = cut_off_network()
if reason is not None:
    print("cannot:", reason); sys.exit()
assert (os.getuid(), os.getgid()) == before
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
    try:
        probe.connect(("192.0.2.1", 9))  # RFC 5737: nobody's address
    except OSError as error:
        print("cut off:", error.strerror)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux offers it")
@pytest.mark.parametrize("user", [None, 65534])
def test_after_leaving_no_address_can_be_reached(user: int | None) -> None:
    if user is not None and os.geteuid() != 0:
        pytest.skip("only the superuser can become another user")
    arguments = [] if user is None else [str(user)]
    command = [sys.executable, "-c", LEAVE, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    if done.stdout.startswith("cannot:"):
        pytest.skip(f"not allowed on this system ({done.stdout.strip()})")
    assert done.stdout.startswith("cut off:"), done.stdout
