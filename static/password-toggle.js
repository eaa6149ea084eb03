/* Lets a person read the password they typed. It is hidden again before it is sent, so that no browser keeps it as text. */
export function showsPassword(button) {
  const input = document.getElementById(button.getAttribute("aria-controls"));
  const show = (shown) => {
    input.type = shown ? "text" : "password";
    button.toggleAttribute("data-shown", shown);
    button.setAttribute("aria-label", shown ? button.dataset.hide : button.dataset.show);
    button.title = button.getAttribute("aria-label");
  };
  button.addEventListener("click", () => show(input.type === "password"));
  input.form?.addEventListener("submit", () => show(false));
  show(false);
  button.hidden = false;
}
