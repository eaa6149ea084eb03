/* Sends the form at the sixth digit, once: after a wrong code the person decides when to send the next. */
const DIGITS = 6;

export function sendsItselfAtSixDigits(input) {
  if (input.getAttribute("aria-invalid") === "true") return;
  const note = document.getElementById(`${input.id}-note`);
  if (note) note.hidden = false;
  let sent = false;

  input.addEventListener("input", () => {
    if (sent || input.value.replace(/\D/g, "").length !== DIGITS) return;
    sent = true;
    input.form.requestSubmit();
  });
}
