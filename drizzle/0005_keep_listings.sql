-- Listings and headcounts follow from users, memberships and authenticators. This is what they follow from.
CREATE VIEW people_to_list AS
  SELECT u.id AS user_id, u.client_id, u.status, lower(u.name) COLLATE "C" AS sort_name,
    EXISTS (SELECT FROM authenticators a WHERE a.user_id = u.id AND a.status = 'active') AS enrolled,
    ARRAY(SELECT m.role_group_id FROM memberships m WHERE m.user_id = u.id ORDER BY m.role_group_id) AS role_group_ids
  FROM users u;
--> statement-breakpoint
-- Makes the listings and headcounts of these people true. It runs at the end of a transaction, and one account at a
-- time: whoever waited for the lock then sees what the one before has committed, as every statement here looks anew.
-- So two transactions that change different things about a person (one their role groups, one their authenticator)
-- never both count from the old state. Nothing else takes this lock, and who has it locks only what stands here.
-- Planned once a connection: planning takes ten times as long as running it.
CREATE FUNCTION relist(people uuid[]) RETURNS void LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  none CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
  account uuid;
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'people are changed in READ COMMITTED transactions only: their listings would be wrong' USING ERRCODE = 'invalid_transaction_state';
  END IF;
  FOR account IN
    SELECT u.client_id FROM users u WHERE u.id = ANY (people)
    UNION SELECT l.client_id FROM listings l WHERE l.user_id = ANY (people)
    ORDER BY 1
  LOOP
    PERFORM pg_advisory_xact_lock(hashtextextended('listings of ' || account, 0));
  END LOOP;

  WITH listed AS (
    SELECT l.user_id, l.client_id, l.status, l.sort_name, l.enrolled,
      coalesce(array_agg(l.listed_under ORDER BY l.listed_under) FILTER (WHERE l.listed_under NOT IN (l.client_id, none)), '{}') AS role_group_ids
    FROM listings l WHERE l.user_id = ANY (people)
    GROUP BY l.user_id, l.client_id, l.status, l.sort_name, l.enrolled
  ), changed AS (
    SELECT p.user_id AS new_id, p.client_id AS new_client, p.status AS new_status, p.enrolled AS new_enrolled, p.role_group_ids AS new_groups,
      l.user_id AS old_id, l.client_id AS old_client, l.status AS old_status, l.enrolled AS old_enrolled, l.role_group_ids AS old_groups
    FROM (SELECT * FROM people_to_list WHERE user_id = ANY (people)) p FULL JOIN listed l ON l.user_id = p.user_id
    WHERE (p.user_id, p.status, p.enrolled, p.role_group_ids, p.sort_name) IS DISTINCT FROM (l.user_id, l.status, l.enrolled, l.role_group_ids, l.sort_name)
  ), counted AS (
    INSERT INTO headcounts AS h (client_id, role_group_ids, enrolled, status, people)
    SELECT client_id, role_group_ids, enrolled, status, sum(step) FROM (
      SELECT old_client AS client_id, old_groups AS role_group_ids, old_enrolled AS enrolled, old_status AS status, -1 AS step FROM changed WHERE old_id IS NOT NULL
      UNION ALL
      SELECT new_client, new_groups, new_enrolled, new_status, 1 FROM changed WHERE new_id IS NOT NULL
    ) steps
    GROUP BY client_id, role_group_ids, enrolled, status HAVING sum(step) <> 0
    ON CONFLICT (client_id, role_group_ids, enrolled, status) DO UPDATE SET people = h.people + excluded.people
  )
  DELETE FROM listings l USING changed c WHERE l.user_id = c.old_id;

  INSERT INTO listings (user_id, listed_under, client_id, enrolled, status, sort_name)
  SELECT p.user_id, list.under, p.client_id, p.enrolled, p.status, p.sort_name
  FROM people_to_list p
    CROSS JOIN unnest(p.client_id || CASE WHEN p.role_group_ids = '{}' THEN ARRAY[none] ELSE p.role_group_ids END) AS list(under)
  WHERE p.user_id = ANY (people) AND NOT EXISTS (SELECT FROM listings l WHERE l.user_id = p.user_id);
END $$;
--> statement-breakpoint
CREATE FUNCTION relist_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM relist(ARRAY[coalesce(NEW.id, OLD.id)]);
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE FUNCTION relist_owner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM relist(ARRAY[coalesce(NEW.user_id, OLD.user_id)]);
  RETURN NULL;
END $$;
--> statement-breakpoint
-- Deferred, so that no lock is taken before a transaction has all others that it needs, and only what matters wakes
-- them: signing in does not. Whoever adds thousands at once says 'by hand' and calls relist() for all of them.
CREATE CONSTRAINT TRIGGER users_relist AFTER INSERT OR DELETE ON users DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (current_setting('portcullis.relist', true) IS DISTINCT FROM 'by hand') EXECUTE FUNCTION relist_user();
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER users_relist_changed AFTER UPDATE ON users DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status OR OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION relist_user();
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER memberships_relist AFTER INSERT OR UPDATE OR DELETE ON memberships DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (current_setting('portcullis.relist', true) IS DISTINCT FROM 'by hand') EXECUTE FUNCTION relist_owner();
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER authenticators_relist_added AFTER INSERT ON authenticators DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (NEW.status = 'active' AND current_setting('portcullis.relist', true) IS DISTINCT FROM 'by hand') EXECUTE FUNCTION relist_owner();
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER authenticators_relist_changed AFTER UPDATE ON authenticators DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN ((OLD.status = 'active') <> (NEW.status = 'active')) EXECUTE FUNCTION relist_owner();
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER authenticators_relist_removed AFTER DELETE ON authenticators DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (OLD.status = 'active') EXECUTE FUNCTION relist_owner();
--> statement-breakpoint
SELECT relist(array_agg(id)) FROM users HAVING count(*) > 0;
