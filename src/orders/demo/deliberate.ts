/** Browsers and proxies that fetch ahead of a person send one of these headers, with any value. */
const AHEAD = ["sec-purpose", "purpose", "x-purpose", "x-moz"];

/** A browser sends one of these for an opened page or a script's request, not for a picture. */
const OPENED = ["document", "empty"];

/**
 * Robots are crawlers and the programs that look at links for chats, social networks and mail. Nearly
 * all say "bot", "crawler", "spider" or "preview", or call themselves "compatible"; the rest are
 * named. Phones called Cubot are people's.
 */
const ROBOT =
  /(?<!cu)bot\b|bot[-_]|crawl|spider|slurp|preview|compatible;|facebookexternalhit|meta-external|mediapartners|slack-|whatsapp|viber|vkshare|iframely|mastodon|cardyb/i;

/**
 * Tells whether somebody meant to open the URL: not a look ahead, a robot, or another site's page.
 */
export function isDeliberate(headers: Headers): boolean {
  const site = headers.get("sec-fetch-site");
  const dest = headers.get("sec-fetch-dest");
  return (
    !AHEAD.some((name) => headers.get(name)) &&
    !ROBOT.test(headers.get("user-agent") ?? "") &&
    site !== "cross-site" &&
    (dest === null || OPENED.includes(dest))
  );
}
