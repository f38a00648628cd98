ALTER TABLE "clients" ADD COLUMN "support_text" text;--> statement-breakpoint
ALTER TABLE "clients" ADD COLUMN "support_link" text;--> statement-breakpoint
ALTER TABLE "clients" ADD COLUMN "support_phone" text;