/* Copies another element's text. Browsers allow it on https and localhost only: elsewhere the button stays away. */
const SHOWN_MS = 2000;

export function copies(button) {
  if (!navigator.clipboard) return;
  const source = document.getElementById(button.dataset.copy);
  const label = button.querySelector("span");
  const words = label.textContent;

  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(source.innerText.trim());
    label.textContent = button.dataset.copied;
    setTimeout(() => (label.textContent = words), SHOWN_MS);
  });
  button.hidden = false;
}
