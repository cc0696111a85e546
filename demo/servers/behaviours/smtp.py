"""Submission servers that trick, stall or leave at any step."""

from __future__ import annotations

from demo.servers.behaviours.row import EHLO, SEND, Behaviour, smtp
from demo.servers.scripted import Close, Pause, Repeat, Send

__all__ = ["SMTP"]

B = Behaviour
STEPS = ("ehlo", "auth", "mail", "rcpt", "data", "dot")

SMTP = (
    B("smtp-good", "does everything right", smtp(), SEND, must={"send": "ok"}),
    B("smtp-endless-ehlo", "never ends its list of abilities", smtp(ehlo=(Repeat(b"250-X\r\n", 1_000_000),)), SEND, must={"send": "limit-exceeded"}),
    B("smtp-endless-greeting", "never ends its greeting", (Repeat(b"220-hi\r\n", 1_000_000), Pause(60)), SEND, must={"send": "limit-exceeded"}),
    B("smtp-endless-line", "a reply of one line without end", smtp(ehlo=(Repeat(b"2" * 1000, 1_000_000),)), SEND, must={"send": "limit-exceeded"}),
    B("smtp-421-greeting", "turns everybody away", (Send(b"421 4.3.2 later\r\n"), Close()), SEND),
    B("smtp-554-greeting", "has blocked us", (Send(b"554 5.7.1 blocked\r\n"), Close()), SEND),
    *(B(f"smtp-421-{step}", f"leaves at {step} with 421", smtp(**{step: (Send(b"421 4.3.2 shutting down\r\n"), Close())}), SEND) for step in STEPS),
    *(B(f"smtp-rst-{step}", f"resets the connection at {step}", smtp(**{step: (Close(reset=True),)}), SEND) for step in STEPS),
    *(B(f"smtp-silent-{step}", f"falls silent at {step}", smtp(**{step: (Pause(60),)}), SEND, seconds=1) for step in STEPS),
    *(B(f"smtp-noise-{step}", f"answers {step} with noise", smtp(**{step: b"\xff\x00\xfe what\r\n"}), SEND) for step in STEPS),
    *(B(f"smtp-flood-{step}", f"floods after {step}", smtp(**{step: (Repeat(b"250-X\r\n", 1_000_000),)}), SEND) for step in STEPS[1:]),
    B("smtp-554-after-data", "refuses the message once it has it", smtp(dot=b"554 5.7.1 spam\r\n"), SEND, must={"send": "command-refused"}),
    B("smtp-554-data", "refuses DATA", smtp(data=b"554 5.5.1 no valid recipients\r\n"), SEND),
    B("smtp-250-then-rst", "takes the message and resets", smtp(dot=(Send(b"250 2.0.0 queued\r\n"), Close(reset=True))), SEND),
    B("smtp-eof-dot", "takes the message and closes without a word", smtp(dot=(Close(),)), SEND, must={"send": "send-uncertain"}),
    B("smtp-250-data", "answers DATA with 250", smtp(data=b"250 ok\r\n"), SEND),
    B("smtp-mail-refused", "refuses the sender", smtp(mail=b"553 5.7.1 not yours\r\n"), SEND),
    B("smtp-rcpt-all", "refuses every recipient", smtp(rcpt=b"550 5.1.1 unknown\r\n"), SEND, must={"send": "command-refused"}),
    B("smtp-rcpt-some", "refuses one of two recipients", smtp(rcpt_two=b"550 5.1.1 unknown\r\n"), SEND, must={"send": "ok"}),
    B("smtp-rcpt-later", "puts one recipient off", smtp(rcpt_two=b"450 4.2.1 greylisted\r\n"), SEND),
    B("smtp-size-lie", "allows 10 MB and refuses a small message", smtp(mail=b"552 5.3.4 too big\r\n"), SEND),
    B("smtp-size-odd", "allows messages of a size nobody can read", smtp(ehlo=EHLO.replace(b"10485760", b"9" * 5000)), SEND),
    B("smtp-size-none", "allows messages of nine octets", smtp(ehlo=EHLO.replace(b"10485760", b"9")), SEND),
    B("smtp-ehlo-refused", "knows no EHLO", smtp(ehlo=b"502 5.5.1 what\r\n"), SEND),
    B("smtp-ehlo-noise", "lists noise as its abilities", smtp(ehlo=b"250-x\r\n250-\xff\xfe\x00\r\n250-AUTH\r\n250-AUTH=\r\n250 AUTH PLAIN\r\n"), SEND),
    B("smtp-codes-differ", "changes the code within a reply", smtp(ehlo=b"250-x\r\n550-y\r\n250 AUTH PLAIN\r\n"), SEND),
    B("smtp-two-replies", "answers every line twice", smtp(mail=b"250 ok\r\n250 ok\r\n", rcpt=b"250 ok\r\n550 no\r\n"), SEND),
    B("smtp-quit-silent", "does not answer QUIT", smtp(quit_=(Pause(60),)), SEND, seconds=2, must={"send": "ok"}),
    B("smtp-quit-rst", "resets on QUIT", smtp(quit_=(Close(reset=True),)), SEND, must={"send": "ok"}),
)  # fmt: skip
