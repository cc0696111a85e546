"""providers.yaml: how it is read, what is wrong with a wrong one, and what the real one knows."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.errors import ProviderFileError
from toolkit.folders.roles import Role
from toolkit.language import Text
from toolkit.providers import Catalogue, Provider, Status, UsernameForm, load_providers
from toolkit.providers.catalogue import find_problems, stale
from toolkit.providers.hints import HINTS, PROVIDER_HINTS
from toolkit.providers.schema import ENTRY, json_schema

GOOD = """\
- id: muster
  name: Muster
  country: NO
  segment: hoster
  status: ok
  domains: [muster.example]
  mx: [mx.muster.example]
  imap: [imap.muster.example:993:ssl]
  smtp: [smtp.muster.example:587:starttls]
  username: {imap: localpart, smtp: email}
  folders: {sent: [Gesendet, Sent], trash: Papierkorb}
  hint: {de: Hinweis., en: Hint.}
  source: https://muster.example/
  last_checked: 2026-11-24
"""


def problems(tmp_path: Path, text: str | bytes) -> list[str]:
    """The German message of a wrong file, line by line."""
    path = tmp_path / "providers.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ProviderFileError) as caught:
        load_providers(path)
    assert caught.value.hint is not None
    assert caught.value.message.de.count("\n") == caught.value.message.en.count("\n")
    return caught.value.message.de.splitlines()


def test_reads_an_entry_whole(tmp_path: Path) -> None:
    """Every value keeps its type; a country code NO is not a boolean."""
    path = tmp_path / "providers.yaml"
    path.write_text(GOOD, encoding="utf-8")
    (provider,) = load_providers(path)
    assert provider.country == "NO"
    assert provider.access.username is UsernameForm.LOCALPART
    assert provider.access.smtp_username is UsernameForm.EMAIL
    assert provider.own_domain_access.username is UsernameForm.EMAIL
    assert provider.folder_names == {Role.SENT: ("Gesendet", "Sent"), Role.TRASH: ("Papierkorb",)}
    assert provider.hint == Text("Hinweis.", "Hint.")
    assert provider.last_checked == dt.date(2026, 11, 24)
    assert str(provider.access.imap[0]) == "imap.muster.example:993:ssl"


def test_an_edited_file_is_read_again(tmp_path: Path) -> None:
    """The memory of a file ends when the file changes."""
    path = tmp_path / "providers.yaml"
    path.write_text(GOOD, encoding="utf-8")
    assert load_providers(path) is load_providers(path)
    path.write_text(GOOD.replace("muster", "anderer"), encoding="utf-8")
    assert load_providers(path).get("anderer") is not None


@pytest.mark.parametrize(
    ("wrong", "line", "key", "says"),
    [
        (("status: ok", "status: okay"), 5, "status", "Gemeint ist wohl „ok“"),
        (("segment:", "segmnet:"), 4, "segmnet", "Gemeint ist wohl „segment“"),
        (("  name: Muster\n", ""), 1, "name", "fehlt"),
        (("imap.muster.example:993:ssl", "imap.muster.example:993"), 8, "imap[1]", "imap.gmx.net:993:ssl"),
        (("993:ssl", "99999:ssl"), 8, "imap[1]", "Ports liegen"),
        (("[imap.muster.example:993:ssl]", "imap.muster.example:993:ssl"), 8, "imap", "Liste"),
        (("2026-11-24", "24.11.2026"), 14, "last_checked", "kein Datum"),
        (("{de: Hinweis., en: Hint.}", "{de: Hinweis.}"), 12, "hint.en", "fehlt"),
        (("sent: [Gesendet, Sent]", "snet: Gesendet"), 11, "folders.snet", "Gemeint ist wohl „sent“"),
        (("smtp: email", "smtp: emial"), 10, "username.smtp", "Gemeint ist wohl „email“"),
        (("mx: [mx.muster.example]", "mx: [MX.muster]"), 7, "mx[1]", "Form"),
        (("  country: NO\n", "  country: NO\n  country: DE\n"), 4, "country", "steht schon in Zeile 3"),
        (("[muster.example]", "[muster.example, muster.example]"), 6, "domains[2]", "schon in dieser Liste"),
        (("  domains:", "  hints: [oauth2_only]\n  domains:"), 1, "muster.mechanisms", "oauth2_only"),
        (("  domains:", "  hints: [app_password]\n  domains:"), 1, "muster.steps", "kein Schritt"),
        (("status: ok", "status: gateway"), 7, "muster.mx", "MX-Hosts"),
        (("status: ok", "status: no_imap"), 8, "muster.imap", "keine IMAP-Server"),
        (("  domains:", "  ask_host: true\n  domains:"), 6, "muster.ask_host", "entweder"),
        (("  domains:", "  hints: [appp_password]\n  domains:"), 6, "hints[1]", "app_password"),
        (("993:ssl]", "143:starttls, imap.muster.example:993:ssl]"), 8, "muster.imap", "STARTTLS"),
        (("  hint:", "  exceptions:\n    - domains: [fremd.example]\n      username: ask\n  hint:"), 12, "muster.exceptions", "fremd.example"),
        (("  hint:", "  exceptions:\n    - username: ask\n  hint:"), 12, "muster.exceptions", "entweder für Domains oder"),
    ],
)  # fmt: skip
def test_a_mistake_names_file_line_and_key(
    tmp_path: Path, wrong: tuple[str, str], line: int, key: str, says: str
) -> None:
    """One mistake gives one message that says where it is and what to do."""
    text = GOOD.replace(*wrong, 1)
    assert text != GOOD
    found = problems(tmp_path, text)
    assert any(
        one.startswith(f"providers.yaml:{line}: {key}: ") and says in one for one in found
    ), found


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """A file with mistakes in two entries lists them all, in the order of the lines."""
    second = GOOD.replace("muster", "zweiter").replace("status: ok", "status: kaputt")
    found = problems(tmp_path, GOOD.replace("993:ssl", "993:tls") + second)
    assert [one.split(": ")[0] for one in found] == ["providers.yaml:8", "providers.yaml:19"]


def test_nothing_is_claimed_twice(tmp_path: Path) -> None:
    """An id, a domain and a mail exchanger belong to one entry; the message names the other."""
    found = problems(tmp_path, GOOD + GOOD)
    assert [re.sub(r"^providers.yaml:(\d+): ([^:]+):.*", r"\1 \2", one) for one in found] == [
        "15 muster.id",
        "20 muster.domains",
        "21 muster.mx",
    ]
    assert all("„muster“ (Zeile 1)" in one for one in found)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (b"", 1, "leer"),
        (b"- id: [\n", 2, "kein gültiges YAML"),
        (b"- id: a\n  name: \xff\n", 2, "UTF-8"),
        (b"- id: a\n\tname: b\n", 2, "YAML"),
        (b"id: a\n", 1, "Liste von Anbietern"),
        (b"- nur ein Text\n", 1, "Schlüssel: Wert"),
        (b"- &a\n  id: *a\n", 1, "YAML"),
        (b"- id: a\x00\n", 1, "YAML"),
    ],
)
def test_what_is_no_list_of_entries_is_told(
    tmp_path: Path, text: bytes, line: int, says: str
) -> None:
    """Broken YAML, a wrong encoding or another shape name the line too."""
    first = problems(tmp_path, text)[0]
    assert first.startswith(f"providers.yaml:{line}: ")
    assert says in first


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """The error names the path."""
    with pytest.raises(ProviderFileError, match=r"fehlt|missing"):
        load_providers(tmp_path / "nirgends.yaml")


@settings(max_examples=150, deadline=None)
@given(cut=st.integers(0, len(GOOD)), put=st.text(max_size=6))
def test_a_damaged_file_ends_in_providers_or_problems(
    tmp_path_factory: pytest.TempPathFactory, cut: int, put: str
) -> None:
    """Whatever is typed into the file, reading ends in a catalogue or in the typed error."""
    path = tmp_path_factory.mktemp("damaged") / "providers.yaml"
    path.write_bytes((GOOD[:cut] + put + GOOD[cut:]).encode("utf-8", "surrogatepass"))
    told = ""
    try:
        load_providers(path)
    except ProviderFileError as error:
        told = error.message.de
    # What was typed may hold line breaks of its own, which the message repeats.
    assert not told or told.startswith("providers.yaml:")


def test_find_problems_lists_them(tmp_path: Path) -> None:
    """The check gives line and key as data, and nothing for a sound file."""
    path = tmp_path / "providers.yaml"
    path.write_text(GOOD.replace("  name:", "  nmae:"), encoding="utf-8")
    assert [(p.line, p.key) for p in find_problems(path)] == [(1, "name"), (2, "nmae")]
    path.write_text(GOOD, encoding="utf-8")
    assert find_problems(path) == ()


def test_the_json_schema_knows_every_key() -> None:
    """The schema for editors is JSON and has the fields the loader has."""
    schema = json.loads(json.dumps(json_schema()))
    assert set(schema["items"]["properties"]) == set(ENTRY)
    assert schema["items"]["additionalProperties"] is False
    assert {"id", "name", "status", "hint", "source", "last_checked"} <= set(
        schema["items"]["required"]
    )


# ---- the product's own file


def test_every_domain_resolves_to_its_provider(catalogue: Catalogue) -> None:
    """Each domain is its provider's; nothing below or beside it is, unless another entry says so."""
    for provider in catalogue:
        for domain in provider.domains:
            assert catalogue.for_domain(domain) is provider
            for other in (f"x{domain}", f"{domain}.evil.example", f"{domain}x"):
                assert catalogue.for_domain(other) is catalogue.domains.get(other), other
            below = catalogue.for_domain(f"x.{domain}")
            assert below is None or f"x.{domain}" in below.domains or below.domain_suffixes


