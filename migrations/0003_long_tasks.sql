ALTER TABLE `tasks` ADD `progress` integer;--> statement-breakpoint
ALTER TABLE `tasks` ADD `step` text;--> statement-breakpoint
ALTER TABLE `tasks` ADD `total_steps` integer;--> statement-breakpoint
ALTER TABLE `tasks` ADD `finished_steps` text;