/** Opens a database of this project that may have `pages` pages of 4 KiB, and no more. */
export function openLimited(pages: number): D1Database;
