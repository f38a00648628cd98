CREATE TYPE "public"."application_way" AS ENUM('openid-connect', 'forward-auth');--> statement-breakpoint
CREATE TYPE "public"."client_auth_method" AS ENUM('client_secret_basic', 'private_key_jwt');--> statement-breakpoint
CREATE TABLE "application_clients" (
	"application_id" uuid NOT NULL,
	"client_id" uuid NOT NULL,
	CONSTRAINT "application_clients_application_id_client_id_pk" PRIMARY KEY("application_id","client_id")
);
--> statement-breakpoint
CREATE TABLE "application_role_groups" (
	"application_id" uuid NOT NULL,
	"role_group_id" uuid NOT NULL,
	CONSTRAINT "application_role_groups_application_id_role_group_id_pk" PRIMARY KEY("application_id","role_group_id")
);
--> statement-breakpoint
CREATE TABLE "application_secrets" (
	"id" uuid PRIMARY KEY DEFAULT uuidv7() NOT NULL,
	"application_id" uuid NOT NULL,
	"secret_hash" "bytea" NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"created_by" uuid,
	"expires_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "application_uses" (
	"application_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"first_used_at" timestamp with time zone NOT NULL,
	"last_used_at" timestamp with time zone NOT NULL,
	CONSTRAINT "application_uses_application_id_user_id_pk" PRIMARY KEY("application_id","user_id")
);
--> statement-breakpoint
CREATE TABLE "applications" (
	"id" uuid PRIMARY KEY DEFAULT uuidv7() NOT NULL,
	"name" text NOT NULL,
	"icon" text NOT NULL,
	"address" text NOT NULL,
	"way" "application_way" NOT NULL,
	"host" text,
	"every_client" boolean DEFAULT false NOT NULL,
	"requires_mfa" boolean DEFAULT false NOT NULL,
	"client_auth" "client_auth_method" DEFAULT 'client_secret_basic' NOT NULL,
	"public_keys" jsonb,
	"redirect_uris" text[] DEFAULT '{}' NOT NULL,
	"post_logout_redirect_uris" text[] DEFAULT '{}' NOT NULL,
	"back_channel_logout_uri" text,
	"id_token_alg" text DEFAULT 'RS256' NOT NULL,
	"refresh_tokens" boolean DEFAULT true NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"created_by" uuid,
	"disabled_at" timestamp with time zone,
	CONSTRAINT "applications_name_not_blank" CHECK (btrim("applications"."name") <> ''),
	CONSTRAINT "applications_host_of_forward_auth" CHECK (("applications"."way" = 'forward-auth') = ("applications"."host" is not null)),
	CONSTRAINT "applications_id_token_alg" CHECK ("applications"."id_token_alg" in ('RS256', 'EdDSA'))
);
--> statement-breakpoint
CREATE TABLE "oidc_artifacts" (
	"model" text NOT NULL,
	"id_hash" "bytea" NOT NULL,
	"grant_id" uuid,
	"payload" jsonb NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"consumed_at" timestamp with time zone,
	CONSTRAINT "oidc_artifacts_model_id_hash_pk" PRIMARY KEY("model","id_hash")
);
--> statement-breakpoint
CREATE TABLE "oidc_grants" (
	"id" uuid PRIMARY KEY DEFAULT uuidv7() NOT NULL,
	"application_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"session_id" text,
	"sid" text NOT NULL,
	"payload" jsonb NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone,
	"told_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "oidc_sessions" (
	"uid" text PRIMARY KEY NOT NULL,
	"session_id" text,
	"id_hash" "bytea",
	"state" jsonb,
	"expires_at" timestamp with time zone NOT NULL,
	CONSTRAINT "oidc_sessions_session_id_unique" UNIQUE("session_id"),
	CONSTRAINT "oidc_sessions_id_hash_unique" UNIQUE("id_hash")
);
--> statement-breakpoint
CREATE TABLE "pass_codes" (
	"code_hash" "bytea" PRIMARY KEY NOT NULL,
	"session_id" text NOT NULL,
	"application_id" uuid NOT NULL,
	"begun_hash" "bytea" NOT NULL,
	"expires_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "passes" (
	"pass_hash" "bytea" PRIMARY KEY NOT NULL,
	"session_id" text NOT NULL,
	"application_id" uuid NOT NULL,
	"created_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "signing_keys" (
	"kid" text PRIMARY KEY NOT NULL,
	"alg" text NOT NULL,
	"sealed" "bytea" NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"signs_from" timestamp with time zone NOT NULL,
	"leaves_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "application_clients" ADD CONSTRAINT "application_clients_application_id_applications_id_fk" FOREIGN KEY ("application_id") REFERENCES "public"."applications"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "application_clients" ADD CONSTRAINT "application_clients_client_id_clients_id_fk" FOREIGN KEY ("client_id") REFERENCES "public"."clients"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "application_role_groups" ADD CONSTRAINT "application_role_groups_application_id_applications_id_fk" FOREIGN KEY ("application_id") REFERENCES "public"."applications"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "application_role_groups" ADD CONSTRAINT "application_role_groups_role_group_id_role_groups_id_fk" FOREIGN KEY ("role_group_id") REFERENCES "public"."role_groups"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "application_secrets" ADD CONSTRAINT "application_secrets_application_id_applications_id_fk" FOREIGN KEY ("application_id") REFERENCES "public"."applications"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "application_secrets" ADD CONSTRAINT "application_secrets_created_by_users_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."users"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "application_uses" ADD CONSTRAINT "application_uses_application_id_applications_id_fk" FOREIGN KEY ("application_id") REFERENCES "public"."applications"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "application_uses" ADD CONSTRAINT "application_uses_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "applications" ADD CONSTRAINT "applications_created_by_users_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."users"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "oidc_artifacts" ADD CONSTRAINT "oidc_artifacts_grant_id_oidc_grants_id_fk" FOREIGN KEY ("grant_id") REFERENCES "public"."oidc_grants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "oidc_grants" ADD CONSTRAINT "oidc_grants_application_id_applications_id_fk" FOREIGN KEY ("application_id") REFERENCES "public"."applications"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "oidc_grants" ADD CONSTRAINT "oidc_grants_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "oidc_grants" ADD CONSTRAINT "oidc_grants_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE set null ON UPDATE cascade;--> statement-breakpoint
ALTER TABLE "oidc_sessions" ADD CONSTRAINT "oidc_sessions_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE cascade;--> statement-breakpoint
ALTER TABLE "pass_codes" ADD CONSTRAINT "pass_codes_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE cascade;--> statement-breakpoint
ALTER TABLE "pass_codes" ADD CONSTRAINT "pass_codes_application_id_applications_id_fk" FOREIGN KEY ("application_id") REFERENCES "public"."applications"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "passes" ADD CONSTRAINT "passes_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE cascade;--> statement-breakpoint
ALTER TABLE "passes" ADD CONSTRAINT "passes_application_id_applications_id_fk" FOREIGN KEY ("application_id") REFERENCES "public"."applications"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "application_clients_client" ON "application_clients" USING btree ("client_id");--> statement-breakpoint
CREATE INDEX "application_secrets_application" ON "application_secrets" USING btree ("application_id");--> statement-breakpoint
CREATE INDEX "application_uses_user" ON "application_uses" USING btree ("user_id");--> statement-breakpoint
CREATE UNIQUE INDEX "applications_name" ON "applications" USING btree (lower("name"));--> statement-breakpoint
CREATE UNIQUE INDEX "applications_host" ON "applications" USING btree ("host");--> statement-breakpoint
CREATE INDEX "oidc_artifacts_grant" ON "oidc_artifacts" USING btree ("grant_id");--> statement-breakpoint
CREATE INDEX "oidc_artifacts_expires" ON "oidc_artifacts" USING btree ("expires_at");--> statement-breakpoint
CREATE UNIQUE INDEX "oidc_grants_one_of_session" ON "oidc_grants" USING btree ("session_id","application_id") WHERE "oidc_grants"."ended_at" is null;--> statement-breakpoint
CREATE INDEX "oidc_grants_open" ON "oidc_grants" USING btree ("application_id","user_id") WHERE "oidc_grants"."ended_at" is null and "oidc_grants"."session_id" is not null;--> statement-breakpoint
CREATE INDEX "oidc_grants_session" ON "oidc_grants" USING btree ("session_id");--> statement-breakpoint
CREATE INDEX "oidc_grants_user" ON "oidc_grants" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "oidc_grants_expires" ON "oidc_grants" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "oidc_sessions_expires" ON "oidc_sessions" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "pass_codes_session" ON "pass_codes" USING btree ("session_id");--> statement-breakpoint
CREATE INDEX "pass_codes_expires" ON "pass_codes" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "passes_session" ON "passes" USING btree ("session_id");--> statement-breakpoint
CREATE INDEX "passes_application" ON "passes" USING btree ("application_id");