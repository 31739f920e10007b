"""The statements of the SQLite file. `due` of an item is when it may be run: of one that runs, when its lease ends.
`served` of a batch is when it last had its turn, or until when it waits.
"""

from __future__ import annotations

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS batches (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, "
    "client TEXT NOT NULL, created REAL NOT NULL, fixed TEXT, size INTEGER NOT NULL DEFAULT 0, "
    "served REAL NOT NULL DEFAULT 0, cancelled REAL, ended REAL, archived REAL, counts TEXT)",
    "CREATE TABLE IF NOT EXISTS items (number INTEGER NOT NULL, place INTEGER NOT NULL, custom_id TEXT NOT NULL, "
    "params BLOB, token TEXT, due REAL NOT NULL DEFAULT 0, tries INTEGER NOT NULL DEFAULT 0, outcome TEXT, body BLOB, "
    "PRIMARY KEY (number, place))",
    "CREATE INDEX IF NOT EXISTS open_items ON items (number, due) WHERE outcome IS NULL",
    "CREATE INDEX IF NOT EXISTS lists ON batches (client, number)",
)
#: Above every number.
LAST = 2**62
COLUMNS = "fixed, cancelled, ended, archived, counts"
#: A batch whose items have all arrived has its fixed part.
READY = "fixed IS NOT NULL"
MINE = "number = (SELECT number FROM batches WHERE id = ?) AND place = ? AND token = ?"

ADD = "INSERT INTO batches (id, client, created) VALUES (?, ?, ?)"
ADD_ITEM = "INSERT INTO items (number, place, custom_id, params) VALUES (?, ?, ?, ?)"
SIZE_OF = "SELECT coalesce(sum(length(params)), 0) FROM items WHERE number = ?"
OPEN = "UPDATE batches SET fixed = ?, size = ? WHERE number = ?"
NUMBER = "SELECT number FROM batches WHERE id = ?"
FIND = f"SELECT {COLUMNS} FROM batches WHERE client = ? AND id = ? AND {READY}"
PLACE = f"SELECT number FROM batches WHERE client = ? AND id = ? AND {READY}"
AFTER = f"SELECT {COLUMNS} FROM batches WHERE client = ? AND number < ? AND {READY} ORDER BY number DESC LIMIT ?"
BEFORE = f"SELECT {COLUMNS} FROM batches WHERE client = ? AND number > ? AND {READY} ORDER BY number LIMIT ?"
CANCEL = "UPDATE batches SET cancelled = ? WHERE id = ? AND cancelled IS NULL AND ended IS NULL"
RESULTS = (
    "SELECT place, custom_id, outcome, body FROM items WHERE number = (SELECT number FROM batches WHERE id = ?) "
    "AND place > ? AND outcome IS NOT NULL ORDER BY place LIMIT ?"
)
SIZE = "SELECT coalesce(sum(size), 0) FROM batches WHERE archived IS NULL"

DUE = (
    f"SELECT number, {COLUMNS} FROM batches WHERE {READY} AND ended IS NULL AND cancelled IS NULL AND created > :born "
    "AND served <= :now AND EXISTS (SELECT 1 FROM items WHERE items.number = batches.number AND outcome IS NULL "
    "AND due <= :now) ORDER BY served, number LIMIT 1"
)
SERVE = "UPDATE batches SET served = :now WHERE number = :number"
#: Items are written in the order of their places. By `rowid` the index has them sorted; by `place` every claim would
#: sort all that wait.
CLAIM = (
    "UPDATE items SET token = :token, due = :until, tries = tries + 1 WHERE rowid = (SELECT rowid FROM items "
    "WHERE number = :number AND outcome IS NULL AND due <= :now ORDER BY due, rowid LIMIT 1) "
    "RETURNING place, custom_id, params, tries"
)
RENEW = f"UPDATE items SET due = ? WHERE {MINE} AND outcome IS NULL"
FINISH = f"UPDATE items SET outcome = ?, body = ?, params = NULL, token = NULL WHERE {MINE} AND outcome IS NULL"
GIVE_BACK = f"UPDATE items SET due = ?, tries = tries - ?, token = NULL WHERE {MINE} AND outcome IS NULL"
HOLD = "UPDATE batches SET served = max(served, ?) WHERE id = ?"

STALE = (
    f"SELECT 1 FROM batches WHERE ({READY} AND ended IS NULL AND (cancelled IS NOT NULL OR created <= :born)) "
    "OR (ended IS NOT NULL AND archived IS NULL AND created <= :kept) OR (fixed IS NULL AND created <= :born) LIMIT 1"
)
OVER = (
    f"SELECT number, id, cancelled FROM batches WHERE {READY} AND ended IS NULL "
    "AND (cancelled IS NOT NULL OR created <= ?)"
)
GIVE_UP = (
    "UPDATE items SET outcome = ?, params = NULL, token = NULL WHERE number = ? AND outcome IS NULL "
    "AND (token IS NULL OR due <= ?)"
)
OLD = "SELECT number, id FROM batches WHERE ended IS NOT NULL AND archived IS NULL AND created <= ?"
ARCHIVE = "UPDATE batches SET archived = ? WHERE number = ?"
UNFINISHED = "SELECT id FROM batches WHERE fixed IS NULL AND created <= ?"
LEFT = "SELECT 1 FROM items WHERE number = ? AND outcome IS NULL LIMIT 1"
COUNTS = "SELECT outcome, count(*) FROM items WHERE number = ? GROUP BY outcome"
END = "UPDATE batches SET ended = ?, counts = ? WHERE number = ?"
FORGET = "DELETE FROM batches WHERE number = ?"
FORGET_ITEMS = "DELETE FROM items WHERE number = ?"
