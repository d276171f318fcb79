export type Lang = "en" | "de";

const NBSP = "\u00a0";
const LOCALES: Record<Lang, string> = { en: "en-GB", de: "de-DE" };
const MINUTE_S = 60;
const HOUR_S = 3600;

export interface Format {
  percent: (value: number) => string;
  count: (value: number) => string;
  decimal: (value: number) => string;
  decimalSign: string;
  money: (value: number, currency: string) => string;
  grams: (value: number) => string;
  millimetres: (value: number) => string;
  celsius: (value: number) => string;
  temperature: (value: number, target: number | null) => string;
  duration: (seconds: number) => string;
  bytes: (value: number) => string;
  rate: (bytesPerSecond: number) => string;
  clock: (iso: string | number) => string;
  finish: (iso: string, nowMs: number) => string;
  day: (iso: string) => string;
  moment: (iso: string, nowMs: number) => string;
}

function sameDay(a: Date, b: Date): boolean {
  return a.toDateString() === b.toDateString();
}

function duration(seconds: number): string {
  const total = Math.max(0, Math.round(seconds));
  if (total < MINUTE_S) return `${total}${NBSP}s`;
  const minutes = Math.round(total / MINUTE_S);
  if (total < HOUR_S && minutes < 60) return `${minutes}${NBSP}min`;
  if (minutes < 24 * 60) {
    const hours = Math.floor(minutes / 60);
    const rest = minutes % 60;
    return rest === 0 ? `${hours}${NBSP}h` : `${hours}${NBSP}h${NBSP}${rest}${NBSP}min`;
  }
  const allHours = Math.round(total / HOUR_S);
  const days = Math.floor(allHours / 24);
  const hours = allHours % 24;
  return hours === 0 ? `${days}${NBSP}d` : `${days}${NBSP}d${NBSP}${hours}${NBSP}h`;
}

/** Numbers, times and units of one language, with no-break spaces. */
export function makeFormat(lang: Lang): Format {
  const locale = LOCALES[lang];
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const tenth = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const hundredth = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 });
  const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
  const weekday = new Intl.DateTimeFormat(locale, { weekday: "short" });
  const dayMonth = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" });
  const dayMonthYear = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", year: "numeric" });

  const bytes = (value: number): string => {
    if (value < 1000) return `${whole.format(value)}${NBSP}B`;
    if (value < 1_000_000) return `${whole.format(value / 1000)}${NBSP}KB`;
    const mega = value / 1_000_000;
    return `${mega < 10 ? tenth.format(mega) : whole.format(mega)}${NBSP}MB`;
  };

  return {
    percent: (value) => `${whole.format(value)}${NBSP}%`,
    count: (value) => whole.format(value),
    decimal: (value) => hundredth.format(value),
    decimalSign: lang === "de" ? "," : ".",
    money: (value, currency) => new Intl.NumberFormat(locale, { style: "currency", currency }).format(value),
    grams: (value) => `${value < 100 ? tenth.format(value) : whole.format(value)}${NBSP}g`,
    millimetres: (value) => `${hundredth.format(value)}${NBSP}mm`,
    celsius: (value) => `${whole.format(value)}${NBSP}°C`,
    temperature: (value, target) =>
      target === null || target === 0
        ? `${whole.format(value)}${NBSP}°C`
        : `${whole.format(value)}${NBSP}/${NBSP}${whole.format(target)}${NBSP}°C`,
    duration,
    bytes,
    rate: (perSecond) => `${bytes(perSecond)}/s`,
    clock: (iso) => clock.format(new Date(iso)),
    finish: (iso, nowMs) => {
      const then = new Date(iso);
      const time = clock.format(then);
      return sameDay(then, new Date(nowMs)) ? time : `${weekday.format(then)}${NBSP}${time}`;
    },
    day: (iso) => {
      const then = new Date(iso);
      const thisYear = then.getFullYear() === new Date().getFullYear();
      return (thisYear ? dayMonth : dayMonthYear).format(then);
    },
    moment: (iso, nowMs) => {
      const then = new Date(iso);
      const time = clock.format(then);
      return sameDay(then, new Date(nowMs)) ? time : `${dayMonth.format(then)}, ${time}`;
    },
  };
}

/** "a-very-long-na … v3.gcode": cut in the middle, since names differ at both ends. */
export function cutMiddle(text: string, max: number): string {
  if (text.length <= max) return text;
  const tail = Math.floor((max - 1) / 3);
  return `${text.slice(0, max - 1 - tail)}…${text.slice(text.length - tail)}`;
}
