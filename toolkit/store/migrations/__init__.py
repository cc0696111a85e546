"""Alembic migrations: each version of the schema, in order."""
