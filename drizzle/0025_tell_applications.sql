-- Back-channel logout: whatever ends a session or a grant enqueues the job in the same transaction, so that no command
-- can forget it.
CREATE FUNCTION oidc_grants_enqueue_logout() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM applications WHERE id = NEW.application_id AND back_channel_logout_uri IS NOT NULL) THEN
    INSERT INTO outbox (job, payload) VALUES ('tell-application', jsonb_build_object('grantId', NEW.id));
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER oidc_grants_tell_application AFTER UPDATE ON oidc_grants
  FOR EACH ROW WHEN (
    OLD.session_id IS NOT NULL AND OLD.ended_at IS NULL
    AND (NEW.session_id IS NULL OR NEW.ended_at IS NOT NULL)
  ) EXECUTE FUNCTION oidc_grants_enqueue_logout();
