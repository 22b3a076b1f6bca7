/** Which addresses a model may link to, and how a link looks: its host always stands beside its text. */
import { element, keepKeys } from '../dom';

/**
 * The address when a link may lead to it, else null.
 *
 * Only complete http(s) addresses without a user name pass: those cannot run anything, and what they show as their
 * host is their host.
 */
export function linkTarget(address: string): URL | null {
  if (!/^https?:\/\//i.test(address)) {
    return null;
  }
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return null;
  }
  const isWeb = url.protocol === 'https:' || url.protocol === 'http:';
  return isWeb && url.host !== '' && url.username === '' && url.password === '' ? url : null;
}

/** An address that is not made a link, in plain sight and short enough to stand in a line. */
export function refusedAddress(address: string): HTMLElement {
  const characters = [...address.replace(/\s+/g, ' ')];
  const short = characters.length <= 80 ? characters : [...characters.slice(0, 79), '…'];
  return element('span', 'jp-mesh-Answer-linkRefused', ` (${short.join('')})`);
}

/** A link that opens elsewhere and tells the other side nothing. */
export function anchor(url: URL, ...label: readonly (Node | string)[]): HTMLAnchorElement {
  const link = keepKeys(element('a', 'jp-mesh-Answer-link', ...label));
  link.href = url.href;
  link.target = '_blank';
  link.rel = 'noopener noreferrer';
  return link;
}

/** A link with its host, or its text and the refused address in plain sight. */
export function linkNodes(address: string, label: readonly Node[]): Node[] {
  const url = linkTarget(address);
  const shown = label
    .map(node => node.textContent)
    .join('')
    .trim();
  const spelledOut = [address, url?.href, address.replace(/^(?:http:\/\/|mailto:)/i, '')];
  if (url === null) {
    return spelledOut.includes(shown) ? [...label] : [...label, refusedAddress(address)];
  }
  const link = anchor(url, ...(shown === '' ? [url.host] : label));
  if (shown === '' || spelledOut.includes(shown)) {
    return [link];
  }
  return [link, element('span', 'jp-mesh-Answer-linkHost', `\u00a0(${url.host})`)];
}
