"""Logins: every RFC 5530 code, challenges without end, echoes, and SCRAM that proves nothing."""

from __future__ import annotations

import base64

from demo.servers.behaviours.row import CAPABILITY, CONNECT, DONE, IMAP, SEND, Behaviour, imap, smtp
from demo.servers.scripted import Close, Repeat, Send

__all__ = ["LOGINS", "PASSWORD", "USER"]

B = Behaviour
USER = "anna@kanzlei.example"
PASSWORD = "Päßwort 9f3k"
_PLAIN = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode())
#: RFC 5530, 3.
CODES = (
    "UNAVAILABLE", "AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "EXPIRED", "PRIVACYREQUIRED",
    "CONTACTADMIN", "NOPERM", "INUSE", "EXPUNGEISSUED", "CORRUPTION", "SERVERBUG", "CLIENTBUG",
    "CANNOT", "LIMIT", "OVERQUOTA", "ALREADYEXISTS", "NONEXISTENT",
)  # fmt: skip
_NOW = ("UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "CONTACTADMIN", "OVERQUOTA")


def _scram(rounds: int, *, nonce: bool = True, verifier: bytes = b"v=AAAA") -> tuple[object, ...]:
    """A server that offers SCRAM alone and answers the client's first words with its own."""
    offered = b"* CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=SCRAM-SHA-256\r\n" + DONE

    def challenge(line: bytes) -> bytes:
        words = base64.b64decode(line.split()[-1] + b"==")
        if b"c=" in words[:2]:
            return b"+ " + base64.b64encode(verifier) + b"\r\n"
        if b"r=" not in words:
            return DONE
        said = words.rpartition(b"r=")[2] if nonce else b"another"
        salt = base64.b64encode(b"salt" * 4)
        return b"+ " + base64.b64encode(b"r=%bX,s=%b,i=%d" % (said, salt, rounds)) + b"\r\n"

    return imap(
        capability=offered,
        authenticate=lambda line: (
            b"+ \r\n" if line.upper().endswith(b"SCRAM-SHA-256") else challenge(line)
        ),
        login=challenge,
    )


LOGINS = (
    *(
        B(f"login-{code.lower()}", f"refuses the login: {code}", imap(login=b"{tag} NO [%b] no\r\n" % code.encode()), IMAP, must={"connect": "login-unavailable" if code in _NOW else "login-refused"} if code in _NOW or code == "AUTHENTICATIONFAILED" else {})
        for code in CODES
    ),
    B("login-ok-then-bye", "welcomes and closes", imap(login=(Send(DONE + b"* BYE\r\n"), Close()))),
    B("login-challenges", "asks again and again", imap(login=(Repeat(b"+ \r\n", 100_000),)), CONNECT),
    B("login-challenges-answered", "asks again after every answer", imap(login=b"+ bW9yZQ==\r\n"), CONNECT),
    B("login-not-base64", "asks in what is not base64", imap(authenticate=b"+ !?!\r\n"), CONNECT),
    B("login-echo", "repeats the password", imap(login=b"{tag} NO wrong: " + PASSWORD.encode() + b"\r\n"), CONNECT),
    B("login-echo-base64", "repeats the password in base64", imap(login=b"{tag} BAD " + _PLAIN + b"\r\n"), CONNECT),
    B("login-disabled", "allows no login", imap(capability=b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n" + DONE), CONNECT, must={"connect": "login-unsafe"}),
    B("login-referral", "refers to another host", imap(login=b"{tag} NO [REFERRAL imap://evil.example/] there\r\n"), CONNECT),
    B("login-forged-list", "forges folders before the login is over", imap(login=b'* LIST () "/" forged\r\n' + CAPABILITY + DONE), must={"sync": "ok"}),
    B("login-huge-refusal", "refuses in a megabyte of prose", imap(login=b"{tag} NO " + b"x" * 1_000_000 + b"\r\n"), CONNECT),
    B("scram-iterations", "wants 2^31 rounds", _scram(2**31), CONNECT),
    B("scram-few", "wants one round", _scram(1), CONNECT),
    B("scram-nonce", "answers with another's nonce", _scram(4096, nonce=False), CONNECT),
    B("scram-signature", "proves nothing", _scram(4096), CONNECT),
    B("scram-silent", "says OK without proof", imap(capability=b"* CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=SCRAM-SHA-256\r\n" + DONE, authenticate=DONE), CONNECT),
    *(
        B(f"auth-{code.replace(' ', '-')}", f"refuses the login to send: {code}", smtp(auth=b"%b no\r\n" % code.encode()), SEND)
        for code in ("421 4.7.0", "432 4.7.12", "454 4.7.0", "500 5.5.1", "504 5.5.4", "530 5.7.0", "534 5.7.9", "535 5.7.8", "535 5.7.139", "538 5.7.11", "999")
    ),
    B("auth-challenges", "asks again and again", smtp(auth=b"334 \r\n"), SEND, seconds=2),
    B("auth-echo", "repeats the password", smtp(auth=b"535 wrong: " + PASSWORD.encode() + b"\r\n"), SEND),
    B("auth-none", "offers no login", smtp(ehlo=b"250-x\r\n250 SIZE 1000\r\n"), SEND, must={"send": "login-unsafe"}),
)  # fmt: skip
