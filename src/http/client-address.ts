/**
 * Returns the address by which requests are counted: the client's IP as the platform saw it. IPv6
 * is cut to its /64, since one subscriber has all of it. Null means that the request did not come
 * from outside: the platform overwrites the header on every request that did.
 */
export function clientAddress(request: Request): string | null {
  const address = request.headers.get("cf-connecting-ip");
  if (address === null || !URL.canParse(`http://[${address}]`)) {
    return address;
  }
  const [head = "", tail = ""] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const [left, right] = [head, tail].map((part) => part.split(":").filter(Boolean));
  const gap = 8 - (left?.length ?? 0) - (right?.length ?? 0);
  const groups = [...(left ?? []), ...Array<string>(gap).fill("0"), ...(right ?? [])];
  return `${groups.slice(0, 4).join(":")}::/64`;
}
