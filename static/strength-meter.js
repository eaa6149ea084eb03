/* Asks the server how good the password is, a moment after the last key. Where there is no answer there is no meter. */
const PAUSE_MS = 300;
const CONTEXT = ["email", "username", "name"]; // what the password should not be made of, where the form asks for it

export function judgesPassword(place) {
  const input = document.getElementById(place.dataset.strength);
  let timer;
  let asking;

  input.addEventListener("input", () => {
    clearTimeout(timer);
    asking?.abort();
    asking = new AbortController();
    timer = setTimeout(judge, PAUSE_MS, asking.signal);
  });

  async function judge(signal) {
    if (!input.value) {
      place.hidden = true;
      return;
    }
    try {
      const answer = await fetch(place.dataset.url, { method: "POST", body: question(input), signal });
      if (!answer.ok) throw new Error(answer.statusText);
      show(place, await answer.json());
    } catch {
      if (!signal.aborted) place.hidden = true;
    }
  }
}

function question(input) {
  const form = input.form.elements;
  const body = new URLSearchParams({ password: input.value, csrf_token: form.csrf_token.value });
  for (const name of CONTEXT) if (form[name]?.value) body.set(name, form[name].value);
  return body;
}

function show(place, { score, problems = [], suggestions = [] }) {
  place.querySelector("meter").value = score;
  place.querySelector(".strength-word").textContent = place.dataset.words.split("|")[score];
  place.querySelector(".strength-advice").replaceChildren(...[...problems, ...suggestions].map(item));
  place.hidden = false;
}

function item(text) {
  const line = document.createElement("li");
  line.textContent = text;
  return line;
}
