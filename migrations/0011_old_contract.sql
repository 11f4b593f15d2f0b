ALTER TABLE `task_templates` ADD `module` text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE `tasks` ADD `error_traceback` text;--> statement-breakpoint
CREATE INDEX `notifications_task` ON `notifications` (`task_id`,`read_at`);--> statement-breakpoint
ALTER TABLE `notifications` ADD `details` text;--> statement-breakpoint
CREATE INDEX `task_templates_task` ON `task_templates` (`task_name`,`module`,`updated_at`) WHERE active = 1;