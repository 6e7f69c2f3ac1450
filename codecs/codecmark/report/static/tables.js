// Tables: sort by a heading, filter, and show the first rows until asked for all.
const FIRST_ROWS = 15;
const tableShown = new WeakMap();

function sortTable(table, column, descending) {
  const body = table.tBodies[0];
  const value = (row) => row.cells[column].dataset.sort;
  const numeric = table.tHead.rows[0].cells[column].classList.contains("n");
  const rows = [...body.rows].map((row, index) => ({ row, index, key: value(row), last: row.dataset.last !== undefined }));
  rows.sort((a, b) => {
    if (a.last !== b.last) return a.last - b.last; // sentinels stay behind the codecs
    // what was not measured stays behind the rest in either direction
    if (a.key === undefined || b.key === undefined) return (a.key === undefined) - (b.key === undefined) || a.index - b.index;
    const order = numeric ? Number(a.key) - Number(b.key) : a.key.localeCompare(b.key);
    return (descending ? -order : order) || a.index - b.index;
  });
  body.append(...rows.map(({ row }) => row));
  [...table.tHead.rows[0].cells].forEach((head, index) => {
    if (index === column) head.setAttribute("aria-sort", descending ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
  });
  limitRows(table);
}

function limitRows(table) {
  const holder = table.closest(".board")?.parentElement ?? table.closest(".scroll").parentElement;
  const button = one(".more .all", holder);
  const rows = [...table.tBodies[0].rows].filter((row) => row.dataset.out === undefined);
  const filtered = rows.length < table.tBodies[0].rows.length; // who filters wants to see it all
  const few = filtered || rows.length <= FIRST_ROWS + 3;
  const whole = tableShown.get(table) || !button || few;
  [...table.tBodies[0].rows].forEach((row) => { row.hidden = row.dataset.out !== undefined; });
  if (!whole) rows.slice(FIRST_ROWS).forEach((row) => { row.hidden = true; });
  if (!button || table.closest("[hidden]")) return;
  button.hidden = few;
  button.textContent = whole ? `Show the first ${FIRST_ROWS}` : `Show all ${rows.length}`;
  one(".count", holder).textContent = rows.length ? `${whole ? rows.length : FIRST_ROWS} of ${table.tBodies[0].rows.length} rows` : "no codec matches these filters";
  button.onclick = () => { tableShown.set(table, !whole); limitRows(table); };
}

function wireTable(table) {
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    one(".sort", head)?.addEventListener("click", () => {
      const now = head.getAttribute("aria-sort");
      const best = head.dataset.down === "1";
      sortTable(table, column, now === null ? best : now === "ascending");
    });
  });
}

function filterTables(holder) {
  const evidence = one(".evidence", holder)?.value ?? "";
  const words = (one(".search", holder)?.value ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const meets = one(".meets", holder)?.checked ?? false;
  for (const table of all("table[data-filtered]", holder)) {
    for (const row of table.tBodies[0].rows) {
      const name = row.cells[0].dataset.sort.toLowerCase();
      const out = (evidence && row.dataset.evidence !== evidence) || (meets && row.dataset.meets === undefined) || !words.every((word) => name.includes(word));
      if (out) row.dataset.out = ""; else delete row.dataset.out;
    }
    limitRows(table);
  }
}

all("table.sortable:not(.per-clip table)").forEach((table) => { if (table.tHead.rows.length) wireTable(table); });
all("[data-condition]").forEach((holder) => {
  const menu = one(".view", holder);
  const boards = all(".board", holder);
  const show = () => {
    boards.forEach((board) => { board.hidden = menu !== null && board.dataset.view !== menu.value; });
    all("table[data-filtered]", holder).forEach(limitRows);
  };
  menu?.addEventListener("change", show);
  all(".evidence, .meets, .search", holder).forEach((input) => input.addEventListener("input", () => filterTables(holder)));
  show();
});
