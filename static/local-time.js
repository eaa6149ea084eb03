/* Tells a moment in the reader's own zone and language. */
const FORMATS = {
  short: { dateStyle: "short", timeStyle: "short" },
  medium: { dateStyle: "medium", timeStyle: "short" },
  long: { dateStyle: "long", timeStyle: "short" },
};

export function tellsLocalTime(element) {
  const moment = new Date(element.dateTime);
  if (Number.isNaN(moment.getTime())) return;
  const format = formatOf(element.dataset.local, moment);
  element.textContent = new Intl.DateTimeFormat(language(), format).format(moment);
}

/* Of today, a short moment needs no date: "Locked until 14:32". */
function formatOf(name, moment) {
  const today = moment.toDateString() === new Date().toDateString();
  return name === "short" && today ? { timeStyle: "short" } : (FORMATS[name] ?? FORMATS.medium);
}

/* The page's language, in the reader's own spelling of it where there is one: en-GB for en. */
function language() {
  const page = document.documentElement.lang;
  return navigator.languages.find((own) => own.split("-")[0] === page.split("-")[0]) ?? page;
}
