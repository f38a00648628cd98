-- Trigrams find a part of a name or an e-mail address; btree_gin puts the account beside them in one index.
-- Both come with PostgreSQL and are trusted: the owner of the database may create them.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
--> statement-breakpoint
CREATE EXTENSION IF NOT EXISTS btree_gin;
