/* Asks again and again for the page, and shows its newest part; loads the page anew when that is gone. */
import { tellsLocalTime } from "./local-time.js";

export function staysUpToDate(part) {
  const pause = Number(part.dataset.live);
  setTimeout(look, pause);

  async function look() {
    const next = await newest();
    if (next === null) return location.reload();
    if (next) {
      part.replaceChildren(...next.childNodes);
      part.querySelectorAll("time[data-local]").forEach(tellsLocalTime);
    }
    setTimeout(look, pause);
  }

  /* Returns the part as it is now, null where there is another page, undefined where none came. */
  async function newest() {
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (answer.status >= 500) return undefined;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const found = page.querySelector("[data-live]");
      return found?.dataset.title === part.dataset.title ? found : null;
    } catch {
      return undefined;
    }
  }
}
