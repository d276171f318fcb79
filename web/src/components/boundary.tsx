import { Component, type ReactNode } from "react";

/** Keeps a crash in its own corner; shows `fallback` with a way to try again. */
export class Boundary extends Component<
  { fallback: (retry: () => void) => ReactNode; children: ReactNode },
  { hasFailed: boolean }
> {
  override state = { hasFailed: false };

  static getDerivedStateFromError(): { hasFailed: boolean } {
    return { hasFailed: true };
  }

  override render(): ReactNode {
    if (!this.state.hasFailed) return this.props.children;
    return this.props.fallback(() => this.setState({ hasFailed: false }));
  }
}
