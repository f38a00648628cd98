-- The hierarchy of client accounts has no cycle. The advisory lock makes two moves that would
-- close a cycle only together wait for each other.
CREATE FUNCTION clients_refuse_cycle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.parent_id IS NULL THEN
    RETURN NEW;
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext('clients.parent_id'));
  IF EXISTS (
    WITH RECURSIVE ancestors(id) AS (
      SELECT NEW.parent_id
      UNION
      SELECT c.parent_id FROM clients c JOIN ancestors a ON c.id = a.id WHERE c.parent_id IS NOT NULL
    )
    SELECT 1 FROM ancestors WHERE id = NEW.id
  ) THEN
    RAISE EXCEPTION 'a client account cannot be its own ancestor' USING ERRCODE = 'check_violation', CONSTRAINT = 'clients_no_cycle';
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER clients_no_cycle BEFORE INSERT OR UPDATE OF parent_id ON clients
  FOR EACH ROW EXECUTE FUNCTION clients_refuse_cycle();
--> statement-breakpoint
-- Role groups of the platform account are held there and nowhere else.
CREATE FUNCTION memberships_refuse_foreign_role_group() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT c.is_platform FROM users u JOIN clients c ON c.id = u.client_id WHERE u.id = NEW.user_id)
     IS DISTINCT FROM (SELECT r.of_platform FROM role_groups r WHERE r.id = NEW.role_group_id) THEN
    RAISE EXCEPTION 'this role group does not belong to the kind of account the user is in' USING ERRCODE = 'check_violation', CONSTRAINT = 'memberships_role_group_fits';
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER memberships_role_group_fits BEFORE INSERT OR UPDATE ON memberships
  FOR EACH ROW EXECUTE FUNCTION memberships_refuse_foreign_role_group();
--> statement-breakpoint
-- A user stays in the account they were created in: everything about them is judged by it.
CREATE FUNCTION users_refuse_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a user cannot move to another client account' USING ERRCODE = 'check_violation', CONSTRAINT = 'users_stay';
END $$;
--> statement-breakpoint
CREATE TRIGGER users_stay BEFORE UPDATE OF client_id ON users
  FOR EACH ROW WHEN (OLD.client_id IS DISTINCT FROM NEW.client_id) EXECUTE FUNCTION users_refuse_move();
--> statement-breakpoint
-- The audit log is append-only, for everybody.
CREATE FUNCTION audit_events_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit events are append-only' USING ERRCODE = 'insufficient_privilege';
END $$;
--> statement-breakpoint
CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events
  FOR EACH STATEMENT EXECUTE FUNCTION audit_events_refuse_change();
--> statement-breakpoint
-- Wakes the relay: once a statement, delivered at commit.
CREATE FUNCTION outbox_wake_relay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('outbox', '');
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER outbox_notify AFTER INSERT ON outbox
  FOR EACH STATEMENT EXECUTE FUNCTION outbox_wake_relay();
--> statement-breakpoint
-- The role groups of the specification's roles. 'rank': one may grant what ranks no higher than one's own.
INSERT INTO role_groups (key, name, rank, is_admin, is_service_desk, is_operator, of_platform) VALUES
  ('admin', 'Admin', 100, true, false, false, false),
  ('finance-admin', 'Finance Admin', 60, false, false, false, false),
  ('finance-manager', 'Finance Manager', 40, false, false, false, false),
  ('finance-operator', 'Finance Operator', 20, false, false, false, false),
  ('tech-admin', 'Tech Admin', 60, false, false, false, false),
  ('tech-operator', 'Tech Operator', 20, false, false, false, false),
  ('customer-service-operator', 'Customer Service Operator', 20, false, false, false, false),
  ('service-desk', 'Service Desk', 100, false, true, false, true),
  ('operator', 'Operator', 100, false, false, true, true);
