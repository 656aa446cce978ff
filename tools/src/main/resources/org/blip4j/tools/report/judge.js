/* The page on which a person judges pairs: counts, keys, and the table with the answers. */
(function () {
  "use strict";
  var table = document.getElementById("table");
  if (!table) { return; }
  var lines = JSON.parse(table.textContent);
  var cards = Array.prototype.slice.call(document.querySelectorAll(".judge .card"));
  function answer(i) {
    var chosen = cards[i].querySelector("input:checked");
    return chosen ? chosen.value : "";
  }
  function count() {
    document.getElementById("judged").textContent = cards.filter(function (card, i) { return answer(i); }).length;
  }
  document.addEventListener("change", count);
  document.addEventListener("keydown", function (event) {
    var value = { y: "yes", n: "no", "?": "?" }[event.key];
    var next = cards.findIndex(function (card, i) { return !answer(i); });
    if (!value || next < 0) { return; }
    cards[next].querySelector("input[value='" + value + "']").checked = true;
    count();
    if (next + 1 < cards.length) { cards[next + 1].scrollIntoView({ block: "center" }); }
  });
  document.getElementById("save").addEventListener("click", function () {
    var csv = [table.dataset.header].concat(lines.map(function (line, i) { return line + answer(i); })).join("\n") + "\n";
    var link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([csv], { type: "text/csv" }));
    link.download = table.dataset.name;
    link.click();
    setTimeout(function () { URL.revokeObjectURL(link.href); }, 1000);
  });
})();
