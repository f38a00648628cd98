CREATE TABLE "doubtful_sign_ins" (
	"session_id" text PRIMARY KEY NOT NULL,
	"user_id" uuid NOT NULL,
	"event_id" uuid NOT NULL,
	"failed_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "doubtful_sign_ins" ADD CONSTRAINT "doubtful_sign_ins_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "doubtful_sign_ins_event" ON "doubtful_sign_ins" USING btree ("event_id");--> statement-breakpoint
CREATE INDEX "doubtful_sign_ins_failed" ON "doubtful_sign_ins" USING btree ("failed_at");