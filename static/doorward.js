/* Everything here only adds: each page works without it. A part starts where its data attribute stands. */
import { sendsItselfAtSixDigits } from "./code-field.js";
import { copies } from "./copy-button.js";
import { filtersCards } from "./card-filter.js";
import { usesPasskeys } from "./passkey.js";
import { showsPassword } from "./password-toggle.js";
import { judgesPassword } from "./strength-meter.js";
import { prints } from "./print-button.js";
import { staysUpToDate } from "./live-part.js";
import { tellsLocalTime } from "./local-time.js";
import { waits } from "./wait-button.js";

const PARTS = {
  "[data-password-toggle]": showsPassword,
  "[data-strength]": judgesPassword,
  "[data-code]": sendsItselfAtSixDigits,
  "[data-copy]": copies,
  "time[data-local]": tellsLocalTime,
  "[data-wait]": waits,
  "[data-print]": prints,
  "[data-passkey]": usesPasskeys,
  "[data-filter]": filtersCards,
  "[data-live]": staysUpToDate,
};

for (const [selector, start] of Object.entries(PARTS)) {
  document.querySelectorAll(selector).forEach(start);
}
