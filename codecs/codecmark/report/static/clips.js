// The table of every codec on one clip, built from data: names are text, never markup.
for (const part of all(".per-clip")) {
  const menu = one("select.clip", part);
  const table = one("table", part);
  asset(part.dataset.asset).then((text) => {
    const data = JSON.parse(text);
    data.clips.forEach((clip, index) => menu.append(element("option", { value: String(index), textContent: `${clip.name} (${clip.class})` })));
    const heading = (name, numeric) => {
      const cell = element("th", { scope: "col", className: numeric ? "n" : "" }, element("button", { type: "button", className: "sort", textContent: name }));
      cell.dataset.down = /LSD|kbit|RTF/.test(name) ? "0" : String(Number(numeric));
      return cell;
    };
    table.tHead.append(element("tr", {}, heading("codec", false), ...data.columns.map(([name]) => heading(name, true))));
    wireTable(table);
    const figure = (value, decimals) => {
      const cell = element("td", { className: "n", textContent: value === null ? "-" : typeof value === "string" ? value : value.toFixed(decimals).replace("-", "−") });
      if (value !== null) cell.dataset.sort = value === "exact" ? "1e308" : String(value);
      return cell;
    };
    const show = () => {
      const lines = data.lines.filter(([clip]) => String(clip) === menu.value);
      table.tBodies[0].replaceChildren(...lines.map(([, spec, values, reason]) => {
        const name = element("th", { scope: "row" }, element("span", { className: "spec", textContent: spec }));
        name.dataset.sort = spec;
        if (reason) name.append(element("details", { className: "why" }, element("summary", { textContent: "no figure" }), reason));
        const row = element("tr", { className: reason ? "unmeasured" : "" }, name, ...values.map((value, index) => figure(value, data.columns[index][1])));
        return row;
      }));
      sortTable(table, 2, true);
    };
    menu.addEventListener("change", show);
    show();
  }).catch((error) => { table.tBodies[0].append(element("tr", {}, element("td", { textContent: error.message }))); });
}
