/* Prints the page. Without script there is the browser's own menu. */
export function prints(button) {
  button.addEventListener("click", () => window.print());
  button.hidden = false;
}
