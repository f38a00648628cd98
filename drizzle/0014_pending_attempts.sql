ALTER TABLE "address_limits" ADD COLUMN "pending" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "address_limits" ADD COLUMN "tried_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "address_limits" ADD COLUMN "refused_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "lockouts" ADD COLUMN "pending_at" timestamp with time zone[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
-- The row of a network address changes twice with every password and code: without waiting for the disk.
ALTER TABLE "address_limits" SET UNLOGGED;
