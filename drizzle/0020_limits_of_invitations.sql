ALTER TABLE "invitation_imports" ADD COLUMN "paused_until" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "invitation_imports" ADD COLUMN "paused_by" text;--> statement-breakpoint
ALTER TABLE "invitations" ADD COLUMN "client_id" uuid;--> statement-breakpoint
ALTER TABLE "invitations" ADD CONSTRAINT "invitations_client_id_clients_id_fk" FOREIGN KEY ("client_id") REFERENCES "public"."clients"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "invitations_sent" ON "invitations" USING btree ("client_id","created_at");--> statement-breakpoint
CREATE INDEX "invitations_open" ON "invitations" USING btree ("client_id","expires_at") WHERE "invitations"."used_at" is null and "invitations"."revoked_at" is null;