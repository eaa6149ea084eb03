/* Tells a moment in the reader's own zone and language. */
const FORMATS = {
  short: { dateStyle: "short", timeStyle: "short" },
  medium: { dateStyle: "medium", timeStyle: "short" },
  long: { dateStyle: "long", timeStyle: "short" },
};

export function tellsLocalTime(element) {
  const moment = new Date(element.dateTime);
  if (Number.isNaN(moment.getTime())) return;
  const format = FORMATS[element.dataset.local] ?? FORMATS.medium;
  element.textContent = new Intl.DateTimeFormat(language(), format).format(moment);
}

/* The page's language, in the reader's own spelling of it where there is one: en-GB for en. */
function language() {
  const page = document.documentElement.lang;
  return navigator.languages.find((own) => own.split("-")[0] === page.split("-")[0]) ?? page;
}
