-- A worker of an older version, still running during an update, would seal without a key behind keyed seals. Verifying
-- and sealing would then refuse the chain for good.
CREATE FUNCTION audit_seals_refuse_keyless() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT key_id FROM audit_seals ORDER BY seq DESC LIMIT 1) IS NOT NULL THEN
    RAISE EXCEPTION 'an audit seal without a key cannot follow one with a key' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER audit_seals_keep_keys BEFORE INSERT ON audit_seals
  FOR EACH ROW WHEN (NEW.key_id IS NULL) EXECUTE FUNCTION audit_seals_refuse_keyless();
