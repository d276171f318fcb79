"""The journal's tables."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS fact (
    node_seq INTEGER PRIMARY KEY AUTOINCREMENT,
    type TEXT NOT NULL,
    body BLOB NOT NULL,
    written_at REAL NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS printer (
    printer_id TEXT PRIMARY KEY,
    serial TEXT NOT NULL,
    epoch INTEGER NOT NULL DEFAULT 0,
    bed_state TEXT NOT NULL,
    bed_seq INTEGER NOT NULL,
    bed_by_run TEXT,
    bed_before_clear TEXT NOT NULL,
    print_name TEXT NOT NULL DEFAULT '',
    print_task_id TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE IF NOT EXISTS note (
    printer_id TEXT NOT NULL REFERENCES printer,
    topic TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (printer_id, topic)
) STRICT;

CREATE TABLE IF NOT EXISTS claim (
    printer_id TEXT PRIMARY KEY REFERENCES printer,
    claim_id TEXT NOT NULL,
    asked_boot TEXT NOT NULL,
    asked_at REAL NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS run (
    run_id TEXT PRIMARY KEY,
    printer_id TEXT NOT NULL REFERENCES printer,
    sid INTEGER NOT NULL UNIQUE,
    state TEXT NOT NULL,
    run_seq INTEGER NOT NULL,
    percent INTEGER NOT NULL DEFAULT -1,
    was_started INTEGER NOT NULL DEFAULT 0,
    offer TEXT NOT NULL,
    asked_boot TEXT NOT NULL,
    asked_at REAL NOT NULL,
    preimage TEXT,
    intent_boot TEXT,
    intent_at REAL
) STRICT;
CREATE INDEX IF NOT EXISTS ix_run_printer ON run (printer_id, state);

CREATE TABLE IF NOT EXISTS latched (
    id INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL REFERENCES run,
    code TEXT NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    advice TEXT,
    UNIQUE (run_id, code)
) STRICT;

CREATE TABLE IF NOT EXISTS command (
    position INTEGER PRIMARY KEY,
    command_id TEXT NOT NULL UNIQUE,
    printer_id TEXT NOT NULL,
    body TEXT NOT NULL,
    answer TEXT
) STRICT;

CREATE TABLE IF NOT EXISTS tombstone (
    run_id TEXT PRIMARY KEY,
    command_id TEXT NOT NULL REFERENCES command (command_id)
) STRICT;

CREATE TABLE IF NOT EXISTS sd_file (
    printer_id TEXT NOT NULL REFERENCES printer,
    name TEXT NOT NULL,
    run_id TEXT NOT NULL,
    PRIMARY KEY (printer_id, name)
) STRICT;
"""
