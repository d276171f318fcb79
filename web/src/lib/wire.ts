import type { components } from "@/generated/api";

/** Short names for the generated wire types. */
type Schemas = components["schemas"];

export type Artifact = Schemas["Artifact"];
export type Command = Schemas["Command"];
export type Fact = Schemas["FeedFact"];
export type Hello = Schemas["FeedHello"];
export type Filament = Schemas["NeededFilament"];
export type JobCost = Schemas["JobCost"];
export type JobReview = Schemas["JobReview"];
export type Finding = Schemas["Finding"];
export type PrinterFit = Schemas["PrinterFit"];
export type FilamentFeed = Schemas["FilamentFeed"];
export type ShopSettings = Schemas["ShopSettings"];
export type Spending = Schemas["Spending"];
export type WaitReason = Schemas["WaitReason"];
export type Job = Schemas["Job"];
export type JobAction = Job["allowed_actions"][number];
export type JobEvent = Schemas["JobEvent"];
export type JobPage = Schemas["JobPage"];
export type JobStatus = Job["status"];
export type Me = Schemas["Me"];
export type Plate = Schemas["PlateSummary"];
export type Printer = Schemas["Printer"];
export type Problem = Schemas["Problem"];
export type Provider = Schemas["Provider"];
export type Queue = Schemas["Queue"];
export type Resolution = Schemas["Resolution"];
export type RunState = Schemas["RunState"];
export type Submission = Schemas["Submission"];
export type Telemetry = Schemas["PrinterTelemetry"];
export type Upload = Schemas["Upload"];
