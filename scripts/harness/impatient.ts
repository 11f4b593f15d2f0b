/** A server with these variables gives up on the dead, and tries failures again, within seconds. */
export const IMPATIENT = {
  CATALOGUE_TTL_SECONDS: "0",
  CATALOGUE_TIMEOUT_MS: "400",
  ORDER_MAX_ATTEMPTS: "20",
  ORDER_RETRY_DELAY_SECONDS: "1",
  LEASE_SECONDS: "3",
  RECOVERY_SECONDS: "1",
};
