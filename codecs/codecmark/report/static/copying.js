// Every table as CSV or Markdown, in the order and with the rows that the reader chose.
function cellText(cell) {
  const copy = cell.cloneNode(true);
  all("details, button:not(.sort), .pill.clear", copy).forEach((part) => { if (!part.matches("td .pill")) part.remove(); });
  return copy.textContent.replace(/\s+/g, " ").replace(/\u2212/g, "-").trim();
}
function tableText(table) {
  const rows = [...table.rows].filter((row) => row.dataset.out === undefined);
  return rows.map((row) => [...row.cells].map((cell) => (cell.tagName === "TD" && one(".pill", cell) ? cell.textContent.trim() : cellText(cell))));
}
function asCsv(rows) {
  const field = (text) => {
    // what a spreadsheet would run as a formula stays text
    const safe = /^[=+@\t-]/.test(text) && !/^[+-]?[\d.,]+( |$)/.test(text) && text !== "-" ? `'${text}` : text;
    return /[",\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
  };
  return `${rows.map((row) => row.map(field).join(",")).join("\r\n")}\r\n`;
}
function asMarkdown(rows) {
  const escaped = (text) => text.replace(/[&<>|]/g, (letter) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "\\|" })[letter]);
  const lines = rows.map((row) => `| ${row.map(escaped).join(" | ")} |`);
  lines.splice(1, 0, `| ${rows[0].map((_, index) => (index ? "---:" : "---")).join(" | ")} |`);
  return `${lines.join("\n")}\n`;
}
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // a page from a file may not, in some browsers
    const area = element("textarea", { value: text, className: "skip" });
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (!done) throw new Error("this browser does not let a page copy");
  }
}
function copyButton(table, name, write) {
  const button = element("button", { type: "button", textContent: `Copy ${name}` });
  button.addEventListener("click", async () => {
    try {
      await copyText(write(tableText(table)));
      button.textContent = "Copied";
    } catch (error) { button.textContent = error.message; }
    setTimeout(() => { button.textContent = `Copy ${name}`; }, 2000);
  });
  return button;
}
all("main table").forEach((table) => {
  const tools = element("p", { className: "tools copying" }, copyButton(table, "CSV", asCsv), " ", copyButton(table, "Markdown", asMarkdown));
  (table.closest(".scroll") ?? table).after(tools);
});
