/** HTML character references (`&amp;`, `&eacute;`, `&#955;`) to characters, exactly once. */

const REFERENCE = /&(?:#(?:\d{1,7}|[xX][0-9a-fA-F]{1,6})|[a-zA-Z][a-zA-Z0-9]{1,31});/g;

const known = new Map<string, string>();

/** The text with each reference replaced by its character; what is no reference stays. */
export function decode(text: string): string {
  return text.includes('&') ? text.replace(REFERENCE, character) : text;
}

/**
 * The browser's own table is asked, in a document that is never shown. The reference holds nothing but letters and
 * digits between `&` and `;`, so nothing else can be parsed out of it.
 */
function character(reference: string): string {
  let decoded = known.get(reference);
  if (decoded === undefined) {
    // White space at the start of a document would be dropped, so something stands before it.
    const parsed = new DOMParser().parseFromString(`.${reference}`, 'text/html');
    decoded = (parsed.documentElement.textContent ?? '').slice(1);
    known.set(reference, decoded);
  }
  return decoded;
}
