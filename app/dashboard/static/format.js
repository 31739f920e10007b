// Numbers, money, spans and moments as people read them.

export const NONE = "–";
const DAY = 86_400_000;

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const short = new Intl.NumberFormat(undefined, { notation: "compact", maximumSignificantDigits: 3 });
const cents = new Intl.NumberFormat(undefined, { style: "currency", currency: "USD" });
const fine = new Intl.NumberFormat(undefined, { style: "currency", currency: "USD", maximumSignificantDigits: 2 });
const coarse = new Intl.NumberFormat(undefined, {
  style: "currency", currency: "USD", notation: "compact", maximumSignificantDigits: 3,
});
const share = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });
const minute = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const exact = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});
const day = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });

const known = (value) => value !== null && value !== undefined;
const or = (words) => (value) => (known(value) ? words(value) : NONE);

export const number = or((value) => whole.format(value));
export const compact = or((value) => (Math.abs(value) < 10_000 ? whole.format(value) : short.format(value)));
export const rate = or((value) => (Math.abs(value) < 10 ? tenths.format(value) : compact(value)));
export const money = or((value) => (value !== 0 && Math.abs(value) < 0.01 ? fine.format(value) : cents.format(value)));
export const moneyShort = or((value) => (Math.abs(value) >= 1000 ? coarse.format(value) : money(value)));
export const percent = or((value) => share.format(value));
export const text = or(String);
export const moment = or((value) => minute.format(value));
export const yes = or((value) => (value ? "yes" : "no"));

export const span = or((milliseconds) => {
  const seconds = milliseconds / 1000;
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86400)} d ${Math.round((seconds % 86400) / 3600)} h`;
});

export const pair = or(([half, most]) => `${span(half)} / ${span(most)}`);

/** A moment next to others: the day is left out when it is today. */
export const when = or((value) => {
  const today = new Date().toDateString() === new Date(value).toDateString();
  return today ? exact.format(value) : `${day.format(value)}, ${exact.format(value)}`;
});

/** The words under a chart that has them every `distance` milliseconds. */
export function tick(value, distance) {
  const time = new Date(value);
  const midnight = time.getHours() + time.getMinutes() + time.getSeconds() === 0;
  return (midnight || distance >= DAY ? day : distance < 60_000 ? exact : clock).format(value);
}

/** A column of a chart, from its beginning to its end. */
export function column(value, step) {
  if (step >= DAY) return day.format(value);
  const words = step < 60_000 ? exact : clock;
  return `${day.format(value)}, ${words.format(value)} – ${words.format(value + step)}`;
}
