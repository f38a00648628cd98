ALTER TABLE "mfa_policies" ADD COLUMN "starts_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "mfa_policies" ADD COLUMN "started_at" timestamp with time zone;