"""The wire: the only room that opens sockets to mail servers.

Values (`settings`, `folder`) are light and pure; sessions (`imap`, `smtp`) do the I/O.
"""
