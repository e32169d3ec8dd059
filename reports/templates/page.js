// Brings the figures with knobs to life: draws each from the specification in the page and lets its controls turn it.
"use strict";
for (const figure of document.querySelectorAll("figure.chart[data-key]")) {
  const spec = JSON.parse(figure.querySelector("script[type='application/json']").textContent);
  const live = figure.querySelector(".live");
  live.hidden = false;
  vegaEmbed(live.querySelector(".drawing"), spec, { actions: false, renderer: "svg", tooltip: false }).then(({ view }) => {
    figure.view = view;
    figure.querySelector(".stills").hidden = true;
    for (const knob of live.querySelectorAll("[data-settings]")) {
      const settings = JSON.parse(knob.dataset.settings);
      const output = knob.parentElement.querySelector("output");
      const turn = () => {
        const setting = settings[Number(knob.value)];
        if (output) output.textContent = setting;
        if (knob.type === "range") knob.setAttribute("aria-valuetext", setting);
        view.signal(knob.name, Number(knob.value)).run();
      };
      knob.addEventListener("input", turn);
      turn();
    }
  });
}
