"""Text columns of an item file: words as labels."""

from __future__ import annotations

from pathlib import Path

import pytest

from recsys_cli.loaders.delimited import Delimited


def test_words_are_labels_whatever_their_case(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("r.csv").write_text("user,item,rating\na,x,1\na,y,1\na,z,1\n", encoding="utf-8")
    Path("i.csv").write_text(
        'id,title,blurb\nx,"Night, night!",L\'Été 3\ny,NIGHT_boat,\n', encoding="utf-8"
    )
    items = {"path": "i.csv", "title": "title", "text": ["title", "blurb"]}
    dataset = Delimited(path="r.csv", items=items).load()
    features = dataset.features.items
    assert features is not None
    assert features.multilabel == {
        "title word": [("night",), ("night", "boat"), ()],
        "blurb word": [("l", "été", "3"), (), ()],
    }
    assert "title word=night" in features.columns
    assert dataset.titles == ["Night, night!", "NIGHT_boat", "z"]
