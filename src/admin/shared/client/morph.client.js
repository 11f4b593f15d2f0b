// @ts-check
/**
 * This file makes one element like another with as few changes as possible, so that focus, scroll,
 * selection, typed text, picked boxes and unfolded parts stay as they were. Parts are matched by
 * what they are about (`data-task`, `data-queue`, ...) or their id.
 */

/** @param {Node | null} node */
function keyOf(node) {
  if (!(node instanceof HTMLElement)) {
    return undefined;
  }
  const { task, queue, worker, module, key } = node.dataset;
  // `node.id` would be wrong: a form returns its field of that name.
  return task ?? queue ?? worker ?? module ?? key ?? node.getAttribute("id") ?? undefined;
}

/**
 * Changes `region` until it equals `fresh`.
 * @param {Element} region
 * @param {Element} fresh The element to copy; it is unusable afterwards.
 */
export function morph(region, fresh) {
  const { activeElement: focused } = document;
  change(region, fresh);
  if (focused instanceof HTMLElement && document.activeElement !== focused) {
    // The focused element has moved or gone. If it has gone, the reader continues in the page, not
    // before its bar.
    const place = focused.isConnected ? focused : document.querySelector("main");
    place?.focus({ preventScroll: true });
  }
}

/**
 * @param {ChildNode} from
 * @param {ChildNode} to
 */
function change(from, to) {
  if (from.isEqualNode(to)) {
    return;
  }
  const alike = from.nodeName === to.nodeName && keyOf(from) === keyOf(to);
  if (!alike || !(from instanceof Element) || !(to instanceof Element)) {
    from.replaceWith(to);
    return;
  }
  for (const name of from.getAttributeNames()) {
    if (!to.hasAttribute(name) && name !== "open") {
      from.removeAttribute(name);
    }
  }
  for (const { name, value } of to.attributes) {
    if (from.getAttribute(name) !== value && name !== "open") {
      from.setAttribute(name, value);
    }
  }
  changeChildren(from, to);
}

/**
 * @param {Element} from
 * @param {Element} to
 */
function changeChildren(from, to) {
  const wanted = new Set([...to.children].map(keyOf));
  // Elements that are gone are removed first, so that those that stay need not move.
  const gone = Array.from(from.children).filter((child) => {
    const key = keyOf(child);
    return key !== undefined && !wanted.has(key);
  });
  gone.forEach((child) => child.remove());
  const known = new Map([...from.children].map((child) => [keyOf(child), child]));
  let next = from.firstChild;
  for (const child of Array.from(to.childNodes)) {
    const key = keyOf(child);
    const same = key !== undefined ? known.get(key) : keyOf(next) === undefined ? next : null;
    if (!same) {
      from.insertBefore(child, next);
    } else if (same === next) {
      next = next.nextSibling;
      change(same, child);
    } else {
      from.insertBefore(same, next);
      change(same, child);
    }
  }
  while (next) {
    const last = next;
    next = next.nextSibling;
    last.remove();
  }
}
