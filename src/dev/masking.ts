/** What a page about an error does not show of a request: whoever looks over a shoulder would have it. */

const MASK = "••••••";

/** Fields and parameters that are named like something secret. */
const SECRET =
  /authori[sz]ation|cookie|token|secret|passw|passphrase|api-?_?key|credential|session|signature|^auth$|^pwd$/i;

/** A field's value; of a cookie the name stays, of credentials their scheme. */
export function maskedField(name: string, value: string): string {
  if (!SECRET.test(name)) return value;
  if (/cookie/i.test(name)) return value.replace(/=[^;]*/g, `=${MASK}`);
  const [, scheme] = /^([A-Za-z]+) /.exec(value) ?? [];
  return scheme === undefined ? MASK : `${scheme} ${MASK}`;
}

/**
 * A query, a form, or JSON, the values of secret names in it masked. A name begins where one can begin, and nowhere in the
 * middle: else a long text without an equals sign would be searched from each of its characters.
 */
export function maskedText(text: string): string {
  return text
    .replace(/(?<![^?&=#\s"{}])([^?&=#\s"{}]+)=([^&\s#]*)/g, (pair, name) =>
      SECRET.test(name) ? `${name}=${MASK}` : pair,
    )
    .replace(/("([^"\\]+)"\s*:\s*)("(?:[^"\\]|\\.)*"?|[^\s,}"]+)/g, (pair, key, name) =>
      SECRET.test(name) ? `${key}"${MASK}"` : pair,
    );
}
