// Sorts a table by the column whose header is a button that is pressed: numbers as numbers, and the other way
// round the next time.
const number = (text) => parseFloat(text.replace(/,/g, "").replace(/\u2212/g, "-"));
const compare = (one, other) => {
  const [a, b] = [number(one), number(other)];
  return isNaN(a) || isNaN(b) ? one.localeCompare(other) : a - b;
};
for (const header of document.querySelectorAll("thead th")) {
  const table = header.closest("table");
  if (table.tBodies[0].rows.length < 2 || !header.textContent.trim()) continue;
  const sort = () => {
    const at = header.cellIndex;
    const sign = header.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    const rows = [...table.tBodies[0].rows];
    rows.sort((a, b) => sign * compare(a.cells[at].innerText, b.cells[at].innerText));
    for (const other of table.querySelectorAll("th")) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
    table.tBodies[0].append(...rows);
  };
  const button = document.createElement("button");
  button.title = "Sort by this column";
  button.append(...header.childNodes);
  button.addEventListener("click", sort);
  header.append(button);
}
