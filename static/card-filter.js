/* Searches a long list of cards by what stands on them. */
export function filtersCards(place) {
  const cards = [...document.querySelectorAll(`#${CSS.escape(place.dataset.filter)} [data-filter-text]`)];
  const input = place.querySelector("input");
  const note = place.querySelector("[role=status]");

  input.addEventListener("input", () => {
    const words = folded(input.value).split(/\s+/);
    for (const card of cards) card.hidden = !words.every((word) => folded(card.dataset.filterText).includes(word));
    note.textContent = cards.every((card) => card.hidden) ? place.dataset.none : "";
  });
  place.hidden = false;
}

function folded(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase();
}
