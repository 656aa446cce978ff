/* The slider of a CapFilt report: what another threshold would keep. */
(function () {
  "use strict";
  var box = document.getElementById("threshold");
  if (!box) { return; }
  var counts = JSON.parse(box.querySelector("script").textContent);
  var slider = document.getElementById("slider");
  var moved = false;
  function step(source) {
    return moved ? Number(slider.value) : Math.round(counts.steps * Number(box.dataset[source]));
  }
  function tell(name, at) {
    var of = counts[name][0], kept = counts[name][at];
    document.getElementById("kept-" + name).textContent = kept.toLocaleString("en");
    document.getElementById("share-" + name).textContent =
      of === 0 ? "" : (100 * kept / of).toFixed(1) + " %";
  }
  function show() {
    var at = Number(slider.value), threshold = at / counts.steps;
    document.getElementById("at").textContent = threshold.toFixed(3).replace(/0$/, "");
    tell("web", step("web"));
    tell("synthetic", step("synthetic"));
    tell("images", at);
    if (!moved) { return; }
    document.getElementById("command").textContent =
      "tools/blip capfilt rethreshold --from OUT --threshold " + threshold + " --out OUT2";
    document.querySelectorAll("[data-score]").forEach(function (mark) {
      var kept = Number(mark.dataset.score) >= threshold;
      mark.textContent = kept ? "kept" : "dropped";
      mark.className = "mark " + (kept ? "kept" : "out");
      mark.parentNode.nextElementSibling.className = kept ? "" : "dropped";
    });
  }
  slider.addEventListener("input", function () { moved = true; show(); });
  show();
})();
