let cachedSecond = -1;
let cachedDate = "";

/** The current time as an IMF-fixdate (RFC 9110 §5.6.7), for the Date field: formatted once a second. */
export function currentHttpDate(): string {
  const now = Date.now();
  const second = Math.floor(now / 1000);
  if (second !== cachedSecond) {
    cachedSecond = second;
    cachedDate = httpDate(now);
  }
  return cachedDate;
}

/** A time in milliseconds since the epoch as an IMF-fixdate: `Sun, 06 Nov 1994 08:49:37 GMT`. */
export function httpDate(milliseconds: number): string {
  return new Date(milliseconds).toUTCString();
}
