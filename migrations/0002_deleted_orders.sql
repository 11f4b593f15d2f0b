CREATE TABLE `deleted_orders` (
	`id` text PRIMARY KEY NOT NULL,
	`task_id` text NOT NULL,
	`deleted_at` integer NOT NULL,
	`deleted_by` text NOT NULL,
	`reason` text NOT NULL
) WITHOUT ROWID;
