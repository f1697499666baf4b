"""NOTIFY: telling people: what is due by the policies, the ledger of it, the channels that carry it."""
