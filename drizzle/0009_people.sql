CREATE TYPE "public"."invitation_import_status" AS ENUM('draft', 'confirmed', 'done');--> statement-breakpoint
ALTER TYPE "public"."user_status" ADD VALUE 'withdrawn';--> statement-breakpoint
CREATE TABLE "invitation_import_lines" (
	"import_id" uuid NOT NULL,
	"line" integer NOT NULL,
	"email" text NOT NULL,
	"name" text NOT NULL,
	"role_groups" text NOT NULL,
	"outcome" text,
	"detail" text DEFAULT '' NOT NULL,
	CONSTRAINT "invitation_import_lines_import_id_line_pk" PRIMARY KEY("import_id","line")
);
--> statement-breakpoint
CREATE TABLE "invitation_imports" (
	"id" uuid PRIMARY KEY DEFAULT uuidv7() NOT NULL,
	"client_id" uuid NOT NULL,
	"imported_by" uuid NOT NULL,
	"status" "invitation_import_status" DEFAULT 'draft' NOT NULL,
	"ticket" text,
	"reason" text,
	"origin" jsonb,
	"created_at" timestamp with time zone NOT NULL,
	"confirmed_at" timestamp with time zone,
	"finished_at" timestamp with time zone,
	CONSTRAINT "invitation_imports_confirmed_when" CHECK (("invitation_imports"."status" = 'draft') = ("invitation_imports"."confirmed_at" is null)),
	CONSTRAINT "invitation_imports_finished_when" CHECK (("invitation_imports"."status" = 'done') = ("invitation_imports"."finished_at" is not null))
);
--> statement-breakpoint
ALTER TABLE "invitations" ADD COLUMN "reminded_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "invitation_import_lines" ADD CONSTRAINT "invitation_import_lines_import_id_invitation_imports_id_fk" FOREIGN KEY ("import_id") REFERENCES "public"."invitation_imports"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invitation_imports" ADD CONSTRAINT "invitation_imports_client_id_clients_id_fk" FOREIGN KEY ("client_id") REFERENCES "public"."clients"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invitation_imports" ADD CONSTRAINT "invitation_imports_imported_by_users_id_fk" FOREIGN KEY ("imported_by") REFERENCES "public"."users"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "invitation_imports_created" ON "invitation_imports" USING btree ("created_at");