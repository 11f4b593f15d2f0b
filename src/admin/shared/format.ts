import { toDecimal } from "../../orders/order/money";
import type { View } from "./view";

/**
 * Formats 123450 as "1,234.50 USD". It works on the digits, so no amount is too large to be exact.
 */
export function formatMoney({ language }: View, minor: number, currency: string): string {
  const [units = "0", cents = "00"] = toDecimal(Math.abs(minor)).split(".");
  const separator = new Intl.NumberFormat(language).format(1.1)[1] ?? ".";
  const sign = minor < 0 ? "−" : "";
  return `${sign}${formatCount(language, BigInt(units))}${separator}${cents} ${currency}`;
}

/** Formats a whole number in groups of three, even below ten thousand, where Spanish has none. */
export function formatCount(language: string, count: number | bigint): string {
  return new Intl.NumberFormat(language, { useGrouping: "always" }).format(count);
}

export function formatDuration({ language }: View, seconds: number): string {
  const number = (value: number, digits = 0) =>
    new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);
  if (seconds < 1) {
    return `${number(seconds * 1000)} ms`;
  }
  if (seconds < 60) {
    return `${number(seconds, 1)} s`;
  }
  if (seconds < 3600) {
    return `${Math.floor(seconds / 60)} min ${number(Math.floor(seconds % 60))} s`;
  }
  return `${number(Math.floor(seconds / 3600))} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/**
 * Shortens an id to enough of it to tell tasks apart: when it was made, and its place in its batch.
 */
export function shortId(id: string): string {
  return id.length > 16 ? `${id.slice(0, 8)}…${id.slice(-4)}` : id;
}

/** Formats 8,200,000,000 as "8.2 GB": three digits of the decimal unit that fits. */
export function formatBytes({ language }: View, bytes: number): string {
  const power = Math.min(3, Math.max(1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3)));
  const options = { maximumSignificantDigits: 3 } as const;
  const number = new Intl.NumberFormat(language, options).format(bytes / 1000 ** power);
  return `${number} ${["", "kB", "MB", "GB"][power]}`;
}

/** Formats 0.975 as "97.5 %", as the language writes it. */
export function formatShare({ language }: View, share: number): string {
  const options = { style: "percent", maximumFractionDigits: 1 } as const;
  return new Intl.NumberFormat(language, options).format(share);
}