def test_every_suffix_covers_what_is_below(catalogue: Catalogue) -> None:
    """A suffix is anchored at a label boundary."""
    for provider in catalogue:
        for suffix in provider.domain_suffixes:
            assert catalogue.for_domain(f"firma.{suffix}") is provider
            assert catalogue.for_domain(f"x{suffix}") is None
            assert catalogue.for_domain(f"{suffix}.evil.example") is None


def test_every_mail_exchanger_resolves_to_its_provider(catalogue: Catalogue) -> None:
    """Each MX pattern covers the host and what is below it, never a look-alike."""
    for provider in catalogue:
        for host in provider.mx:
            assert catalogue.for_mx(host) is provider
            assert catalogue.for_mx(f"mx01.{host}") is provider
            assert catalogue.for_mx(f"{host}.evil.example") is None
            above = host.partition(".")[2]
            assert catalogue.for_mx(f"x{host}") is catalogue.for_mx(above), host


def test_hints_have_words(catalogue: Catalogue) -> None:
    """Every slug used can be said in both languages, and no slug is unused."""
    used = {hint for provider in catalogue for hint in provider.hints}
    assert used <= set(PROVIDER_HINTS) <= set(HINTS)
    assert all(text.de and text.en for text in HINTS.values())


def test_entries_are_complete(catalogue: Catalogue) -> None:
    """Each reachable provider has servers for both ways and says something in both languages."""
    assert len(catalogue) >= 200
    for provider in catalogue:
        assert provider.hint.de != provider.hint.en
        if provider.status is Status.OK and not provider.ask_host:
            assert provider.access.imap, provider.id
            assert provider.access.smtp, provider.id


