-- Whose invitation was withdrawn is nobody: not in a list, not in a count. As text, since the value is new.
CREATE OR REPLACE VIEW people_to_list AS
  SELECT u.id AS user_id, u.client_id, u.status, lower(u.name) COLLATE "C" AS sort_name,
    EXISTS (SELECT FROM authenticators a WHERE a.user_id = u.id AND a.status = 'active') AS enrolled,
    ARRAY(SELECT m.role_group_id FROM memberships m WHERE m.user_id = u.id ORDER BY m.role_group_id) AS role_group_ids
  FROM users u
  WHERE u.status::text <> 'withdrawn';
