CREATE TABLE `ballast` (
	`piece` integer PRIMARY KEY NOT NULL,
	`zeros` blob NOT NULL
);
