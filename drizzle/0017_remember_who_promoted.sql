-- What was given in the last 30 days ties people from the start: who invited them, and who changed their role groups
-- since. Nothing that is listed changes, so nothing is listed anew.
SELECT set_config('portcullis.relist', 'by hand', true);
--> statement-breakpoint
UPDATE memberships m SET granted_by = i.invited_by, granted_at = i.created_at
FROM (
  SELECT DISTINCT ON (user_id) user_id, invited_by, created_at FROM invitations
  WHERE invited_by IS NOT NULL AND created_at > now() - interval '30 days'
  ORDER BY user_id, created_at
) i
WHERE i.user_id = m.user_id AND m.granted_by IS NULL;
--> statement-breakpoint
UPDATE memberships m SET granted_by = g.actor_id, granted_at = g.at
FROM (
  SELECT DISTINCT ON (e.subject_id, r.id) e.subject_id, r.id AS role_group_id, e.actor_id, e.at
  FROM audit_events e
    JOIN users a ON a.id = e.actor_id
    JOIN role_groups r ON r.name = ANY (string_to_array(e.details ->> 'given', ', '))
  WHERE e.action = 'user.role-groups-changed' AND e.outcome = 'success' AND e.at > now() - interval '30 days'
  ORDER BY e.subject_id, r.id, e.at DESC
) g
WHERE g.subject_id = m.user_id AND g.role_group_id = m.role_group_id;
--> statement-breakpoint
SELECT set_config('portcullis.relist', '', true);
