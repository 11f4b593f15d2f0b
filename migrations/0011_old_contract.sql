ALTER TABLE `task_templates` ADD `module` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `tasks` ADD `error_traceback` text;--> statement-breakpoint
CREATE INDEX `notifications_task` ON `notifications` (`task_id`);