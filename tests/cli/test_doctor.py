"""``recsys doctor``: what it finds, and what it compiles."""

from __future__ import annotations

from recsys_cli import compilation, warming
from recsys_cli.cli._screen import screen


def test_it_says_where_kernels_are_kept(recsys):
    found = {one["what"]: one for one in recsys("doctor", "--json").document}
    assert found["kernel cache"]["advice"] is None
    assert "kernels" in found["kernel cache"]["found"]


def test_warm_says_how_much_it_compiled_and_when_there_was_nothing_to_do(recsys, monkeypatch):
    def warm(listener) -> warming.Warmed:
        compilation.tell("als", "solve_rows")
        return warming.Warmed(["als.solve_rows"], 1.26)

    monkeypatch.setattr(warming, "warm", warm)
    done = recsys("doctor", "--warm")
    assert (done.code, done.out) == (0, "Compiled 1 functions in 1.3 s.\n")
    assert done.err.startswith("Compiling kernels for their first use")
    document = recsys("doctor", "--warm", "--json").document
    assert document == {"compiled": ["als.solve_rows"], "seconds": 1.26}
    monkeypatch.setattr(warming, "warm", lambda listener: warming.Warmed([], 0.5))
    done = recsys("doctor", "--warm")
    assert done.out == "All kernels are compiled: there was nothing to do.\n" and not done.err


def test_compiling_is_noted_once(capsys):
    with screen():
        for function in ("_multiply", "solve_rows"):
            compilation.tell("als", function)
    assert len(capsys.readouterr().err.splitlines()) == 1
    compilation.tell("als", "solve_rows")
    assert capsys.readouterr().err == ""
