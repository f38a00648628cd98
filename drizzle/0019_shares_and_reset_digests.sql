CREATE TABLE "mfa_reset_digests" (
	"id" uuid PRIMARY KEY DEFAULT uuidv7() NOT NULL,
	"client_id" uuid NOT NULL,
	"ends_at" timestamp with time zone NOT NULL,
	"sent_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "mfa_resets" ADD COLUMN "digest_id" uuid;--> statement-breakpoint
ALTER TABLE "outbox" ADD COLUMN "share" uuid;--> statement-breakpoint
ALTER TABLE "mfa_reset_digests" ADD CONSTRAINT "mfa_reset_digests_client_id_clients_id_fk" FOREIGN KEY ("client_id") REFERENCES "public"."clients"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "mfa_reset_digests_one_open" ON "mfa_reset_digests" USING btree ("client_id") WHERE "mfa_reset_digests"."sent_at" is null;--> statement-breakpoint
ALTER TABLE "mfa_resets" ADD CONSTRAINT "mfa_resets_digest_id_mfa_reset_digests_id_fk" FOREIGN KEY ("digest_id") REFERENCES "public"."mfa_reset_digests"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "mfa_resets_digest" ON "mfa_resets" USING btree ("digest_id") WHERE "mfa_resets"."digest_id" is not null;--> statement-breakpoint
CREATE INDEX "outbox_shares" ON "outbox" USING btree ("share","job") WHERE "outbox"."done_at" is null and "outbox"."failed_at" is null and "outbox"."due_at" is null;