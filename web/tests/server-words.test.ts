import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { de as plain } from "@/lib/i18n/de";
import { server } from "@/lib/i18n/de-server";
import { en } from "@/lib/i18n/en";
import {
  bedReason, eventWords, evidenceText, jobAdvice, jobReason, messageWords, printerDetail, refusalWords, refusedWords,
} from "@/lib/server-words";
import { aJob, anArtifact, aPrinter } from "./builders";

const de = { ...plain, server };
const FULL = { code: "partly_on_printer", params: { arrived: "3", size: "9" } };

/** The sentences of contracts/sentences.py: their codes, and the names of their values. */
function sentences(): Map<string, string[]> {
  const source = readFileSync("../contracts/sentences.py", "utf8");
  const body = source.slice(source.indexOf("class Sentence("), source.indexOf("@property"));
  const found = body.split(/\n {4}(?=[A-Z_]+ = )/).slice(1);
  return new Map(
    found.map((text) => [
      /^[A-Z_]+/.exec(text)?.[0].toLowerCase() ?? "",
      [...new Set(Array.from(text.matchAll(/\{(\w+)\}/g), ([, name]) => name ?? ""))],
    ]),
  );
}

describe("what nodes and services say", () => {
  it("has German words for every sentence, and none that nobody says", () => {
    expect(sentences().size).toBeGreaterThan(70);
    expect(Object.keys(server.sentences).sort()).toEqual([...sentences().keys()].sort());
  });

  it("names no value that the sentence does not have", () => {
    for (const [code, names] of sentences()) {
      const used = Array.from((server.sentences[code] ?? "").matchAll(/\{(\w+)\}/g), ([, name]) => name);
      expect(names, code).toEqual(expect.arrayContaining(used));
    }
  });

  it("is said in German with its values, and in English as it came", () => {
    const job = aJob({ status: "attention", reason: "The printer has 3 of 9 bytes.", said: FULL });
    expect(jobReason(de, job)).toBe("Auf dem Drucker sind 3 von 9 Bytes.");
    expect(jobReason(en, job)).toBe("The printer has 3 of 9 bytes.");
    const bed = { ...aPrinter().bed, reason: "The printer is printing.", said: { code: "printing", params: {} } };
    expect(bedReason(de, bed)).toBe("Der Drucker druckt.");
    expect(bedReason(de, { ...bed, said: null })).toBe("The printer is printing.");
  });

  it("stays in the server's words when this build does not know the code", () => {
    const job = aJob({ reason: "Words of next year.", said: { code: "of_next_year", params: {} } });
    expect(jobReason(de, job)).toBe("Words of next year.");
    expect(jobReason(de, aJob({ reason: "the lamp looks odd" }))).toBe("the lamp looks odd");
  });

  it("names both models of a file for another printer", () => {
    const said = { code: "file_for_other_model", params: { plate: "1", needs: "A1 mini", here: "P1S" } };
    const words = refusalWords(de, anArtifact({ refusal_code: "wrong_model", refusal: "English.", said }));
    expect(words).toContain("A1 mini");
    expect(words).toContain("P1S");
  });

  it("says why a run was given back and why a wish was refused", () => {
    const given = { type: "run.released", body: { reason: "EPIPE", code: "printer_lost" }, said: null };
    expect(eventWords(de, given)).toBe("Die Verbindung zum Drucker riss ab.");
    expect(eventWords(en, given)).toBe("EPIPE");
    const command = {
      id: "c", kind: "light" as const, printer_id: "p", run_id: null, issued_at: "", expires_at: null, answered_at: null,
      answer: "refused" as const, answer_reason: "The run is done.", said: { code: "run_is", params: { state: "done" } },
    };
    expect(refusedWords(de, command)).toMatch(/Durchlauf/);
    expect(refusedWords(en, command)).toBe("The run is done.");
  });

  it("leaves what a person wrote as it is", () => {
    expect(eventWords(de, { body: { comment: "Walls too thin." }, said: null })).toBe("Walls too thin.");
    expect(eventWords(de, { body: { percent: 3 }, said: null })).toBeNull();
  });
});

describe("what the printer says", () => {
  const codes = JSON.parse(readFileSync("tests/printer-codes.json", "utf8")) as Record<string, boolean>;

  it("has German words for every code that the node knows, and advice where the node has some", () => {
    expect(Object.keys(codes).length).toBeGreaterThan(400);
    const lacking = Object.entries(codes).filter(([code, hasAdvice]) => {
      const said = server.machine(code);
      return said === null || said[0].includes(code) || (said[1] !== undefined) !== hasAdvice;
    });
    expect(lacking).toEqual([]);
    for (const code of Object.keys(codes)) expect(server.machine(code)?.join(" ")).not.toMatch(/[{}]|undefined/);
  });

  it("names unit and slot of an AMS, which stand in the number", () => {
    expect(server.machine("0701-8011")?.[0]).toBe("AMS B: Das Filament ist zu Ende.");
    expect(server.machine("0700-2100-0002-0001")?.[0]).toBe("AMS A, Fach 2: Das Filament ist zu Ende.");
    expect(server.machine("07FF-8010")?.[0]).toMatch(/^Die externe Spule/);
  });

  it("tells where to look a code up that nobody knows", () => {
    expect(server.machine("0300-4FFF")?.[1]).toContain("0300-4FFF");
    expect(server.machine("0300-FF00-0001-0001")?.[1]).toContain("HMS_0300_FF00_0001_0001");
    expect(server.machine("printer_lost")).toBeNull();
  });

  it("is said by the code wherever it stands", () => {
    const code = "0300-8004";
    const job = aJob({ status: "failed", reason: "The filament has run out.", code, advice: "Load filament." });
    expect(jobReason(de, job)).toBe("Das Filament ist zu Ende.");
    expect(jobAdvice(de, job)).toMatch(/^Lege am Drucker Filament ein/);
    expect(jobAdvice(en, job)).toBe("Load filament.");
    expect(printerDetail(de, { detail: "The filament has run out.", said: null, code })).toBe("Das Filament ist zu Ende.");
    const message = { code, text: "The filament has run out.", advice: null, is_error: true };
    expect(messageWords(de, message).text).toBe("Das Filament ist zu Ende.");
    expect(messageWords(en, message)).toBe(message);
    const failed = { body: { reason: "The filament has run out.", code, advice: "Load filament." }, said: null };
    expect(eventWords(de, failed)).toBe(
      "Das Filament ist zu Ende. Lege am Drucker Filament ein und setze dann fort.",
    );
    const known = {
      at: "", kind: "changed" as const, witness: "printer" as const, activity: null, print_name: null, file_name: null,
      percent: null, code, text: "The filament has run out.", said: null, outcome: null, by: null,
    };
    expect(evidenceText(de, known)).toBe("Das Filament ist zu Ende.");
  });
});
