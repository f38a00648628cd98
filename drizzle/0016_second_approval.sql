CREATE TYPE "public"."approval_kind" AS ENUM('role-groups', 'invitation');--> statement-breakpoint
CREATE TYPE "public"."approval_status" AS ENUM('open', 'approved', 'refused', 'withdrawn', 'expired', 'closed');--> statement-breakpoint
CREATE TABLE "approvals" (
	"id" uuid PRIMARY KEY DEFAULT uuidv7() NOT NULL,
	"kind" "approval_kind" NOT NULL,
	"status" "approval_status" DEFAULT 'open' NOT NULL,
	"client_id" uuid NOT NULL,
	"user_id" uuid,
	"email" text NOT NULL,
	"name" text NOT NULL,
	"held" text[] NOT NULL,
	"given" text[] NOT NULL,
	"taken" text[] NOT NULL,
	"requested_by" uuid NOT NULL,
	"requested_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"ticket" text NOT NULL,
	"reason" text NOT NULL,
	"origin" jsonb NOT NULL,
	"decided_by" uuid,
	"decided_at" timestamp with time zone,
	"decision_reason" text,
	"closed_because" text,
	CONSTRAINT "approvals_decided_when" CHECK (("approvals"."status" = 'open') = ("approvals"."decided_at" is null)),
	CONSTRAINT "approvals_by_a_second" CHECK ("approvals"."status" not in ('approved', 'refused', 'closed') or ("approvals"."decided_by" is not null and "approvals"."decided_by" <> "approvals"."requested_by" and "approvals"."decided_by" is distinct from "approvals"."user_id")),
	CONSTRAINT "approvals_closed_because" CHECK (("approvals"."status" = 'closed') = ("approvals"."closed_because" is not null))
);
--> statement-breakpoint
ALTER TABLE "memberships" ADD COLUMN "granted_by" uuid;--> statement-breakpoint
ALTER TABLE "memberships" ADD COLUMN "granted_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "approvals" ADD CONSTRAINT "approvals_client_id_clients_id_fk" FOREIGN KEY ("client_id") REFERENCES "public"."clients"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "approvals" ADD CONSTRAINT "approvals_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "approvals" ADD CONSTRAINT "approvals_requested_by_users_id_fk" FOREIGN KEY ("requested_by") REFERENCES "public"."users"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "approvals" ADD CONSTRAINT "approvals_decided_by_users_id_fk" FOREIGN KEY ("decided_by") REFERENCES "public"."users"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "approvals_one_open" ON "approvals" USING btree ("email") WHERE "approvals"."status" = 'open';--> statement-breakpoint
CREATE INDEX "approvals_decided" ON "approvals" USING btree ("decided_at");--> statement-breakpoint
ALTER TABLE "memberships" ADD CONSTRAINT "memberships_granted_by_users_id_fk" FOREIGN KEY ("granted_by") REFERENCES "public"."users"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "invitations_user" ON "invitations" USING btree ("user_id","created_at");