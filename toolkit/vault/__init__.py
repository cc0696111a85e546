"""Secrets: the only place they rest, and the only place they are read from.

What travels through the rest of the program is a `SecretRef`; the vault turns it into a
`pydantic.SecretStr` at the last moment.
"""
