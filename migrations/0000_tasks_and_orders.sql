CREATE TABLE `idempotency_keys` (
	`key` text PRIMARY KEY NOT NULL,
	`body_hash` text NOT NULL,
	`lote` text NOT NULL,
	`expires_at` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `idempotency_keys_expiry` ON `idempotency_keys` (`expires_at`);--> statement-breakpoint
CREATE TABLE `leases` (
	`token` text PRIMARY KEY NOT NULL,
	`queue` text NOT NULL,
	`worker` text NOT NULL,
	`since` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`task_ids` text NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `tasks` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`module` text NOT NULL,
	`queue` text NOT NULL,
	`status` text NOT NULL,
	`subject` text,
	`user` text,
	`input` text NOT NULL,
	`attempts` integer DEFAULT 0 NOT NULL,
	`max_attempts` integer NOT NULL,
	`deferrals` integer DEFAULT 0 NOT NULL,
	`suspect` integer DEFAULT 0 NOT NULL,
	`crashes` integer DEFAULT 0 NOT NULL,
	`ready_at` integer NOT NULL,
	`sent_at` integer,
	`check_at` integer NOT NULL,
	`resends` integer DEFAULT 0 NOT NULL,
	`created_at` integer NOT NULL,
	`started_at` integer,
	`finished_at` integer,
	`worker` text,
	`result` text,
	`error_code` text,
	`error_message` text,
	`error_detail` text,
	`timeline` text,
	`checkpoint` text
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `tasks_subject` ON `tasks` (`subject`);--> statement-breakpoint
CREATE INDEX `tasks_open` ON `tasks` (`queue`,`check_at`) WHERE status IN ('PENDING','RETRY');--> statement-breakpoint
CREATE INDEX `tasks_unsent` ON `tasks` (`queue`,`check_at`) WHERE status IN ('PENDING','RETRY') AND sent_at IS NULL;--> statement-breakpoint
CREATE INDEX `tasks_failed` ON `tasks` (`id`) WHERE status IN ('FAILURE','REVOKED');--> statement-breakpoint
CREATE TABLE `demo_sequence` (
	`name` text PRIMARY KEY NOT NULL,
	`value` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `orders` (
	`id` text PRIMARY KEY NOT NULL,
	`task_id` text NOT NULL,
	`hash` text NOT NULL,
	`customer` text NOT NULL,
	`lines` text NOT NULL,
	`currency` text NOT NULL,
	`subtotal` integer NOT NULL,
	`discount` integer NOT NULL,
	`total` integer NOT NULL,
	`processed_at` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `orders_customer` ON `orders` (customer COLLATE NOCASE,`processed_at`);--> statement-breakpoint
CREATE INDEX `orders_processed` ON `orders` (`processed_at`);
