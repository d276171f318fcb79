/** Every query key of the app: the feed invalidates by these. */
export const keys = {
  me: ["me"] as const,
  providers: ["providers"] as const,
  account: {
    identities: ["account", "identities"] as const,
    sessions: ["account", "sessions"] as const,
    tokens: ["account", "tokens"] as const,
  },
  people: ["people"] as const,
  invitations: ["invitations"] as const,
  nodes: ["nodes"] as const,
  trail: (filter: TrailFilter) => ["trail", filter] as const,
  jobs: {
    all: ["jobs"] as const,
    lists: ["jobs", "list"] as const,
    list: (filter: JobFilter) => ["jobs", "list", filter] as const,
    details: ["jobs", "detail"] as const,
    detail: (id: string) => ["jobs", "detail", id] as const,
    reviews: ["jobs", "review"] as const,
    review: (id: string) => ["jobs", "review", id] as const,
    summaries: ["jobs", "summary"] as const,
    summary: (scope: string) => ["jobs", "summary", scope] as const,
    events: (id: string) => ["jobs", "events", id] as const,
  },
  printers: {
    all: ["printers"] as const,
    list: ["printers", "list"] as const,
  },
  queues: ["queues"] as const,
  shop: ["shop"] as const,
  artifacts: {
    all: ["artifacts"] as const,
    detail: (id: string) => ["artifacts", id] as const,
  },
  commands: {
    all: ["commands"] as const,
    detail: (id: string) => ["commands", id] as const,
  },
};

export interface JobFilter {
  scope: "mine" | "all";
  status: string;
  order: "newest" | "oldest";
  q?: string;
}

/** Which deeds are wanted: of whom, of which kind, from and until when. */
export interface TrailFilter {
  who?: string;
  what?: string;
  since?: string;
  until?: string;
}
