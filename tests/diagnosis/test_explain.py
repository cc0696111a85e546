"""`explain` ranks causes with honest confidences, evidence, remedies and a next test."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.diagnosis.causes import catalogue
from toolkit.diagnosis.explain import (
    Failure,
    RankedCause,
    describe_test,
    explain,
    explain_record,
)
from toolkit.errors import (
    CertificateExpired,
    CertificateHostMismatch,
    CertificateSelfSigned,
    CertificateUntrusted,
    ConnectRefused,
    ConnectTimeout,
    HostNotFound,
    InputError,
    LoginRefused,
    LoginUnavailable,
    MailError,
    NameLookupFailed,
    NetworkUnreachable,
    Stage,
    TlsWrongProtocol,
)
from toolkit.language import Text


def _first(stage: Stage, error: str, **fields: object) -> str:
    return explain(Failure(stage, error, **fields))[0].cause  # type: ignore[arg-type]


def _sound(answer: tuple[RankedCause, ...]) -> None:
    confidences = [cause.confidence for cause in answer]
    assert all(0 <= confidence <= 1 for confidence in confidences)
    assert sum(confidences) <= 1 + 1e-9
    assert confidences == sorted(confidences, reverse=True)
    assert {cause.cause for cause in answer} <= set(catalogue().causes)


_FAILURES = st.builds(
    Failure,
    stage=st.sampled_from(Stage),
    error=st.text(max_size=400),
    provider=st.sampled_from(["", "gmail", "office365", "Nobody's mail", "\x00"]) | st.text(),
    host=st.text(max_size=60),
    port=st.none() | st.integers(min_value=1, max_value=65535),
    security=st.sampled_from(["", "ssl", "starttls", "none"]),
    mechanism=st.text(max_size=12),
    username_form=st.text(max_size=12),
)


@given(failure=_FAILURES)
@settings(max_examples=150, deadline=None)
def test_any_failure_is_answered(failure: Failure) -> None:
    """Whatever the text and the fields, the answer is sound and sorted; nothing raises."""
    answer = explain(failure)
    assert len(answer) == 5
    _sound(answer)


@pytest.mark.parametrize(
    "error",
    [
        "A" * 100_000,
        "a b " * 25_000,
        "login " * 20_000,
        "imap .. nicht " * 8_000,
        "::" * 50_000,
        "1:" * 50_000,
        "[A" * 50_000,
        "5.7.8 " * 20_000,
        "<" * 100_000,
        "a-a." * 25_000,
        "flags:[" * 15_000,
        "user=<" * 15_000,
        "&-AAA" * 20_000,
        "getaddrinfo " * 8_000 + "https://",
        "\x00\ufffd" * 50_000,
    ],
    ids=lambda error: repr(error[:12]),
)
def test_hostile_text_is_answered(error: str) -> None:
    """A hundred kilobytes made to trip a pattern matcher get an answer like any other."""
    _sound(explain(Failure(Stage.AUTH, error)))


@given(st.integers(min_value=0, max_value=9))
def test_limit(limit: int) -> None:
    """At most so many causes are returned as were asked for."""
    assert len(explain(Failure(Stage.AUTH, "LOGIN failed"), limit=limit)) == limit


@pytest.mark.parametrize(
    "noisy",
    [
        "A0001 NO [AUTHENTICATIONFAILED] Authentication failed.",
        "a42 no [authenticationfailed] authentication FAILED.",
        "NO  [AUTHENTICATIONFAILED]\tAuthentication\r\n failed.",
        "b'NO [AUTHENTICATIONFAILED] Authentication failed.\\r\\n'",
        "NO [AUTHENTICATIONFAILED] «Authentication failed.»",
    ],
)
def test_noise_changes_nothing(noisy: str) -> None:
    """Tags, case, white space, quotes and Python's wrapping do not change the answer."""
    plain = explain(Failure(Stage.AUTH, "NO [AUTHENTICATIONFAILED] Authentication failed."))
    assert [c.cause for c in explain(Failure(Stage.AUTH, noisy))] == [c.cause for c in plain]


