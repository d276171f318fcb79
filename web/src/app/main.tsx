import "@/app/styles";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "@/app/app";
import { firstLang, loadCatalogue } from "@/lib/i18n/context";

const lang = firstLang();

void loadCatalogue(lang).then((catalogue) => {
  const root = document.getElementById("root");
  if (root === null) return;
  createRoot(root).render(
    <StrictMode>
      <App lang={lang} catalogue={catalogue} />
    </StrictMode>,
  );
});
