CREATE TABLE "audit_seals" (
	"seq" bigint PRIMARY KEY NOT NULL,
	"event_id" uuid NOT NULL,
	"hash" "bytea" NOT NULL,
	"sealed_at" timestamp with time zone NOT NULL,
	CONSTRAINT "audit_seals_event_id_unique" UNIQUE("event_id")
);
--> statement-breakpoint
CREATE TABLE "audit_unsealed" (
	"event_id" uuid PRIMARY KEY NOT NULL
);
--> statement-breakpoint
DROP INDEX "audit_events_client";--> statement-breakpoint
DROP INDEX "audit_events_client_action";--> statement-breakpoint
CREATE INDEX "audit_events_by_time" ON "audit_events" USING btree ("client_id","at","id");--> statement-breakpoint
CREATE INDEX "audit_events_by_action" ON "audit_events" USING btree ("client_id","action","outcome","at","id");--> statement-breakpoint
CREATE INDEX "audit_events_by_actor" ON "audit_events" USING btree ("client_id","actor_id","at","id") WHERE "audit_events"."actor_id" is not null;--> statement-breakpoint
CREATE INDEX "audit_events_by_subject" ON "audit_events" USING btree ("client_id","subject_id","at","id") WHERE "audit_events"."subject_id" is not null;