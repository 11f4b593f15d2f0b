import { randomSecret } from "./dev-vars.mjs";
import { ask, canAsk } from "./questions.mjs";
import { fail } from "./tools.mjs";

/**
 * Returns values for secrets that are not set yet: from the environment, generated, or asked for.
 */
export async function chooseSecrets(missing) {
  const values = {};
  let generatedPassword;
  for (const name of missing) {
    if (process.env[name]) {
      values[name] = process.env[name];
    } else if (name === "BETTER_AUTH_SECRET") {
      values[name] = randomSecret(48);
    } else if (!canAsk) {
      fail(`${name} is not set: give it in the environment or in --secrets-file FILE.`);
    } else if (name === "ADMIN_PASSWORD") {
      const question =
        "Password of the first administrator (empty: a random one, shown at the end): ";
      values[name] =
        (await ask(question, { hidden: true })) || (generatedPassword = randomSecret(18));
    } else {
      values[name] =
        (await ask(name === "ADMIN_EMAIL" ? "Email of the first administrator: " : `${name}: `)) ||
        fail(`${name} must not be empty.`);
    }
  }
  return { values, generatedPassword };
}
