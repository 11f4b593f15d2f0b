CREATE TABLE `notifications` (
	`id` text PRIMARY KEY NOT NULL,
	`user` text NOT NULL,
	`fold` text NOT NULL,
	`type` text NOT NULL,
	`task_id` text NOT NULL,
	`task_name` text NOT NULL,
	`template` text,
	`message` text,
	`count` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`read_at` integer
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `notifications_user` ON `notifications` (`user`,`updated_at`);--> statement-breakpoint
CREATE UNIQUE INDEX `notifications_unread` ON `notifications` (`user`,`fold`) WHERE read_at IS NULL;--> statement-breakpoint
CREATE TABLE `task_templates` (
	`name` text PRIMARY KEY NOT NULL,
	`task_name` text NOT NULL,
	`description` text NOT NULL,
	`defaults` text NOT NULL,
	`timeout_seconds` integer,
	`max_retries` integer,
	`estimated_seconds` integer,
	`steps` text NOT NULL,
	`notify` text,
	`active` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `tasks` ADD `timeout_ms` integer;--> statement-breakpoint
ALTER TABLE `tasks` ADD `notify` text;--> statement-breakpoint
ALTER TABLE `tasks` ADD `template` text;--> statement-breakpoint
ALTER TABLE `tasks` ADD `replay_of` text;--> statement-breakpoint
ALTER TABLE `tasks` ADD `discard_reason` text;--> statement-breakpoint
ALTER TABLE `tasks` ADD `external_id` text;--> statement-breakpoint
ALTER TABLE `tasks` ADD `description` text;--> statement-breakpoint
CREATE INDEX `tasks_person` ON `tasks` (`user`,`id`) WHERE substr(user, 1, 5) = 'user:';--> statement-breakpoint
CREATE UNIQUE INDEX `tasks_external` ON `tasks` (`external_id`) WHERE external_id IS NOT NULL;