// Brings the figures with knobs to life: draws each from the specification in the page and lets its controls turn it.
// Without this script a page is complete: small multiples stand where the figures would be.
"use strict";

function enliven(figure) {
  const spec = JSON.parse(figure.querySelector("script[type='application/json']").textContent);
  const live = figure.querySelector(".live"), stills = figure.querySelector(".stills");
  live.classList.add("unseen"); // its width decides that of the drawing; it is shown when it is done
  live.hidden = false;
  vegaEmbed(live.querySelector(".drawing"), spec, { actions: false, renderer: "svg", tooltip: false }).then(({ view }) => {
    view.container().querySelector("svg").setAttribute("aria-hidden", "true"); // the drawing has its words already
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
    // What is being read stays where it is when a figure above it changes its height.
    const before = figure.getBoundingClientRect();
    stills.hidden = true;
    live.classList.remove("unseen");
    if (before.top < 0) scrollBy({ top: figure.getBoundingClientRect().height - before.height, behavior: "instant" });
    figure.view = view; // last: whoever finds it finds the figure ready
  });
}

// Figures below the fold are drawn when they come near.
const near = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    near.unobserve(entry.target);
    enliven(entry.target);
  }
}, { rootMargin: "800px" });
for (const figure of document.querySelectorAll("figure.chart[data-key]")) near.observe(figure);

// A list of sections that lies over the page closes once something is chosen or Escape is pressed.
const contents = document.querySelector(".contents details");
if (contents) {
  contents.addEventListener("click", (event) => { if (event.target.closest("a")) contents.open = false; });
  contents.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    contents.open = false;
    contents.querySelector("summary").focus();
  });
}

// On paper nothing is folded.
let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("main details:not([open])")];
  for (const one of folded) one.open = true;
});
addEventListener("afterprint", () => { for (const one of folded) one.open = false; });
