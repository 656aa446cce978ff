/* Draws the diagrams of the page with uPlot, in the colours of its style sheet. */
(function () {
  "use strict";
  var plots = [];
  function color(name) {
    return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  }
  /* The library rounds to three decimals, in which learning rates are 0. */
  function short(value) {
    var size = Math.abs(value);
    return size !== 0 && (size < 0.001 || size >= 1e6)
      ? value.toExponential(1).replace(".0e", "e")
      : String(Number(value.toPrecision(4)));
  }
  function axis(label, size) {
    return {
      values: function (plot, places) { return places.map(short); },
      label: label, labelSize: 18, size: size, gap: 3, font: "11px system-ui", labelFont: "11px system-ui",
      stroke: color("soft"), grid: { stroke: color("line"), width: 1 }, ticks: { show: false }
    };
  }
  function draw(figure) {
    var chart = JSON.parse(figure.querySelector("script").textContent);
    var place = figure.querySelector(".plot");
    var series = [{ label: chart.across }];
    chart.series.forEach(function (one) {
      var own = color(one.color);
      series.push({ stroke: own, width: 1, alpha: 0.3, spanGaps: true, points: { show: false } });
      series.push({ stroke: own, width: 2, spanGaps: true, points: { show: false } });
    });
    place.textContent = "";
    return new uPlot({
      width: place.clientWidth, height: 220, series: series, legend: { show: false },
      cursor: { show: true, points: { show: false }, drag: { x: false, y: false } },
      scales: { x: { time: false } },
      axes: [axis(chart.across, 30), axis(chart.up, 42)],
      hooks: {
        draw: [function (plot) {
          if (typeof chart.baseline !== "number") { return; }
          var y = plot.valToPos(chart.baseline, "y", true);
          plot.ctx.save();
          plot.ctx.strokeStyle = color("soft");
          plot.ctx.setLineDash([4, 5]);
          plot.ctx.beginPath();
          plot.ctx.moveTo(plot.bbox.left, y);
          plot.ctx.lineTo(plot.bbox.left + plot.bbox.width, y);
          plot.ctx.stroke();
          plot.ctx.restore();
        }]
      }
    }, chart.data, place);
  }
  function all() {
    plots.forEach(function (plot) { plot.destroy(); });
    plots = Array.prototype.map.call(document.querySelectorAll("figure"), draw);
  }
  all();
  window.addEventListener("resize", all);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", all);
})();
