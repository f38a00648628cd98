ALTER TABLE "password_resets" ADD COLUMN "subject" uuid DEFAULT uuidv7() NOT NULL;--> statement-breakpoint
ALTER TABLE "password_resets" ADD COLUMN "mails" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX "password_resets_subject" ON "password_resets" USING btree ("subject");--> statement-breakpoint
-- A link that is open already is mailed again as well.
UPDATE "password_resets" SET "subject" = "user_id" WHERE "user_id" IS NOT NULL;
