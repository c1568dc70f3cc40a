from __future__ import annotations

import errno
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest

from recsys_cli import __version__
from recsys_cli.cli import schema
from recsys_cli.cli._app import build
from recsys_cli.runs import Store
from tests.cli.conftest import HOUSE, process

APP = build()
COMMANDS = sorted(APP.commands)
FULL = Path("/dev/full")


def test_every_command_is_in_help_with_a_whole_sentence(recsys):
    result = recsys("--help")
    assert result.code == 0
    for name in COMMANDS:
        assert re.search(rf"^  {name} +[A-Z].*\.$", result.out, re.MULTILINE), name
    assert "..." not in result.out.partition("Commands:")[2]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_so_has_each_of_its_options(recsys, name):
    assert recsys(name, "-h").code == 0
    found = APP.commands[name]
    commands = found.commands.values() if isinstance(found, click.Group) else [found]
    for command in commands:
        assert command.help
        bare = [p.name for p in command.params if not getattr(p, "help", None)]
        assert not bare, f"{command.name}: {bare}"


def test_every_command_is_in_the_readme():
    text = (HOUSE / "README.md").read_text()
    assert [name for name in COMMANDS if f"recsys {name}" not in text] == []


def test_no_command_shows_the_help_and_is_a_usage_error(recsys):
    result = recsys()
    assert result.code == 2 and "Commands:" in result.out


def test_version(recsys):
    assert recsys("--version") == (0, f"recsys {__version__}\n", "")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["bogus"], "No such command 'bogus'"),
        (["train"], "Missing argument 'SPEC...'"),
        (["train", "x.yaml", "--threads", "0"], "'--threads': 0 is not in the range"),
        (["show", "-k", "0"], "'-k': 0 is not in the range"),
        (["list", "model"], "'model' is not one of 'models', 'datasets'"),
        (["similar"], "Missing option '--item'"),
        (["regress", "x.yaml"], "Missing option '--baseline'"),
        (["check", "nowhere.yaml"], "nowhere.yaml: spec file not found"),
        (["recommend"], "--user ID, --users FILE, --history ITEM:VALUE,… or --all"),
    ],
)
def test_misuse_is_told_in_three_lines_at_most_and_exits_2(recsys, words, says):
    result = recsys(*words)
    assert result.code == 2 and result.out == ""
    assert says in result.err
    assert result.err.startswith("error: ") and len(result.err.splitlines()) <= 3


@pytest.mark.parametrize(
    ("raised", "code", "says"),
    [
        (MemoryError(), 7, "memory ran out"),
        (OSError(errno.ENOSPC, "No space left on device", "x"), 7, "x: No space left on device"),
        (PermissionError(errno.EACCES, "Permission denied", "x"), 7, "x: Permission denied"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (ZeroDivisionError("oh"), 1, "unexpected ZeroDivisionError: oh\nthis is a defect"),
    ],
)
def test_what_is_raised_becomes_a_message_and_a_code(recsys, monkeypatch, raised, code, says):
    def command() -> None:
        raise raised

    monkeypatch.setattr(schema, "command", command)
    monkeypatch.delenv("RECSYS_DEBUG", raising=False)
    result = recsys("schema")
    assert result.code == code
    assert result.err.startswith(f"error: {says}") and "Traceback" not in result.err


def test_the_traceback_is_shown_when_asked_for(recsys, monkeypatch):
    monkeypatch.setenv("RECSYS_DEBUG", "1")
    result = recsys("check", "nowhere.yaml")
    assert result.code == 2
    assert "Traceback" in result.err and result.err.splitlines()[-1].startswith("error: nowhere")


def test_a_closed_pipe_ends_quietly(store, tmp_path):
    users = tmp_path / "users.txt"
    users.write_text("19\n" * 5000)
    for options in ([], ["--json"]):
        words = ["recommend", "als", "--runs", store.root, "--users", users, *options]
        with process(*words) as reader:
            assert reader.stdout is not None and reader.stdout.readline()
            reader.stdout.close()
            assert reader.stderr is not None and reader.stderr.read() == ""
        assert reader.returncode == 0


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full, which Linux has")
def test_a_full_disk_behind_standard_output_exits_7(store):
    command = [sys.executable, "-c", "from recsys_cli.cli import main; main()", "runs"]
    with FULL.open("w") as full:
        done = subprocess.run(
            [*command, "--runs", str(store.root)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=HOUSE,
        )
    assert done.returncode == 7
    assert done.stderr.startswith("error: standard output: cannot write: No space left on device")


def test_what_the_encoding_lacks_is_escaped(store):
    words = ["recommend", "als", "--runs", store.root, "--history", "3", "-k", "2"]
    out, err = process(*words, PYTHONIOENCODING="ascii").communicate()
    assert "Top 2 for this history" in out and err == ""
    shown = process("show", "als", "--runs", store.root, PYTHONIOENCODING="ascii")
    assert "\\u2026" in shown.communicate()[0] and shown.returncode == 0


def test_ctrl_c_exits_130_and_the_run_is_listed_as_interrupted(write, recsys, tmp_path):
    spec = write("long", model={"name": "mf", "epochs": 1_000_000, "lr_decay": 1.0})
    running = process("train", spec)
    store = Store(tmp_path / "runs")
    while not list(store.root.glob("long-1/history.jsonl")):
        assert running.poll() is None, running.communicate()
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate()
    assert running.returncode == 130
    assert err.splitlines()[-1] == "error: interrupted" and "Traceback" not in err
    assert [run["status"] for run in recsys("runs", "--json").document] == ["interrupted"]
    assert "Interrupted: SIGINT" in (store.root / "long-1" / "log.txt").read_text()
    assert recsys("show", "long").code == 6


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full, which Linux has")
def test_notes_that_nobody_can_read_stop_nothing(write, recsys):
    command = [sys.executable, "-c", "from recsys_cli.cli import main; main()"]
    spec = write("unheard", model={"name": "popular"})
    with FULL.open("w") as full:
        done = subprocess.run([*command, "train", str(spec)], stderr=full, stdout=subprocess.PIPE)
        assert done.returncode == 0 and done.stdout == b"unheard-1\n"
        failed = subprocess.run([*command, "show", "non"], stderr=full, stdout=full)
        assert failed.returncode == 6


@pytest.mark.parametrize("closed", [(1,), (2,), (1, 2)])
def test_closed_streams_are_no_error(tmp_path, closed):
    recsys = [sys.executable, "-c", "from recsys_cli.cli import main; main()", "runs"]
    code = f"import os\nfor stream in {closed}: os.close(stream)\nos.execv({recsys[0]!r}, {recsys})"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr.count("Traceback")) == (0, 0)


def test_a_folder_that_was_deleted_under_the_user_is_said(tmp_path):
    code = "import os; os.rmdir(os.getcwd()); from recsys_cli.cli import main; main()"
    gone = tmp_path / "gone"
    gone.mkdir()
    done = subprocess.run([sys.executable, "-c", code, "runs"], cwd=gone, capture_output=True)
    assert done.returncode == 6 and b"the folder that you are in was deleted" in done.stderr
