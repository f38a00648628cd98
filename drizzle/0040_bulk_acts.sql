CREATE TYPE "public"."bulk_act_status" AS ENUM('draft', 'confirmed', 'done');--> statement-breakpoint
CREATE TABLE "bulk_act_people" (
	"bulk_act_id" uuid NOT NULL,
	"line" integer NOT NULL,
	"user_id" uuid NOT NULL,
	"outcome" text,
	CONSTRAINT "bulk_act_people_bulk_act_id_line_pk" PRIMARY KEY("bulk_act_id","line")
);
--> statement-breakpoint
CREATE TABLE "bulk_acts" (
	"id" uuid PRIMARY KEY DEFAULT uuidv7() NOT NULL,
	"client_id" uuid NOT NULL,
	"requested_by" uuid NOT NULL,
	"kind" text NOT NULL,
	"role_group" text,
	"list" text NOT NULL,
	"status" "bulk_act_status" DEFAULT 'draft' NOT NULL,
	"ticket" text,
	"reason" text,
	"origin" jsonb,
	"session" jsonb,
	"created_at" timestamp with time zone NOT NULL,
	"confirmed_at" timestamp with time zone,
	"finished_at" timestamp with time zone,
	CONSTRAINT "bulk_acts_confirmed_when" CHECK (("bulk_acts"."status" = 'draft') = ("bulk_acts"."confirmed_at" is null)),
	CONSTRAINT "bulk_acts_finished_when" CHECK (("bulk_acts"."status" = 'done') = ("bulk_acts"."finished_at" is not null))
);
--> statement-breakpoint
ALTER TABLE "bulk_act_people" ADD CONSTRAINT "bulk_act_people_bulk_act_id_bulk_acts_id_fk" FOREIGN KEY ("bulk_act_id") REFERENCES "public"."bulk_acts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bulk_act_people" ADD CONSTRAINT "bulk_act_people_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bulk_acts" ADD CONSTRAINT "bulk_acts_client_id_clients_id_fk" FOREIGN KEY ("client_id") REFERENCES "public"."clients"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bulk_acts" ADD CONSTRAINT "bulk_acts_requested_by_users_id_fk" FOREIGN KEY ("requested_by") REFERENCES "public"."users"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "bulk_acts_created" ON "bulk_acts" USING btree ("created_at");