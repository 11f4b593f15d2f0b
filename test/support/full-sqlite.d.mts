/** A database of this project that may have so many pages of 4 KiB, and no more. */
export function openLimited(pages: number): D1Database;
