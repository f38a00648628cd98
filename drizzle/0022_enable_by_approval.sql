ALTER TYPE "public"."approval_kind" ADD VALUE 'enabling';--> statement-breakpoint
ALTER TABLE "approvals" ADD COLUMN "requester_epoch" integer;