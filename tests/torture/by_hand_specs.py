"""Hostile specs by hand: what each holds, where it must be refused, and what is said."""

from __future__ import annotations

from dataclasses import dataclass

HEAD = "name: toy\ndataset: {name: synthetic}\nsplit: {name: leave-last}\n"
BASE = HEAD + "model: {name: als}\n"
#: Letters that still make a spec of an allowed size, and more than that.
ROOM, MUCH = (128 << 10) - len(BASE) - 64, 10 << 20


@dataclass(frozen=True)
class Hand:
    """One spec; ``place`` is the line:column of its first problem, None if the spec is sound."""

    name: str
    text: str | bytes
    place: str | None
    says: str = ""

    @property
    def data(self) -> bytes:
        """The file."""
        return self.text.encode() if isinstance(self.text, str) else self.text


def _keys(count: int, text: str = "{}: 1\n") -> str:
    return "".join(text.format(f"k{number}") for number in range(count))


def _searched(block: str) -> str:
    return f"search:\n  metric: ndcg@10\n  space: {block}\n"


def _space(block: str) -> str:
    return BASE + _searched(block)


def _users(users: str, head: str = "") -> str:
    return f"{BASE}recommend: {{{head}users: [{users}]}}\n"


_METRICS = ", ".join(f"ndcg@{k}" for k in range(1, 1001))
_CHOICES = (
    f"model.factors: {{choice: {[*range(1, 951)]}}}, model.epochs: {{choice: {[*range(1, 951)]}}}"
)
_PARTS: list[Hand] = [
    Hand("empty", "", "", "the spec is empty"),
    Hand("comment only", "# nothing\n", "", "the spec is empty"),
    Hand("a list", "- 1\n", "1:1", "block of keys"),
    Hand("a word", "als\n", "1:1", "block of keys"),
    Hand("null", "null\n", "", "the spec is empty"),
    Hand("two documents", BASE + "---\nname: b\n", "5:1", "one document"),
    Hand("byte order mark", b"\xef\xbb\xbf" + BASE.encode(), None),
    Hand("windows lines", BASE.replace("\n", "\r\n"), None),
    Hand("old mac lines", BASE.replace("\n", "\r"), None),
    Hand("utf-16", BASE.encode("utf-16"), "1:1", "not UTF-8"),
    Hand("utf-16 without mark", BASE.encode("utf-16-le"), "1:2", "U+0000"),
    Hand("latin-1", BASE.replace("toy", "tö").encode("latin-1"), "1:8", "not UTF-8"),
    Hand("cut within a letter", BASE.encode() + b"# \xf0\x9f\x98", "5:3", "not UTF-8"),
    Hand("nul", BASE + "seed: \0\n", "5:7", "U+0000"),
    Hand("escape", BASE + "seed: \x1b[2J\n", "5:7", "U+001B"),
    Hand("a tab indents", "dataset:\n\tname: synthetic\n", "2:1", "use spaces"),
    Hand("a tab behind", "name: 'toy'\t\n", "1:12", "use spaces"),
    Hand("open quote", BASE + 'recommend: {users: ["1]}\n', "6:1", "end of stream"),
    Hand("open bracket", BASE + "recommend: {users: [1\n", "6:1", "not valid YAML"),
    Hand("closed twice", BASE + "recommend: {users: []]}\n", "5:22", "not valid YAML"),
    Hand("two colons", BASE + "seed: a: b\n", "5:8", 'second ":"'),
    Hand("key twice", BASE + "name: als\n", "5:1", "twice, first at"),
    Hand("key twice, quoted", BASE + '"seed": 1\nseed: 2\n', "6:1", "twice, first at"),
    Hand("anchor", "name: &a toy\n", "1:7", "anchors"),
    Hand("alias", "name: *a\n", "1:7", "aliases"),
    Hand("merge key", BASE + "<<: {seed: 1}\n", "5:1", "merge keys"),
    Hand("laughs", "a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "1:4", "anchors"),
    Hand("python tag", "name: !!python/object/apply:os.system [ls]\n", "1:7", "tags"),
    Hand("binary tag", "name: !!binary aGVsbG8=\n", "1:7", "tags"),
    Hand("own tag", "name: !env HOME\n", "1:7", "tags"),
    Hand("list as key", "[a]: 1\n", "1:1", "a key must be a word"),
    Hand("set", "? a\n? b\n", "1:1", "required key is missing"),
    Hand("name is a number", BASE.replace("toy", "1e3"), "1:7", "in quotes"),
    Hand("name leads away", BASE.replace("toy", "../toy"), "1:7", "lower-case letters"),
    Hand("name is a number's", BASE.replace("toy", "toy-7"), "1:7", "hyphen and digits"),
    Hand("leading zero", BASE + "seed: 0123\n", "5:7", "an integer"),
    Hand("sexagesimal", BASE + "seed: 1:30\n", "5:7", "an integer"),
    Hand("timestamp", BASE + "seed: 2020-01-01\n", "5:7", "an integer"),
    Hand("norway", BASE + "train: {refit: no}\n", "5:16", "write false"),
    Hand("64 bits and one", BASE + "seed: 9223372036854775808\n", "5:7", "64 bits"),
    Hand("4,000 digits", BASE + f"seed: {'9' * 4000}\n", "5:7", "64 bits"),
    Hand("infinity", HEAD + "model: {name: als, reg: .inf}\n", "4:25", "finite"),
    Hand("not a number", HEAD + "model: {name: als, reg: .nan}\n", "4:25", "finite"),
    Hand("beyond a double", HEAD + "model: {name: als, reg: 1e999}\n", "4:25", "finite"),
    Hand("extends itself", BASE + "extends: case.yaml\n", "5:10", "leads back"),
    Hand("extends a device", BASE + "extends: /dev/zero\n", "5:10", "a pipe or a device"),
    Hand("extends a list", BASE + "extends: [a]\n", "5:10", "path of one"),
    Hand("deep lists", "[" * ROOM, "1:65", "deep"),
    Hand("deep blocks", "{a: " * (ROOM // 4), "1:257", "deep"),
    Hand("deep models", HEAD + "model: " + "{name: ensemble, models: [" * 40, "4:", "deep"),
    Hand("ten megabytes", b"# ten\n" * (MUCH // 6), "", "128 KiB"),
    Hand("one long comment", BASE + "#" * ROOM, None),
    Hand("blank lines", BASE + "\n" * ROOM, None),
    Hand("one long word", BASE + "seed: " + "x" * ROOM, "5:7", "an integer"),
    Hand("one long key", BASE + "? " + "x " * (ROOM // 2) + "\n: 1\n", "5:3", "unknown key"),
    Hand("many words", BASE + "seed: " + "x " * (ROOM // 2), "5:7", "an integer"),
    Hand("many keys", BASE + _keys(2400), "5:1", "unknown key"),
    Hand("too many keys", BASE + _keys(9000), "", "5,000 values"),
    Hand("users to the brim", _users("'1', " * 4880), None),
    Hand("too many with its defaults", _users("'1', " * 4950), "", "more than 5,000"),
    Hand("too long with its defaults", _users("'196'," * 4800 + "x" * 98_000), "", "128 KiB"),
    Hand("too long in escapes", _users('"' + "\u202e" * (ROOM // 4) + '"'), "", "128 KiB"),
    Hand("many choices", _space(f"{{model.factors: {{choice: {[*range(1, 1001)]}}}}}"), None),
    Hand(
        "many choices beside metrics",
        _space(f"{{{_CHOICES}}}") + f"evaluation: {{metrics: [{_METRICS}]}}\n",
        None,
    ),
    Hand(
        "many choices in many models",
        f"{HEAD}model: {{name: ensemble, models: [{'{name: als}, ' * 16}]}}\n"
        + _searched(f"{{{_CHOICES.replace('model.', 'model.models.0.')}}}"),
        "7:11",
        "more values than can be tried",
    ),
    Hand(
        "many unknown searched keys",
        _space(f"{{{', '.join(f'model.k{at}: {{log: [1, 2]}}' for at in range(700))}}}"),
        "7:11",
        "unknown key",
    ),
    Hand(
        "a deep searched key", _space(f"{{? model{'.a' * 3000} : {{int: [1, 2]}}}}"), "7:", "a key"
    ),
    Hand(
        "many metrics",
        f"{BASE}evaluation: {{metrics: {['map@1'] * 4900}}}",
        "5:23",
        "at most 1,000 entries, holds 4,900",
    ),
]
SPECS = {hand.name: hand for hand in _PARTS}
