-- A role for web and worker that cannot change the audit log or any table's definition.
-- First, as a role that may create roles: create role portcullis_app login password 'choose-one';
-- Then run this once in the database, as the role that runs `npm run migrate` and so owns the tables, after the first
-- migration. (Warnings about functions of pg_trgm do not matter: everyone may run them already.)
-- Use portcullis_app in the DATABASE_URL of web, worker and all commands, and the owner for `npm run migrate` only.

grant usage on schema public, drizzle to portcullis_app;
grant select on drizzle.__drizzle_migrations to portcullis_app;
grant select, insert, update, delete on all tables in schema public to portcullis_app;
grant usage, select on all sequences in schema public to portcullis_app;
grant execute on all functions in schema public to portcullis_app;
revoke update, delete on audit_events, audit_seals from portcullis_app;

-- The tables of later migrations.
alter default privileges in schema public grant select, insert, update, delete on tables to portcullis_app;
alter default privileges in schema public grant usage, select on sequences to portcullis_app;
alter default privileges in schema public grant execute on functions to portcullis_app;

-- Queues on PostgreSQL (without REDIS_URL): BullMQ makes and migrates a schema of its own.
do $$ begin execute format('grant create on database %I to portcullis_app', current_database()); end $$;
