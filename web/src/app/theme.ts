import { createTheme, defaultVariantColorsResolver, type CSSVariablesResolver } from "@mantine/core";
import { TONES, type Tone } from "@/lib/tones";

/** Own tones: the stock palette fails AA on half of what this app shows. */
export const theme = createTheme({
  colors: TONES,
  primaryColor: "accent",
  primaryShade: 7,
  defaultRadius: "md",
  respectReducedMotion: true,
  cursorType: "pointer",
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif",
  fontSizes: { xs: "0.75rem", sm: "0.875rem", md: "1rem", lg: "1.125rem", xl: "1.375rem" },
  lineHeights: { xs: "1.5", sm: "1.5", md: "1.5", lg: "1.5", xl: "1.5" },
  spacing: { xs: "0.25rem", sm: "0.5rem", md: "0.75rem", lg: "1rem", xl: "1.5rem" },
  radius: { xs: "2px", sm: "4px", md: "8px", lg: "12px", xl: "16px" },
  headings: {
    fontWeight: "600",
    sizes: {
      h1: { fontSize: "1.75rem", lineHeight: "1.25" },
      h2: { fontSize: "1.375rem", lineHeight: "1.25" },
      h3: { fontSize: "1.125rem", lineHeight: "1.25" },
    },
  },
  variantColorResolver: (input) => {
    const colors = defaultVariantColorsResolver(input);
    if (input.variant === "filled" && input.color === "warn") {
      return { ...colors, background: "#f9a82f", hover: "#ffbf5c", color: "#2b1a00", border: "1px solid transparent" };
    }
    return colors;
  },
});

const TONE_NAMES = Object.keys(TONES) as Tone[];

function tonesFor(scheme: "light" | "dark"): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const tone of TONE_NAMES) {
    const shades = TONES[tone];
    const name = `--mantine-color-${tone}`;
    if (scheme === "light") {
      variables[`${name}-light`] = shades[1];
      variables[`${name}-light-hover`] = shades[2];
      variables[`${name}-light-color`] = shades[9];
      variables[`${name}-outline`] = shades[7];
      variables[`${name}-outline-hover`] = shades[0];
      variables[`${name}-text`] = shades[7];
    } else {
      variables[`${name}-light`] = `color-mix(in srgb, ${shades[6]} 34%, #1a1b1e)`;
      variables[`${name}-light-hover`] = `color-mix(in srgb, ${shades[6]} 44%, #1a1b1e)`;
      variables[`${name}-light-color`] = shades[1];
      variables[`${name}-outline`] = shades[3];
      variables[`${name}-outline-hover`] = `color-mix(in srgb, ${shades[6]} 20%, #1a1b1e)`;
      variables[`${name}-text`] = shades[3];
    }
  }
  return variables;
}

export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    ...tonesFor("light"),
    "--mantine-color-body": "#ffffff",
    "--mantine-color-text": "#1b1e22",
    "--mantine-color-dimmed": "#565d66",
    "--mantine-color-placeholder": "#6b727b",
    "--mantine-color-error": "#b82222",
    "--mantine-color-anchor": "#3145ad",
    "--mantine-color-default-border": "#868e96",
  },
  dark: {
    ...tonesFor("dark"),
    "--mantine-color-body": "#1a1b1e",
    "--mantine-color-text": "#e4e6e9",
    "--mantine-color-dimmed": "#a9adb3",
    "--mantine-color-placeholder": "#9aa0a7",
    "--mantine-color-error": "#ff8f8f",
    "--mantine-color-anchor": "#94a5fd",
    "--mantine-color-default": "#2e2e2e",
    "--mantine-color-default-hover": "#383838",
    "--mantine-color-default-border": "#7a8089",
  },
});
