DROP INDEX `orders_customer`;--> statement-breakpoint
ALTER TABLE `orders` ADD `customer_folded` text;--> statement-breakpoint
CREATE INDEX `orders_customer` ON `orders` (`customer_folded`,`processed_at`);