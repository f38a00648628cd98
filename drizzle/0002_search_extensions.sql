-- Trigrams find a part of a name or an e-mail address. The extension comes with PostgreSQL and is trusted: the owner
-- of the database may create it.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
