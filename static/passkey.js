/* Makes and uses passkeys. The server says what is asked for; what the browser makes of it goes back in a hidden field
   of an ordinary form. Where the browser knows no passkeys the form stays away. */
const RENEW_MS = 240_000; // a challenge is good for five minutes
const START_ANEW = [401, 403, 410]; // signed out, or the page is too old
const SENTENCES = { NotAllowedError: "cancelled", InvalidStateError: "known", SecurityError: "elsewhere" };
const BYTES = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];

export function usesPasskeys(place) {
  const form = place.querySelector("form");
  const instead = place.querySelector(".passkey-instead");
  const problem = place.querySelector(".passkey-problem");
  if (!window.PublicKeyCredential) {
    if (instead) instead.textContent = place.dataset.unsupported;
    return;
  }
  const ceremony = new Ceremony(place.dataset, form.elements);
  const offer = () => offersInTheField(ceremony, send);
  form.elements.code.value = ""; // a browser may have kept what was sent before
  form.hidden = false;
  instead?.remove();
  if ("silently" in place.dataset) offer();

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    problem.textContent = "";
    try {
      send(await ceremony.hold());
    } catch (error) {
      if (error.name === "AbortError") return; // asked once more meanwhile
      problem.textContent = error.sentence ?? place.dataset[SENTENCES[error.name]] ?? place.dataset.failed;
      if ("silently" in place.dataset) offer();
    }
  });

  function send(credential) {
    form.elements.code.value = JSON.stringify(plain(credential));
    if (place.dataset.keep && document.getElementById(place.dataset.keep).checked) form.elements.keep.value = "y";
    form.submit();
  }
}

/* Offers passkeys among what the browser fills in, where it can; says nothing of what comes of it. */
async function offersInTheField(ceremony, send) {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  const again = () => offersInTheField(ceremony, send);
  const renewal = setTimeout(() => {
    if (document.hidden) document.addEventListener("visibilitychange", again, { once: true });
    else again();
  }, RENEW_MS);
  try {
    send(await ceremony.hold("conditional"));
  } catch {
    clearTimeout(renewal);
  }
}

/* One exchange with the browser; a new one takes the place of the one that waits. */
class Ceremony {
  #waiting;

  constructor({ passkey, options }, fields) {
    this.makes = passkey === "make";
    this.url = options;
    this.fields = fields;
  }

  async hold(mediation) {
    this.#waiting?.abort();
    this.#waiting = new AbortController();
    const { signal } = this.#waiting;
    const publicKey = readable(await this.#options(signal, mediation));
    const asked = mediation ? { publicKey, signal, mediation } : { publicKey, signal };
    return this.makes ? navigator.credentials.create(asked) : navigator.credentials.get(asked);
  }

  async #options(signal, mediation) {
    const headers = { "X-CSRFToken": this.fields.csrf_token.value };
    const answer = await fetch(this.url, { method: "POST", headers, signal });
    const json = answer.headers.get("Content-Type")?.startsWith("application/json");
    if (answer.ok && json && !answer.redirected) return answer.json();
    if (!mediation && (answer.redirected || START_ANEW.includes(answer.status))) location.reload();
    throw Object.assign(new Error(answer.statusText), { sentence: json ? (await answer.json()).problem : undefined });
  }
}

function readable(options) {
  const named = (list) => list?.map((each) => ({ ...each, id: bytes(each.id) }));
  const found = { ...options, challenge: bytes(options.challenge) };
  if (options.user) found.user = { ...options.user, id: bytes(options.user.id) };
  for (const list of ["allowCredentials", "excludeCredentials"]) if (options[list]) found[list] = named(options[list]);
  return found;
}

function plain({ id, rawId, type, response }) {
  const parts = BYTES.filter((name) => response[name]).map((name) => [name, text(response[name])]);
  const transports = response.getTransports?.();
  return { id, rawId: text(rawId), type, response: { ...Object.fromEntries(parts), transports } };
}

/* Base64url, as WebAuthn's JSON has it. */
function bytes(encoded) {
  const signs = atob(encoded.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(signs, (sign) => sign.charCodeAt(0));
}

function text(buffer) {
  const signs = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(signs).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
