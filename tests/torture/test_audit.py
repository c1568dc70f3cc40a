"""The audit hook that every test runs under bites, in children too; and nothing needs a network."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.cli.conftest import HOUSE, document
from tests.torture.hook import forbidden

#: One of the addresses that are kept for examples, which no machine has.
BEYOND = ("192.0.2.1", 9)


def datagram() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as one:
        one.sendto(b"", BEYOND)


def connection() -> None:
    with socket.socket() as one:
        one.connect(BEYOND)


def open_port() -> None:
    with socket.socket() as one:
        one.bind(("0.0.0.0", 0))


DEEDS: dict[str, Callable[[], object]] = {
    "a pickle of builtins.eval": lambda: pickle.loads(pickle.dumps(eval)),
    "os.system": lambda: os.system("true"),
    "subprocess.Popen of a shell": lambda: subprocess.run("true", shell=True),
    "os.posix_spawn of a shell": lambda: os.posix_spawn("/bin/sh", ["sh", "-c", "true"], {}),
    "socket.connect": connection,
    "socket.sendto": datagram,
    "socket.bind": open_port,
    "socket.getaddrinfo": lambda: socket.getaddrinfo("example.invalid", 80),
    "socket.gethostbyname": lambda: socket.gethostbyname("example.invalid"),
}


@pytest.mark.parametrize("what", DEEDS)
def test_it_refuses_and_notes_it_down(what):
    with pytest.raises(RuntimeError, match=what):
        DEEDS[what]()
    (noted,) = forbidden.taken()
    assert noted.startswith(what)


def test_a_child_is_refused_as_well_and_its_parent_told():
    code = "try: __import__('os').system('true')\nexcept Exception: pass"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert forbidden.taken() == ["os.system(b'true')"]


def test_the_loopback_and_plain_programs_are_left_alone():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
    subprocess.run([sys.executable, "-c", ""], check=True)
    pickle.loads(pickle.dumps([1, "a", None]))
    assert forbidden.taken() == []


def test_one_who_swallows_the_exception_fails_all_the_same(tmp_path):
    (tmp_path / "conftest.py").write_text("from tests.conftest import *\n")
    (tmp_path / "test_it.py").write_text(
        "import os\n\n\ndef test_it():\n"
        "    try:\n        os.system('true')\n    except Exception:\n        pass\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, cwd=HOUSE, capture_output=True, text=True)
    assert done.returncode == 1 and "forbidden to tests: os.system" in done.stdout


def test_run_needs_no_network(tmp_path):
    """In a namespace without any interface, from training to recommendations."""
    apart = [shutil.which("unshare") or "unshare", "-rn"]
    if not shutil.which("unshare") or subprocess.run([*apart, "true"]).returncode:
        pytest.skip("needs unshare -rn: util-linux, and user namespaces permitted")
    code = "import socket; print(*(name for _, name in socket.if_nameindex()))"
    inside = [*apart, sys.executable, "-c"]
    faces = subprocess.run([*inside, code], capture_output=True, text=True, check=True).stdout
    assert set(faces.split()) <= {"lo"}
    spec = document("alone", recommend={"users": ["3"]})
    (tmp_path / "alone.yaml").write_text(json.dumps(spec))
    main = "from recsys_cli.cli import main; main()"
    done = subprocess.run(
        [*inside, main, "run", "alone.yaml"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "runs" / "alone-1" / "metrics.json").exists()
