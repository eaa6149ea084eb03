/* Tells a moment in the reader's own zone and language, and names the zone. */
const TIME = { hour: "2-digit", minute: "2-digit" };
const ZONE = { timeZoneName: "short" };
const FORMATS = {
  day: { day: "numeric", month: "short", year: "numeric" },
  short: { day: "2-digit", month: "2-digit", year: "numeric", ...TIME },
  medium: { day: "numeric", month: "short", year: "numeric", ...TIME, ...ZONE },
  long: { day: "numeric", month: "long", year: "numeric", ...TIME, ...ZONE },
};

export function tellsLocalTime(element) {
  const moment = new Date(element.dateTime);
  if (Number.isNaN(moment.getTime())) return;
  element.textContent = told(moment, formatOf(element.dataset.local, moment));
  element.title = told(moment, FORMATS.long);
}

function told(moment, format) {
  return new Intl.DateTimeFormat(language(), format).format(moment);
}

/* Of today, a short moment needs no date: "Locked until 14:32". Its zone is told where one points at it. */
function formatOf(name, moment) {
  const today = moment.toDateString() === new Date().toDateString();
  return name === "short" && today ? TIME : (FORMATS[name] ?? FORMATS.medium);
}

/* The page's language, in the reader's own spelling of it where there is one: en-GB for en. */
function language() {
  const page = document.documentElement.lang;
  return navigator.languages.find((own) => own.split("-")[0] === page.split("-")[0]) ?? page;
}
