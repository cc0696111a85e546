"""Real mail servers on loopback, started by the demonstration and by the tests alike.

One place, so that what a visitor sees in ``make demo`` is what the tests prove:

============== ====================================================================
``dovecot``    Debian's Dovecot as a foreground process: IMAP and submission over TLS
``embedded``   pymap in a thread: IMAP over TLS with nothing but PyPI
``smtp``       aiosmtpd in a thread: submission over TLS, keeps what arrives
``scripted``   a server that plays a script, for what real servers will not show
``jupyter``    JupyterLab and Voilà for the browser tests and the screenshots
============== ====================================================================

Below them: ``certificates`` (throw-away CA), ``content`` (what a mailbox holds), ``process``
and ``loop`` (start, wait until ready, stop whatever happens).

Everything here listens on loopback only and lives in temporary folders. No password is ever an
argument or an environment variable of a process.
"""
