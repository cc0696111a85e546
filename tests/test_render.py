"""What render makes of hostile data, and that nobody else makes HTML."""

from __future__ import annotations

import ast
import unicodedata
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import toolkit
from toolkit import render
from toolkit.language import Text
from toolkit.mail.folder import Folder
from toolkit.render import Column, Html

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "</td></tr></table><script src=https://evil.example/x.js></script>",
    "</style><script>1</script>",
    "</title><script>1</script>",
    "-->",
    "<![CDATA[<script>",
    "&lt;script&gt;&#60;script&#62;",
    "javascript:alert(1)",
    "Rechnung\u202egpj.exe",
    "a\u2066b\u2069c\u200eG\u061c",
    "\x00\x1b[31mrot\x07",
    "$\\href{javascript:alert(1)}{Klick}$",
    "\ud800 einzelnes Surrogat",
    "{{7*7}} {% raw %} %(x)s {0}",
    "\u2028\u2029\ufeff",
    "x" * 10_000,
]

words = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(),
    st.text(alphabet="<>\"'&=/ -!`\n\r\x00\u202e", max_size=40),
)


class Skeleton(HTMLParser):
    """The tags and attributes of a document, and its text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.odd: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.tags.append((f"/{tag}", ()))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_comment(self, data: str) -> None:
        self.odd.append(data)

    def handle_pi(self, data: str) -> None:
        self.odd.append(data)

    def unknown_decl(self, data: str) -> None:
        self.odd.append(data)


def skeleton(markup: str) -> Skeleton:
    parser = Skeleton()
    parser.feed(markup)
    parser.close()
    return parser


def shape(markup: str) -> list[tuple[str, tuple[str, ...]]]:
    """Tags with the names of their attributes: what data must never change."""
    parsed = skeleton(markup)
    assert not parsed.odd
    return [(tag, tuple(name for name, _ in attrs)) for tag, attrs in parsed.tags]


def build(word: str) -> dict[str, str]:
    """Everything render makes, with one word in every place data can reach."""
    folders = [
        Folder(b"a", word, None, messages=3),
        Folder(b"b", f"INBOX/{word}", None, messages=4),
    ]
    return {
        "text": str(render.text(word)),
        "paragraph": str(render.paragraph(word)),
        "verbatim": str(render.verbatim(word)),
        "badge": str(render.badge("info", word)),
        "notice": str(render.notice("error", word, word or "-")),
        "section": str(render.section(word, word)),
        "details": str(render.details(word, word)),
        "bullets": str(render.bullets([word, word])),
        "steps": str(render.steps([word])),
        "facts": str(render.facts([(word, word)])),
        "link": str(render.link("a/" + word.replace("/", ""), word)),
        "figure": str(render.figure(word, word, word or "-")),
        "table": str(
            render.table(
                [{"a": word}], [Column("a", word or "-")], caption=word or "-", total={"a": word}
            )
        ),
        "folder_tree": str(
            render.folder_tree(folders, roles={b"a": word, b"b": word}, caption=word)
        ),
        "page": render.page(word, word, subtitle=word or "-", footer=word or "-"),
        "styled": str(render.notice("info", word).styled()),
    }


HARMLESS = {name: shape(markup) for name, markup in build("harmlos").items()}


@given(words)
def test_no_tag_and_no_attribute_comes_from_data(word: str) -> None:
    """Whatever the data, every piece of HTML has the tags and attributes it has for "harmlos"."""
    assert {name: shape(markup) for name, markup in build(word).items()} == HARMLESS


@given(words)
def test_everything_can_be_written_as_utf8_and_holds_nothing_invisible(word: str) -> None:
    """No lone surrogate, control, bidi override or other format character survives."""
    for markup in build(word).values():
        markup.encode("utf-8")
        for character in markup:
            if character not in "\t\n\r\u200c\u200d":
                assert unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(st.text(alphabet=st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1))
def test_readable_text_arrives_unchanged(word: str) -> None:
    """Escaping loses nothing: the parser gives back the very text that went in."""
    assert (
        "".join(skeleton(str(render.text(word))).words)
        == word[: render.plain.__kwdefaults__["longest"]]
    )


def test_a_bidi_override_is_shown_and_isolated() -> None:
    """A name that reverses what follows is shown with its code point inside <bdi>."""
    assert str(render.text("Rechnung\u202egpj.exe")) == "<bdi>Rechnung[U+202E]gpj.exe</bdi>"


def test_a_link_is_always_relative() -> None:
    """No scheme, no host: data can only name a file."""
    assert str(render.link("javascript:alert(1)", "x")).startswith('<a href="./javascript%3Aalert')
    assert 'href=".//evil' not in str(render.link("evil.example/x", "x"))
    made = render.link(Path("/tmp/berichte/a b#1.html"), "Bericht", base=Path("/tmp"))
    assert str(made) == '<a href="./berichte/a%20b%231.html"><bdi>Bericht</bdi></a>'
    with pytest.raises(ValueError, match="folder of the page"):
        render.link("/etc/passwd", "x")


def test_a_page_is_self_contained_and_forbids_everything_else() -> None:
    """A page loads nothing, runs nothing, and its policy says so; its language is set."""
    markup = render.page("Überblick", render.table([{"a": 1}]), render.figure("<svg/>", "Verlauf"))
    parsed = skeleton(markup)
    tags = [tag for tag, _ in parsed.tags]
    assert "script" not in tags
    assert "link" not in tags
    assert markup.startswith('<!DOCTYPE html>\n<html lang="de"')
    sources = [
        value for _, attrs in parsed.tags for name, value in attrs if name in {"src", "href"}
    ]
    assert all(str(source).startswith("data:image/svg+xml;base64,") for source in sources)
    policy = [dict(attrs).get("content") for tag, attrs in parsed.tags if tag == "meta"]
    assert any(str(one).startswith("default-src 'none'; style-src 'sha256-") for one in policy)
    assert not any(
        name.startswith("on") or name == "style" for _, a in parsed.tags for name, _ in a
    )


def test_numbers_and_dates_are_german(monkeypatch: pytest.MonkeyPatch) -> None:
    """1.234 and 24.11.2026 14:05; English where the person reads English."""
    when = datetime(2026, 11, 24, 14, 5)  # noqa: DTZ001  # a naive time is shown as it is
    values = [1234, 1234.5, -3, 0.25, when, date(2026, 11, 24), True, None, timedelta(seconds=185)]
    german = [
        "1.234",
        "1.234,5",
        "−3",
        "0,25",
        "24.11.2026 14:05",
        "24.11.2026",
        "ja",
        "–",
        "3 min 05 s",
    ]
    assert [render.plain(one) for one in values] == german
    monkeypatch.setenv("TOOLKIT_LANG", "en")
    assert [render.plain(one) for one in values[:2]] == ["1,234", "1,234.5"]
    assert render.moment(when) == "2026-11-24 14:05"


def test_a_time_with_a_zone_is_shown_in_local_time() -> None:
    """An aware time becomes this machine's wall clock."""
    when = datetime(2026, 11, 24, 14, 5, tzinfo=UTC)
    assert render.moment(when) == when.astimezone().strftime("%d.%m.%Y %H:%M")


