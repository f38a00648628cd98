DROP INDEX "users_client";--> statement-breakpoint
CREATE INDEX "audit_events_client_action" ON "audit_events" USING btree ("client_id","action","id");--> statement-breakpoint
CREATE INDEX "audit_events_sign_ins" ON "audit_events" USING btree ("subject_id","action","id") WHERE "audit_events"."outcome" = 'success' and "audit_events"."action" in ('sign-in.completed', 'sign-in.password');--> statement-breakpoint
CREATE INDEX "clients_by_name" ON "clients" USING btree (lower("name"),"id");--> statement-breakpoint
CREATE INDEX "clients_search" ON "clients" USING gin (lower("name") gin_trgm_ops);--> statement-breakpoint
CREATE INDEX "users_by_name" ON "users" USING btree ("client_id",lower("name"),"id","name","email","status");--> statement-breakpoint
CREATE INDEX "users_by_status" ON "users" USING btree ("client_id","status",lower("name"),"id");--> statement-breakpoint
CREATE INDEX "users_search" ON "users" USING gin (lower("name" || ' ' || "email") gin_trgm_ops);