// Every plot as an SVG or a PNG file. Colours are the page's; what it made itself is all it loads.
function standalone(svg) {
  const copy = svg.cloneNode(true);
  const style = getComputedStyle(document.documentElement);
  const colour = (text) => text.replace(/var\((--[\w-]+)\)/g, (_, name) => style.getPropertyValue(name).trim());
  const [, , width, height] = svg.getAttribute("viewBox").split(/\s+/).map(Number);
  for (const part of [copy, ...all("*", copy)]) {
    for (const name of ["fill", "stroke"]) if (part.hasAttribute(name)) part.setAttribute(name, colour(part.getAttribute(name)));
    const tip = part.dataset?.tip;
    if (tip) {
      const title = document.createElementNS("http://www.w3.org/2000/svg", "title");
      title.textContent = tip;
      part.prepend(title);
    }
    for (const name of ["class", "data-tip", "data-only", "tabindex"]) part.removeAttribute(name);
  }
  copy.setAttribute("width", width);
  copy.setAttribute("height", height);
  copy.setAttribute("font-family", "system-ui, sans-serif");
  const paper = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  for (const [name, value] of Object.entries({ width: "100%", height: "100%", fill: style.getPropertyValue("--raised").trim() })) paper.setAttribute(name, value);
  copy.prepend(paper);
  return { blob: new Blob([new XMLSerializer().serializeToString(copy)], { type: "image/svg+xml" }), width, height };
}
async function asPng({ blob, width, height }, scale = 3) {
  const url = URL.createObjectURL(blob);
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = element("canvas", { width: width * scale, height: height * scale });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve) => { canvas.toBlob(resolve, "image/png"); });
  } finally { URL.revokeObjectURL(url); }
}
function download(blob, name) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
all(".chart .tools").forEach((tools) => {
  const svg = one("svg", tools.parentElement);
  const file = (ending) => `${tools.dataset.name}.${ending}`;
  const button = (name, save) => {
    const made = element("button", { type: "button", textContent: name, ariaLabel: `Save the plot as ${name}` });
    made.addEventListener("click", save);
    return made;
  };
  tools.append(
    button("SVG", () => download(standalone(svg).blob, file("svg"))), " ",
    button("PNG", async () => download(await asPng(standalone(svg)), file("png"))),
  );
});
