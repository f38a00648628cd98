CREATE TABLE "last_sign_ins" (
	"user_id" uuid PRIMARY KEY NOT NULL,
	"client_id" uuid NOT NULL,
	"at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
DROP INDEX "users_by_name";--> statement-breakpoint
ALTER TABLE "listings" ALTER COLUMN "sort_name" SET DATA TYPE text collate "und-x-icu";--> statement-breakpoint
CREATE INDEX "last_sign_ins_by_time" ON "last_sign_ins" USING btree ("client_id","at","user_id");--> statement-breakpoint
CREATE INDEX "users_by_name" ON "users" USING btree ("client_id",lower("name") collate "und-x-icu","id","name","email","status");