def test_a_data_frames_moment_is_shown_like_any_other() -> None:
    """pandas' timestamps are told in this machine's zone, too, and lose no word over nanoseconds."""
    when = pd.Timestamp("2026-11-24 13:05:01.123456789", tz="UTC")
    assert render.moment(when) == render.moment(datetime(2026, 11, 24, 13, 5, tzinfo=UTC))


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 ms"),
        (0.34, "340 ms"),
        (0.9999, "1,0 s"),
        (2.44, "2,4 s"),
        (59.99, "1 min 00 s"),
        (7260, "2 h 01 min"),
    ],
)
def test_durations(seconds: float, shown: str) -> None:
    """Durations are written in the unit a person would use."""
    assert render.duration(seconds) == shown


@pytest.mark.parametrize(
    ("octets", "shown"), [(0, "0 Bytes"), (1536, "1,5 kB"), (560_000_000, "534,1 MB")]
)
def test_sizes(octets: int, shown: str) -> None:
    """Sizes are written as mail programs write them."""
    assert render.size(octets) == shown


def test_a_frame_becomes_a_table_with_numbers_to_the_end() -> None:
    """A DataFrame's numbers, gaps and times are shown in German, its index is not."""
    frame = pd.DataFrame(
        {
            "Ordner": ["INBOX", "Gesendet"],
            "neu": np.array([1234, 5]),
            "Anteil": [0.5, np.nan],
            "wann": [pd.Timestamp("2026-11-24 14:05"), pd.NaT],
            "fertig": [np.True_, np.False_],
        }
    )
    rows = skeleton(str(render.table(frame))).words
    assert rows == [
        *["Ordner", "neu", "Anteil", "wann", "fertig"],
        *["INBOX", "1.234", "0,5", "24.11.2026 14:05", "ja"],
        *["Gesendet", "5", "–", "–", "nein"],
    ]
    assert str(render.table(frame)).count('<td class="tk-end">') == 4


