// Times and counts as people say them.

const MINUTE = 60, HOUR = 3600, DAY = 86_400;

export const now = () => Math.floor(Date.now() / 1000);

// Seconds as one or two units: "42 s", "7 min", "3 h 20 min", "12 d".
export function span(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < MINUTE) return `${s} s`;
  if (s < HOUR) return `${Math.floor(s / MINUTE)} min`;
  if (s < DAY) {
    const rest = Math.floor((s % HOUR) / MINUTE);
    return rest ? `${Math.floor(s / HOUR)} h ${rest} min` : `${Math.floor(s / HOUR)} h`;
  }
  return s < 14 * DAY && Math.floor((s % DAY) / HOUR) ? `${Math.floor(s / DAY)} d ${Math.floor((s % DAY) / HOUR)} h` : `${Math.floor(s / DAY)} d`;
}

// The largest unit alone, where there is little room: "3 h".
export function age(since) {
  const s = Math.max(0, now() - since);
  if (s < MINUTE) return `${s} s`;
  if (s < HOUR) return `${Math.floor(s / MINUTE)} min`;
  if (s < DAY) return `${Math.floor(s / HOUR)} h`;
  return `${Math.floor(s / DAY)} d`;
}

const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

const SHORT = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

export const date = (seconds) => (seconds ? FULL.format(new Date(seconds * 1000)) : "never");
export const clock = (seconds) => CLOCK.format(new Date(seconds * 1000));
// The clock alone where it was lately, else the day as well.
export const lately = (seconds) => (now() - seconds < 43_200 ? CLOCK : SHORT).format(new Date(seconds * 1000));

// "1 alert", "2 alerts".
export const count = (number, one, many = `${one}s`) => `${number.toLocaleString("en")} ${number === 1 ? one : many}`;

// Totals are counted up to a thousand.
export const total = (number) => (number >= 1000 ? "1000+" : String(number));

export const cut = (text, length) => (text.length > length ? `${[...text].slice(0, length - 1).join("")}…` : text);
