CREATE TABLE "client_logos" (
	"client_id" uuid NOT NULL,
	"state" text NOT NULL,
	"hash" text NOT NULL,
	"type" text NOT NULL,
	"content" "bytea" NOT NULL,
	"width" integer NOT NULL,
	"height" integer NOT NULL,
	"saved_at" timestamp with time zone NOT NULL,
	CONSTRAINT "client_logos_client_id_state_pk" PRIMARY KEY("client_id","state"),
	CONSTRAINT "client_logos_state" CHECK ("client_logos"."state" in ('draft', 'public')),
	CONSTRAINT "client_logos_size" CHECK (octet_length("client_logos"."content") <= 65536)
);
--> statement-breakpoint
ALTER TABLE "clients" ADD COLUMN "time_zone" text;--> statement-breakpoint
ALTER TABLE "client_logos" ADD CONSTRAINT "client_logos_client_id_clients_id_fk" FOREIGN KEY ("client_id") REFERENCES "public"."clients"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "client_logos_public" ON "client_logos" USING btree ("hash") WHERE "client_logos"."state" = 'public';