CREATE TABLE `archive_generations` (
	`kind` text NOT NULL,
	`day` text NOT NULL,
	`generation` integer NOT NULL,
	`first_id` text NOT NULL,
	`last_id` text NOT NULL,
	`first_processed_at` integer,
	`last_processed_at` integer,
	`records` integer NOT NULL,
	`orders` integer NOT NULL,
	`bytes` integer NOT NULL,
	`created_at` integer NOT NULL,
	`task_id` text,
	`proven_at` integer,
	PRIMARY KEY(`kind`, `day`, `generation`)
) WITHOUT ROWID;
