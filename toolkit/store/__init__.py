"""The database: schema, migrations, transactions. SQLite embedded, PostgreSQL for teams."""