def test_a_table_without_rows_says_so() -> None:
    """An empty table keeps its head and says that there is nothing."""
    made = skeleton(str(render.table([], [Column("a", Text("Konto", "Account"))])))
    assert made.words == ["Konto", "Keine Einträge."]


def test_a_total_leaves_blank_what_has_no_sum() -> None:
    """The last line holds the sums given and nothing, not even a dash, elsewhere."""
    rows = [{"Ordner": "INBOX", "Rolle": "Posteingang", "neu": 5}]
    made = str(render.table(rows, total={"Ordner": "Summe", "neu": 5}))
    assert made.endswith(
        "<tfoot><tr><td><bdi>Summe</bdi></td><td></td>"
        '<td class="tk-end"><bdi>5</bdi></td></tr></tfoot></table></div>'
    )


def test_a_column_may_choose_how_its_values_are_shown() -> None:
    """``show`` receives the value and may return markup of render's own."""
    columns = [
        Column("bytes", "Größe", show=render.size),
        Column("ok", "Ergebnis", show=lambda ok: render.badge("success" if ok else "error", "gut")),
    ]
    made = str(render.table([{"bytes": 2048, "ok": True}], columns))
    assert "<bdi>2,0 kB</bdi>" in made
    assert '<span class="tk-badge tk-success"><bdi>gut</bdi></span>' in made


def test_the_folder_tree_shows_every_folder_and_its_role() -> None:
    """Nested lists; containers in grey; two folders of one name both appear."""
    folders = [
        Folder(b"INBOX", "INBOX", "/", messages=1200),
        Folder(b"INBOX/Akten", "INBOX/Akten", "/", messages=7),
        Folder(b"[Gmail]", "[Gmail]", "/", ("\\Noselect",)),
        Folder(b"[Gmail]/Sent", "[Gmail]/Sent", "/"),
        Folder(b"A\xcc\x88", "Ä", "/"),
        Folder(b"\xc3\x84", "Ä", "/"),
        Folder(b"deep", "/".join(map(str, range(100))), "/"),
    ]
    made = skeleton(str(render.folder_tree(folders, roles={b"INBOX": "Posteingang"})))
    shown = [one for one in made.words if one.strip()]
    assert shown[:4] == ["Ordner des E-Mail-Kontos", "INBOX", "1.200", "Posteingang"]
    assert shown.count("Ä") == 2
    assert max(_depths(made)) <= 12
    assert ("span", (("class", "tk-container"),)) in made.tags


def test_people_find_the_inbox_first_and_the_rest_by_name() -> None:
    """Servers list folders in any order; the tree does not."""
    folders = [Folder(name.encode(), name, "/") for name in ("Zebra", "archiv", "Inbox/b", "INBOX")]
    made = skeleton(str(render.folder_tree(folders, caption="x")))
    assert made.words == ["x", "INBOX", "Inbox", "b", "archiv", "Zebra"]


def _depths(parsed: Skeleton) -> list[int]:
    depth, depths = 0, [0]
    for tag, _ in parsed.tags:
        depth += {"ul": 1, "/ul": -1}.get(tag, 0)
        depths.append(depth)
    return depths


def test_a_hundred_thousand_folders_do_not_drown_the_page() -> None:
    """Only the first two thousand are drawn; the rest is counted."""
    folders = [Folder(str(n).encode(), str(n), "/") for n in range(100_000)]
    made = str(render.folder_tree(folders))
    assert made.count("<li>") == 2000
    assert "… und 98.000 weitere Ordner" in made


def test_mathematics_in_a_subject_is_not_typeset() -> None:
    """A notebook's frame tells MathJax to keep off."""
    assert 'class="tk mathjax_ignore tex2jax_ignore"' in Html("x")._repr_html_()


def test_nobody_else_makes_html() -> None:
    """No module but render builds an Html, and none uses Styler or IPython's HTML."""
    offenders = []
    for path in Path(toolkit.__file__).parent.rglob("*.py"):
        if path.parent.name == "render":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        offenders += [
            f"{path.name}:{node.lineno}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and _made_of(node.func) in {"Html", "HTML", "Styler", "to_html"}
        ]
    assert offenders == []


def _made_of(function: ast.expr) -> str:
    return getattr(function, "attr", getattr(function, "id", ""))
