"""One JSON Lines record in, one out."""

from __future__ import annotations

import json

import pytest

from toolkit.errors import InputError
from toolkit.folders.proposal import map_folders_record


def test_a_record_is_answered() -> None:
    """The answer has the contract's keys, folders by the names the record gave them."""
    record = {
        "id": 7,
        "provider": "GMX",
        "delimiter": "/",
        "capabilities": {"special_use": False, "namespace": {"personal": [["", "/"]]}},
        "folders": [
            {"name": "INBOX", "raw": "INBOX", "flags": ["\\HasNoChildren"], "messages": 3},
            {"name": "Gesendet ", "raw": "Gesendet ", "flags": []},
            {"name": "Entwürfe", "raw": "Entw&APw-rfe", "flags": None},
            {"name": "Sent", "extra": True},
            {"raw": "Gel&APY-scht"},
        ],
    }
    answer = map_folders_record(record)
    assert set(answer) == {"id", "mapping", "also", "virtual", "reasons"}
    assert answer["id"] == 7
    assert answer["mapping"] == {
        "inbox": "INBOX",
        "sent": "Gesendet ",
        "drafts": "Entwürfe",
        "trash": "Gelöscht",
        "junk": None,
        "archive": None,
    }
    assert answer["also"] == {"sent": ["Sent"]}
    reasons = answer["reasons"]
    assert isinstance(reasons, dict)
    assert set(reasons["sent"]) == {"source", "confidence", "runner_up", "why"}
    json.dumps(answer)


@pytest.mark.parametrize(
    "extra",
    [
        {"delimiter": None, "capabilities": None, "provider": None},
        {"capabilities": "none", "provider": ""},
        {"capabilities": {"namespace": {"personal": None, "shared": [[None, "/"], "x", []]}}},
        {"folders": [{"name": "INBOX", "messages": -1, "flags": "\\Marked \\HasChildren"}]},
        {"folders": [{"name": "INBOX", "messages": "12"}]},
    ],
)
def test_what_can_be_read_is_read(extra: dict[str, object]) -> None:
    """Nulls count as missing keys; odd counts, prefixes and capabilities as unknown."""
    record = {"id": "a", "folders": [{"name": "INBOX"}], **extra}
    mapping = map_folders_record(record)["mapping"]
    assert isinstance(mapping, dict)
    assert mapping["inbox"] == "INBOX"


@pytest.mark.parametrize(
    ("record", "field"),
    [
        ({}, "folders"),
        ({"folders": None}, "folders"),
        ({"folders": "INBOX"}, "folders"),
        ({"folders": ["INBOX"]}, "folders[0]"),
        ({"folders": [{}]}, "folders[0].name"),
        ({"folders": [{"name": 1}]}, "folders[0].name"),
        ({"folders": [{"name": "a", "flags": 3}]}, "folders[0].flags"),
        ({"folders": [{"name": "a", "flags": [3]}]}, "folders[0].flags"),
        ({"folders": [], "delimiter": 3}, "delimiter"),
        ([], "record"),
    ],
)
def test_what_cannot_be_read_says_where(record: dict[str, object], field: str) -> None:
    """A record that is no listing is a typed error naming the part."""
    with pytest.raises(InputError) as caught:
        map_folders_record(record)
    assert caught.value.field == field