@pytest.mark.parametrize(
    ("provider", "host", "cause"),
    [
        ("gmail", "", "app-password-required"),
        ("outlook.com", "", "basic-auth-disabled"),
        ("Exchange Online", "", "basic-auth-disabled"),
        ("", "outlook.office365.com", "basic-auth-disabled"),
        ("gmx", "", "imap-disabled"),
        ("", "imap.web.de", "imap-disabled"),
        ("Telekom", "", "app-password-required"),
        ("apple", "", "app-password-required"),
        ("exchange", "", "mailbox-access-denied"),
        ("strato", "", "wrong-password"),
        ("", "mail.kanzlei.example", "wrong-password"),
    ],
)
def test_same_text_means_different_things(provider: str, host: str, cause: str) -> None:
    """A bare refusal is read by who gave it; providers go by their usual other names."""
    assert _first(Stage.AUTH, "A1 NO LOGIN failed.", provider=provider, host=host) == cause


def test_mechanism_matters() -> None:
    """A refusal of XOAUTH2 is about the token, never about a password."""
    answer = explain(
        Failure(Stage.AUTH, "NO AUTHENTICATE failed.", "office365", mechanism="XOAUTH2")
    )
    assert answer[0].cause in {"oauth-scope-missing", "mailbox-access-denied"}
    assert "wrong-password" not in {cause.cause for cause in answer}


def test_username_form_matters() -> None:
    """A login with the local part alone points to the form of the user name."""
    refused = "NO [AUTHENTICATIONFAILED] Authentication failed."
    assert _first(Stage.AUTH, refused, username_form="local-part") == "wrong-username-form"
    assert _first(Stage.AUTH, refused, username_form="email") == "wrong-password"


def test_port_and_security_matter() -> None:
    """The same silence means a blocked port or a wrong TLS mode, by port and security."""
    silent = "timed out waiting for the greeting"
    assert (
        _first(Stage.GREETING, silent, port=993, security="none", host="imap.example.org")
        == "port-security-mismatch"
    )
    assert (
        _first(Stage.GREETING, silent, port=993, security="ssl", host="imap.example.org")
        != "port-security-mismatch"
    )


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (CertificateExpired, "tls-cert-expired"),
        (CertificateHostMismatch, "tls-hostname-mismatch"),
        (CertificateSelfSigned, "tls-self-signed"),
        (CertificateUntrusted, "tls-untrusted-issuer"),
        (TlsWrongProtocol, "port-security-mismatch"),
        (HostNotFound, "dns-typo"),
        (NameLookupFailed, "dns-resolver-failure"),
        (ConnectRefused, "server-down"),
        (ConnectTimeout, "port-blocked"),
        (NetworkUnreachable, "ipv6-broken"),
        (LoginUnavailable, "server-temporary-failure"),
        (LoginRefused, "wrong-password"),
    ],
)
def test_our_own_errors_map_to_causes(error: type[MailError], cause: str) -> None:
    """A typed error needs no text: its code is the evidence."""
    stages = {"tls": Stage.TLS, "certificate": Stage.TLS, "login": Stage.AUTH}
    stage = stages.get(error.code.split("-")[0], Stage.TCP)
    if issubclass(error, NameLookupFailed):
        stage = Stage.DNS
    raised = error(Text("…", "…"), stage=stage, tried="mail.kanzlei.example:993:ssl")
    failure = Failure.from_error(raised)
    assert (failure.host, failure.port, failure.security) == ("mail.kanzlei.example", 993, "ssl")
    answer = explain(failure)
    assert answer[0].cause == cause
    assert error.code in " ".join(answer[0].evidence)


def test_response_code_of_an_error_is_read() -> None:
    """The RFC 5530 code an error carries counts even if its text lacks it."""
    raised = LoginRefused(
        Text("abgelehnt", "refused"),
        stage=Stage.AUTH,
        response_code="OVERQUOTA",
        evidence="not now",
    )
    assert explain(Failure.from_error(raised))[0].cause == "overquota"


def test_evidence_and_next_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer quotes what it found, in the reader's language, and names a test with words."""
    failure = Failure(Stage.AUTH, "NO [AUTHENTICATIONFAILED] authentication failed", "web.de")
    monkeypatch.setenv("TOOLKIT_LANG", "de")
    german = explain(failure)[0]
    monkeypatch.setenv("TOOLKIT_LANG", "en")
    english = explain(failure)[0]
    assert any("IMAP-Abruf" in line for line in german.evidence)
    assert any("IMAP access" in line for line in english.evidence)
    assert german.next_test is not None
    assert describe_test(german.next_test) is not None
    assert describe_test("no-such-test") is None
    assert "POP3" in german.remedy.de


