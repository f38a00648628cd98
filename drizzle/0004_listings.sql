CREATE TABLE "headcounts" (
	"client_id" uuid NOT NULL,
	"role_group_ids" uuid[] DEFAULT '{}' NOT NULL,
	"enrolled" boolean NOT NULL,
	"status" "user_status" NOT NULL,
	"people" integer NOT NULL,
	CONSTRAINT "headcounts_client_id_role_group_ids_enrolled_status_pk" PRIMARY KEY("client_id","role_group_ids","enrolled","status")
);
--> statement-breakpoint
CREATE TABLE "listings" (
	"user_id" uuid NOT NULL,
	"listed_under" uuid NOT NULL,
	"client_id" uuid NOT NULL,
	"enrolled" boolean NOT NULL,
	"status" "user_status" NOT NULL,
	"sort_name" text collate "C" NOT NULL,
	CONSTRAINT "listings_user_id_listed_under_pk" PRIMARY KEY("user_id","listed_under")
);
--> statement-breakpoint
DROP INDEX "users_by_status";--> statement-breakpoint
DROP INDEX "users_by_name";--> statement-breakpoint
CREATE INDEX "listings_by_name" ON "listings" USING btree ("client_id","listed_under","enrolled","status","sort_name","user_id");--> statement-breakpoint
CREATE INDEX "users_by_name" ON "users" USING btree ("client_id",lower("name") collate "C","id","name","email","status");--> statement-breakpoint
ALTER TABLE "users" ADD CONSTRAINT "users_email_length" CHECK (char_length("users"."email") <= 254);--> statement-breakpoint
ALTER TABLE "users" ADD CONSTRAINT "users_name_length" CHECK (char_length("users"."name") <= 200);