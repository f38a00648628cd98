CREATE TYPE "public"."sign_in_kind" AS ENUM('completed', 'failed', 'refused');--> statement-breakpoint
CREATE TABLE "backup_marks" (
	"id" uuid PRIMARY KEY DEFAULT uuidv7() NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sign_in_counts" (
	"minute" timestamp with time zone NOT NULL,
	"kind" "sign_in_kind" NOT NULL,
	"events" integer NOT NULL,
	CONSTRAINT "sign_in_counts_minute_kind_pk" PRIMARY KEY("minute","kind")
);
--> statement-breakpoint
CREATE INDEX "audit_events_by_ticket" ON "audit_events" USING btree (lower("details" ->> 'ticket'),"at","id") WHERE "audit_events"."details" ? 'ticket';--> statement-breakpoint
CREATE INDEX "lockouts_switched_off" ON "lockouts" USING btree ("updated_at") WHERE "lockouts"."kind" = 'code' and "lockouts"."consecutive_failures" >= 100;--> statement-breakpoint
CREATE INDEX "mfa_resets_in_progress" ON "mfa_resets" USING btree ("requested_at") WHERE "mfa_resets"."status" = 'requested';