def test_aliases_lead_to_ids(catalogue: Catalogue) -> None:
    """Usual names of services resolve to ids, whatever case and punctuation."""
    for name, id_ in {
        "office365": "microsoft365",
        "Exchange Online": "microsoft365",
        "exchange": "exchange-onprem",
        "Outlook.com": "outlook-consumer",
        "iCloud-custom": "icloud",
        "GMX": "gmx",
        "gmx.at": "gmx",
        "webde": "web.de",
        "T-Online": "t-online",
        "1&1": "ionos",
        "G Suite": "google-workspace",
        "zoho": "zoho-eu",
    }.items():
        assert catalogue.resolve_alias(name) == id_, name
    assert catalogue.resolve_alias("nirgends") is None
    assert all(catalogue.resolve_alias(provider.id) == provider.id for provider in catalogue)


def test_stale_entries_are_found(catalogue: Catalogue) -> None:
    """An entry not compared for a year is stale, a fresh one is not."""
    checked = catalogue["gmx"].last_checked
    assert stale(catalogue, checked) == ()
    assert catalogue["gmx"] in stale(catalogue, checked + dt.timedelta(days=366))


def test_an_exception_of_a_domain_wins(catalogue: Catalogue) -> None:
    """email.de takes the whole address where web.de takes the local part."""
    provider: Provider = catalogue["web.de"]
    assert provider.access_for("web.de").username is UsernameForm.LOCALPART
    assert provider.access_for("email.de").username is UsernameForm.EMAIL
    assert provider.access_for("email.de").imap == provider.access.imap