def test_evidence_against_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """What speaks against a cause is said, too."""
    monkeypatch.setenv("TOOLKIT_LANG", "en")
    answer = explain(Failure(Stage.AUTH, "authentication failed", "strato"), limit=20)
    lines = [line for cause in answer for line in cause.evidence]
    assert any(line.startswith("against it: ") for line in lines)


def test_evidence_never_repeats_the_text() -> None:
    """Evidence is the catalogue's words, so nothing private in an error text comes back."""
    secret = "Tr0ub4dor&3-canary"
    error = f"A1 LOGIN anna.muster@kanzlei.example {secret} NO [AUTHENTICATIONFAILED] bad login"
    said = json.dumps([cause.as_json() for cause in explain(Failure(Stage.AUTH, error), limit=68)])
    assert secret not in said
    assert "anna.muster" not in said


def test_unknown_text_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown wording gets its stage's likeliest causes, with little confidence, and says so."""
    monkeypatch.setenv("TOOLKIT_LANG", "en")
    answer = explain(Failure(Stage.AUTH, "Qapla'! yIDoghQo'"))
    assert answer[0].cause in catalogue().stages[Stage.AUTH]
    assert answer[0].confidence < 0.4
    assert "not known" in answer[0].evidence[0]


def test_record_is_answered_as_the_contract_says() -> None:
    """A record gives its id back, with causes in the contract's form; null means missing."""
    answer = explain_record(
        {
            "id": 7,
            "stage": "auth",
            "error": "NO LOGIN failed.",
            "provider": None,
            "host": "outlook.office365.com",
            "port": 993,
            "security": "ssl",
            "mechanism": None,
            "unknown": {"is": "ignored"},
        }
    )
    assert answer["id"] == 7
    causes = answer["causes"]
    assert isinstance(causes, list)
    first = causes[0]
    assert first["cause"] == "basic-auth-disabled"
    assert set(first["remedy"]) == {"de", "en"}
    assert json.loads(json.dumps(answer)) == answer


@pytest.mark.parametrize(
    ("record", "field"),
    [
        ({"error": "x"}, "stage"),
        ({"stage": "login", "error": "x"}, "stage"),
        ({"stage": 3, "error": "x"}, "stage"),
        ({"stage": "auth"}, "error"),
        ({"stage": "auth", "error": None}, "error"),
        ({"stage": "auth", "error": ["x"]}, "error"),
        ({"stage": "auth", "error": "x", "port": "imap"}, "port"),
        ({"stage": "auth", "error": "x", "port": True}, "port"),
        ({"stage": "auth", "error": "x", "port": 70000}, "port"),
        ({"stage": "auth", "error": "x", "security": "rot13"}, "security"),
        ({"stage": "auth", "error": "x", "provider": 1}, "provider"),
    ],
)
def test_unreadable_record_is_a_typed_error(record: dict[str, object], field: str) -> None:
    """A record that cannot be read names the field."""
    with pytest.raises(InputError) as caught:
        explain_record(record)
    assert caught.value.field == field


def test_unknown_provider_is_fine() -> None:
    """A provider nobody has heard of is no error."""
    answer = explain_record({"id": "a", "stage": "auth", "error": "x", "provider": "Post & Söhne"})
    assert answer["id"] == "a"


@pytest.mark.parametrize(
    "host",
    [
        "https://imap.example.org",
        '"imap.example.org"',
        "imap.example.org,",
        "imap example.org",
        "imap.example.org ",
        "imap.example.org:993",
    ],
)
def test_stray_characters_in_the_host_are_seen(host: str) -> None:
    """A host name with quotes, commas, blanks, a scheme or a port is recognised as such."""
    error = "[Errno -2] Name or service not known"
    assert _first(Stage.DNS, error, host=host) == "config-quoting"


@pytest.mark.parametrize("host", ["imap.example.org", "::1", "[2001:db8::1]", "192.0.2.1"])
def test_proper_hosts_are_not_called_odd(host: str) -> None:
    """Proper names and addresses do not raise that suspicion."""
    error = "[Errno -2] Name or service not known"
    assert _first(Stage.DNS, error, host=host) != "config-quoting"
