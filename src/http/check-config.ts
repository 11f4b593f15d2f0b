import type { MiddlewareHandler } from "hono";
import { ConfigError, configOf } from "../config";
import { log, setLogLevel } from "../log";
import type { AppEnv } from "./app-env";
import { AppError } from "./errors";

/** Answers 503, naming the variable, to every request while the configuration is bad. */
export function checkConfig(): MiddlewareHandler<AppEnv> {
  return async function checkConfig(c, next) {
    try {
      setLogLevel(configOf(c.env).logLevel);
    } catch (error) {
      if (!(error instanceof ConfigError)) {
        throw error;
      }
      log.error("config.invalid", { message: error.message });
      throw new AppError(503, "invalid_configuration", error.message);
    }
    await next();
  };
}
