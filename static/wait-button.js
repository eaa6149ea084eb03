/* Holds a button back for some seconds and counts them: "Send again in 42 s". The server holds the rule. */
export function waits(button) {
  const words = button.textContent;
  const until = performance.now() + Number(button.dataset.wait) * 1000;
  button.disabled = true;
  tick();
  const timer = setInterval(tick, 1000);

  function tick() {
    const seconds = Math.ceil((until - performance.now()) / 1000);
    if (seconds > 0) {
      button.textContent = button.dataset.waitText.replace("{seconds}", seconds);
      return;
    }
    clearInterval(timer);
    button.textContent = words;
    button.disabled = false;
  }
}
