-- The chain over the audit log is append-only, for everybody.
CREATE FUNCTION audit_seals_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit seals are append-only' USING ERRCODE = 'insufficient_privilege';
END $$;
--> statement-breakpoint
CREATE TRIGGER audit_seals_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_seals
  FOR EACH STATEMENT EXECUTE FUNCTION audit_seals_refuse_change();
--> statement-breakpoint
-- Every event waits for its seal from the commit on that wrote it, whoever writes it.
CREATE FUNCTION audit_events_await_seal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO audit_unsealed (event_id) VALUES (NEW.id);
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER audit_events_sealed_later AFTER INSERT ON audit_events
  FOR EACH ROW EXECUTE FUNCTION audit_events_await_seal();
--> statement-breakpoint
INSERT INTO audit_unsealed (event_id) SELECT id FROM audit_events;
