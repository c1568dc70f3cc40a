"""Signals that end a process, be it within compiled code."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

#: Compiled code that no signal interrupts, for minutes.
BUSY = "import hashlib; hashlib.pbkdf2_hmac('sha256', b'', b'', (1 << 31) - 1)"
PROGRAM = """
import os, time
from recsys_cli import interruption
interruption.guard()
with interruption.last_words(lambda error: os.write(1, f"last {{error}} ".encode())):
    print("ready", flush=True)
    try:
        {work}
    finally:
        print("left", flush=True)
"""


def begin(work: str, **options: object) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", PROGRAM.format(work=work)]
    process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, **options)
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    time.sleep(0.1)
    return process


def end(process: subprocess.Popen[str]) -> tuple[float, int, str, str]:
    began = time.monotonic()
    out, err = process.communicate(timeout=30)
    return time.monotonic() - began, process.returncode, out, err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_in_compiled_code_the_last_words_are_said_and_the_process_ends(number):
    process = begin(BUSY)
    process.send_signal(number)
    seconds, code, out, err = end(process)
    assert 0.9 < seconds < 2 and code == 128 + number
    assert out == f"last {number.name} " and err == "error: interrupted\n"


def test_a_second_signal_ends_it_at_once():
    process = begin(BUSY)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    seconds, code, out, _ = end(process)
    assert seconds < 1 and code in (130, 143) and out.startswith("last SIG")


def test_elsewhere_the_main_thread_leaves_by_itself():
    process = begin("time.sleep(60)")
    process.send_signal(signal.SIGTERM)
    seconds, _, out, err = end(process)
    assert seconds < 1 and out == "left\n" and err.endswith("Interrupted: SIGTERM\n")


def test_a_signal_that_was_ignored_stays_so():
    ignore = {"preexec_fn": lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)}
    process = begin("time.sleep(0.5)", **ignore)
    process.send_signal(signal.SIGHUP)
    assert end(process)[1:3] == (0, "left\n")


def test_a_thread_that_hangs_keeps_no_process_that_is_done():
    hang = "import threading; threading.Thread(target=threading.Event().wait).start()"
    program = f"from recsys_cli import interruption as i; i._LEAVING = 0.2; {hang}; i.finished(4)"
    done = subprocess.run([sys.executable, "-c", program], timeout=30)
    assert done.returncode == 4
