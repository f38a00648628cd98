-- The collation of a column of a view cannot be replaced.
DROP VIEW people_to_list;
--> statement-breakpoint
CREATE VIEW people_to_list AS
  SELECT u.id AS user_id, u.client_id, u.status, lower(u.name) COLLATE "und-x-icu" AS sort_name,
    EXISTS (SELECT FROM authenticators a WHERE a.user_id = u.id AND a.status = 'active') AS enrolled,
    ARRAY(SELECT m.role_group_id FROM memberships m WHERE m.user_id = u.id ORDER BY m.role_group_id) AS role_group_ids
  FROM users u
  WHERE u.status::text <> 'withdrawn';
--> statement-breakpoint
CREATE FUNCTION add_last_sign_ins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO last_sign_ins (user_id, client_id, at) SELECT id, client_id, '-infinity' FROM added;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER users_add_last_sign_in AFTER INSERT ON users REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION add_last_sign_ins();
--> statement-breakpoint
CREATE FUNCTION remove_last_sign_in() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM last_sign_ins WHERE user_id = OLD.id;
  RETURN NULL;
END $$;
--> statement-breakpoint
-- Withdrawn users are in no list. The value is compared as text, as in people_to_list.
CREATE TRIGGER users_remove_last_sign_in AFTER UPDATE OF status ON users
  FOR EACH ROW WHEN (NEW.status::text = 'withdrawn') EXECUTE FUNCTION remove_last_sign_in();
--> statement-breakpoint
CREATE TRIGGER users_remove_last_sign_in_deleted AFTER DELETE ON users
  FOR EACH ROW EXECUTE FUNCTION remove_last_sign_in();
--> statement-breakpoint
CREATE FUNCTION keep_last_sign_in() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE last_sign_ins SET at = NEW.at WHERE user_id = NEW.subject_id AND at < NEW.at;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER audit_events_keep_last_sign_in AFTER INSERT ON audit_events
  FOR EACH ROW WHEN (NEW.action = 'sign-in.completed' AND NEW.outcome = 'success') EXECUTE FUNCTION keep_last_sign_in();
--> statement-breakpoint
INSERT INTO last_sign_ins (user_id, client_id, at)
SELECT u.id, u.client_id, coalesce((
  SELECT max(e.at) FROM audit_events e
  WHERE e.subject_id = u.id AND e.action = 'sign-in.completed' AND e.outcome = 'success'
), '-infinity')
FROM users u WHERE u.status::text <> 'withdrawn';
--> statement-breakpoint
ANALYZE last_sign_ins;
