-- The limits of an account count the invitations it has sent already.
UPDATE "invitations" SET "client_id" = "users"."client_id" FROM "users" WHERE "users"."id" = "invitations"."user_id";
