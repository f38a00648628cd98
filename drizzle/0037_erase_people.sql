ALTER TYPE "public"."approval_kind" ADD VALUE 'erasing';--> statement-breakpoint
CREATE TABLE "audit_personal" (
	"event_id" uuid PRIMARY KEY NOT NULL,
	"person_id" uuid NOT NULL,
	"details" jsonb NOT NULL
);
--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "withdrawn_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "erased_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "audit_personal" ADD CONSTRAINT "audit_personal_event_id_audit_events_id_fk" FOREIGN KEY ("event_id") REFERENCES "public"."audit_events"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "audit_personal_person" ON "audit_personal" USING btree ("person_id");--> statement-breakpoint
CREATE INDEX "users_to_erase" ON "users" USING btree ("withdrawn_at") WHERE "users"."withdrawn_at" is not null and "users"."erased_at" is null;--> statement-breakpoint
ALTER TABLE "users" ADD CONSTRAINT "users_erased_are_withdrawn" CHECK ("users"."erased_at" is null or "users"."status"::text = 'withdrawn');--> statement-breakpoint
-- Compared as text, as in people_to_list.
UPDATE users SET withdrawn_at = now() WHERE status::text = 'withdrawn';
