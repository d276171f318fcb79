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
    summary: (scope: string, span: Span = {}) => ["jobs", "summary", scope, span] as const,
    events: (id: string) => ["jobs", "events", id] as const,
    comments: (id: string) => ["jobs", "comments", id] as const,
  },
  attention: {
    all: ["attention"] as const,
    list: ["attention", "list"] as const,
    job: (id: string) => ["attention", "job", id] as const,
  },
  letters: ["letters"] as const,
  printers: {
    all: ["printers"] as const,
    list: ["printers", "list"] as const,
  },
  queues: ["queues"] as const,
  queueOrder: (name: string) => ["queues", name] as const,
  quotas: ["quotas"] as const,
  myQuota: ["quotas", "mine"] as const,
  allQuotas: ["quotas", "all"] as const,
  shop: ["shop"] as const,
  notices: {
    mine: ["notices", "mine"] as const,
    following: (jobId: string) => ["notices", "following", jobId] as const,
    targets: ["notices", "targets"] as const,
    deliveries: (id: string) => ["notices", "deliveries", id] as const,
  },
  artifacts: {
    all: ["artifacts"] as const,
    detail: (id: string) => ["artifacts", id] as const,
  },
  commands: {
    all: ["commands"] as const,
    detail: (id: string) => ["commands", id] as const,
  },
};

/** From when until when; what is left out is open. */
export interface Span {
  ended_since?: string;
  ended_until?: string;
}

export interface JobFilter extends Span {
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
