"""Where hits live: the record (SQL), the outbox, the search index, cases."""
