/** Variables of a server whose dead are given up on, and whose failures come again, within seconds. */
export const IMPATIENT = {
  CATALOGUE_TTL_SECONDS: "0",
  CATALOGUE_TIMEOUT_MS: "400",
  ORDER_MAX_ATTEMPTS: "20",
  ORDER_RETRY_DELAY_SECONDS: "1",
  LEASE_SECONDS: "3",
  RECOVERY_SECONDS: "1",
};
