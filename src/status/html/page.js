(() => {
  const q = document.getElementById("q"), n = document.getElementById("n");
  const items = [...document.querySelectorAll(".item")], rows = [...document.querySelectorAll("tbody tr")];
  const folds = [...document.querySelectorAll(".rest, #all > details")].map(e => [e, e.open]);
  const all = document.getElementById("all");
  const groups = [...document.querySelectorAll(".group")];
  let texts;
  const filter = () => {
    const words = q.value.toLowerCase().split(/\s+/).filter(w => w);
    texts ??= new Map([...items, ...rows].map(e => [e, e.textContent.toLowerCase()]));
    for (const [e, text] of texts) e.hidden = !words.every(w => text.includes(w));
    for (const [e, open] of folds) e.open = words.length > 0 || open;
    for (const g of groups) g.hidden = !g.querySelector(".item:not([hidden])");
    all.hidden = words.length > 0 && rows.every(e => e.hidden);
    n.textContent = words.length ? items.filter(e => !e.hidden).length + n.dataset.of + items.length : "";
  };
  q.form.hidden = false;
  q.form.addEventListener("submit", e => e.preventDefault());
  q.addEventListener("input", filter);
  if (q.value) filter();
  document.addEventListener("keydown", e => {
    if (e.key === "/" && e.target !== q) { e.preventDefault(); q.focus(); }
  });
})();
