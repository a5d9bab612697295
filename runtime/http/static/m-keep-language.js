// The language that is chosen on one page is that of the next: the server has the browser keep it.

import { currentLanguage, onLanguage } from "./page.js";

onLanguage(() => {
  fetch(`${location.pathname}?lang=${encodeURIComponent(currentLanguage())}`).catch(() => {
    // The next page is as this one came.
  });
});
