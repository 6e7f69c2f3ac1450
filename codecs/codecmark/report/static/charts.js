// Charts: the values of the nearest dot, by pointer, touch or arrow keys; one family at a time.
{
  const tip = one("#tip");
  const hide = () => { tip.hidden = true; all(".mark.near").forEach((mark) => mark.classList.remove("near")); };
  const show = (mark, x, y) => {
    hide();
    mark.classList.add("near");
    tip.textContent = mark.dataset.tip;
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(8, Math.min(x + 14, innerWidth - box.width - 8))}px`;
    tip.style.top = `${y - box.height - 12 < 8 ? y + 18 : y - box.height - 12}px`;
  };
  const middle = (mark) => {
    const box = mark.getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
  };
  for (const svg of all(".chart svg")) {
    const marks = all(".mark", svg);
    for (const mark of marks) {
      const title = one("title", mark);
      mark.dataset.tip = title.textContent.trim();
      title.remove(); // or the browser shows it a second time
    }
    const lit = () => marks.filter((mark) => svg.dataset.only === undefined || mark.classList.contains("lit"));
    const point = (event) => {
      let best = null, distance = 28;
      for (const mark of lit()) {
        const [x, y] = middle(mark);
        const away = Math.hypot(x - event.clientX, y - event.clientY);
        if (away < distance) [best, distance] = [mark, away];
      }
      if (best) show(best, ...middle(best)); else hide();
    };
    svg.addEventListener("pointermove", point);
    svg.addEventListener("pointerdown", point);
    svg.addEventListener("pointerleave", hide);
    svg.addEventListener("blur", hide);
    let current = -1;
    svg.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (event.key === "Escape") hide();
      const choice = lit().sort((a, b) => middle(a)[0] - middle(b)[0]);
      if (!step || !choice.length) return;
      event.preventDefault();
      current = (current + step + choice.length) % choice.length;
      show(choice[current], ...middle(choice[current]));
    });
  }
  addEventListener("scroll", hide, { passive: true });
  for (const legend of all(".legend")) {
    const charts = all(".chart svg", legend.parentElement);
    for (const button of all("button", legend)) {
      button.addEventListener("click", () => {
        const on = button.getAttribute("aria-pressed") !== "true";
        all("button", legend).forEach((other) => other.setAttribute("aria-pressed", "false"));
        button.setAttribute("aria-pressed", String(on));
        for (const svg of charts) {
          if (on) svg.dataset.only = button.dataset.colour; else delete svg.dataset.only;
          all(".mark, .curve", svg).forEach((part) => part.classList.toggle("lit", on && part.classList.contains(`family-${button.dataset.colour}`)));
        }
      });
    }
  }
}
