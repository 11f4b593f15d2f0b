CREATE TABLE `resumed_queues` (
	`queue` text PRIMARY KEY NOT NULL,
	`resumed_at` integer NOT NULL
) WITHOUT ROWID;
