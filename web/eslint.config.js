import js from "@eslint/js";
import hooks from "eslint-plugin-react-hooks";
import { readdirSync } from "node:fs";
import tseslint from "typescript-eslint";

const features = readdirSync("src/features");

/** A feature knows the shared layers and itself; pages in app/ join features. */
const arrows = features.map((feature) => ({
  files: [`src/features/${feature}/**/*.{ts,tsx}`],
  rules: {
    "no-restricted-imports": [
      "error",
      {
        patterns: [
          {
            group: ["@/app/*", ...features.filter((f) => f !== feature).map((f) => `@/features/${f}/*`)],
            message: "Features import neither other features nor the app.",
          },
          { group: ["../../*"], message: "Use @/ for what lies outside of this feature." },
        ],
      },
    ],
  },
}));

const shared = {
  files: ["src/components/**/*.{ts,tsx}", "src/lib/**/*.{ts,tsx}"],
  rules: {
    "no-restricted-imports": [
      "error",
      { patterns: [{ group: ["@/app/*", "@/features/*"], message: "Shared layers import nothing above." }] },
    ],
  },
};

const pure = {
  files: ["src/lib/**/*.{ts,tsx}"],
  rules: {
    "no-restricted-imports": [
      "error",
      {
        patterns: [
          { group: ["@/app/*", "@/features/*", "@/components/*"], message: "lib imports only lib." },
        ],
      },
    ],
  },
};

const STOCK = "blue|red|green|yellow|orange|teal|gray|grey|cyan|pink|grape|violet|indigo|lime|dark";

export default tseslint.config(
  { ignores: ["dist", "node_modules", "src/generated"] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { project: ["./tsconfig.json", "./tsconfig.node.json"], tsconfigRootDir: import.meta.dirname },
    },
    plugins: { "react-hooks": hooks },
    rules: {
      ...hooks.configs.recommended.rules,
      complexity: ["error", 12],
      "max-lines": ["error", 250],
      "no-restricted-syntax": [
        "error",
        {
          selector: "JSXText[value=/[A-Za-z]{2,}/]",
          message: "Words live in the catalogues (src/lib/i18n).",
        },
        {
          selector: `JSXAttribute[name.name=/^(c|color|bg)$/] > Literal[value=/^(${STOCK})/]`,
          message: "Stock colours fail contrast: use accent, good, warn, bad, ask or quiet.",
        },
        {
          selector: "JSXAttribute[name.name=/^(aria-label|placeholder|title|label|alt)$/] > Literal[value=/[A-Za-z]{3,}/]",
          message: "Words live in the catalogues (src/lib/i18n).",
        },
      ],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
    },
  },
  { files: ["src/lib/i18n/{en,de}*.ts", "dev/**", "scripts/**", "tests/**"], rules: { "max-lines": ["error", 500] } },
  { files: ["**/*.js", "**/*.mjs"], ...tseslint.configs.disableTypeChecked },
  { files: ["scripts/**", "public/**"], languageOptions: { globals: { process: "readonly", console: "readonly", window: "readonly", document: "readonly", localStorage: "readonly", matchMedia: "readonly", URL: "readonly" } } },
  shared,
  pure,
  ...arrows,
);
