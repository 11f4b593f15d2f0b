CREATE TABLE `tracked_names` (
	`module` text NOT NULL,
	`name` text NOT NULL,
	PRIMARY KEY(`module`, `name`)
) WITHOUT ROWID;
--> statement-breakpoint
-- What was counted by its own name goes on so; the system's own names need no place here.
INSERT INTO `tracked_names` SELECT DISTINCT `module`, `name` FROM `task_counts`
WHERE `name` NOT IN ('pedidos.procesar', 'system.bulk', 'system.message', 'exports.orders', 'exports.tasks');
